"""Geometric paths: where they go, how smooth they are, and what is refused."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline, make_interp_spline

from cellctl.errors import UsageError
from cellctl.motion.paths import Path, arc, polyline, spline


def waypoints(seed, n=10, dof=6):
    return np.random.default_rng(seed).uniform(-2, 2, (n, dof))


def chords(points):
    return np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])


@pytest.mark.parametrize("n", [2, 3, 4, 10, 40])
def test_a_cubic_is_the_natural_spline(n):
    points = waypoints(n, n)
    path, peer = spline(points), CubicSpline(chords(points), points, bc_type="natural")
    s = np.linspace(0, path.length, 301)
    for order, made in enumerate(path.at(s, 3)[:3]):
        assert np.allclose(made, peer(s, order), atol=1e-12)
    middle = 0.5 * (path.breaks[1:] + path.breaks[:-1])
    assert np.allclose(path.at(middle, 3)[3], peer(middle, 3), atol=1e-11)
    assert len(path.bends) == len(path.corners) == 0


@pytest.mark.parametrize("n", [6, 10, 40])
def test_a_quintic_is_the_natural_spline(n):
    points = waypoints(n, n)
    free = np.zeros(points.shape[1])
    ends = [(3, free), (4, free)]
    path, peer = spline(points, degree=5), make_interp_spline(chords(points), points, k=5, bc_type=(ends, ends))
    s = np.linspace(0, path.length, 301)
    for order, made in enumerate(path.at(s, 3)):
        assert np.allclose(made, peer(s, order), atol=1e-9)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_a_quintic_through_few_points(n):
    points = waypoints(n, n)
    path = spline(points, degree=5)
    assert np.allclose(path.at(path.breaks)[0], points, atol=1e-12)
    assert np.allclose(path.at(path.breaks[[0, -1]], 3)[3], 0, atol=1e-11)


def test_knots_may_be_told():
    points = waypoints(1, 4)
    knots = np.array([1.0, 2.0, 4.0, 5.0])
    path = spline(points, knots)
    knots[:] = 0  # it keeps its own
    assert np.allclose(path.at([1, 2, 4, 5])[0], points, atol=1e-14)
    assert path.length == 4


@pytest.mark.parametrize(
    "make", [spline, lambda p: spline(p, degree=5), polyline, lambda p: polyline(p, deviation=0.1)]
)
def test_repeated_waypoints_are_one(make):
    points = waypoints(2, 5)
    repeated = np.repeat(points, [3, 1, 2, 1, 4], axis=0) + np.linspace(0, 1e-13, 11)[:, None]
    one, other = make(points), make(repeated)
    assert len(one.breaks) == len(other.breaks)
    s = np.linspace(0, one.length, 100)
    assert np.allclose(one.at(s)[0], other.at(s)[0], atol=1e-11)


def test_the_last_waypoint_is_reached_even_if_it_nearly_repeats():
    points = np.array([[0.0, 0], [1, 0], [1 + 1e-11, 0]])
    assert spline(points).at(9)[0][0] == 1 + 1e-11


def test_corners_are_rounded_by_the_deviation():
    points, deviation = waypoints(3), 0.05
    path = polyline(points, deviation=deviation)
    s = np.linspace(0, path.length, 200_001)
    made = path.at(s)[0]
    away = [np.linalg.norm(made - point, axis=1).min() for point in points[1:-1]]
    assert np.allclose(away, deviation, rtol=1e-6)
    assert len(path.bends) == len(path.corners) == 0
    assert np.allclose(made[[0, -1]], points[[0, -1]], atol=1e-12)
    slopes = np.linalg.norm(path.at(s, 1)[1], axis=1)
    assert slopes.max() == pytest.approx(1)


def test_a_corner_without_room_is_rounded_by_half_of_its_lines():
    path = polyline([[0.0, 0], [1, 0], [1, 1], [0, 1]], deviation=10.0)
    assert len(path.bends) == len(path.corners) == 0
    s = np.linspace(0, path.length, 1001)
    assert np.abs(path.at(s)[0] - 0.5).max() <= 0.5 + 1e-12


def test_corners_stay_without_a_deviation_and_straight_lines_have_none():
    path = polyline([[0.0, 0], [1, 0], [2, 0], [2, 1], [2, -1]])
    assert np.allclose(path.corners, [2, 3])
    assert len(polyline([[0.0, 0], [1, 0], [2, 0]], deviation=0.1).corners) == 0


def test_an_arc_is_a_circle():
    rng = np.random.default_rng(4)
    for _ in range(20):
        u, w = np.linalg.qr(rng.normal(size=(6, 2)))[0].T
        center, radius = rng.uniform(-1, 1, 6), rng.uniform(0.1, 3)
        last = rng.uniform(0.3, 6.2) * rng.choice([-1, 1])
        angles = np.array([0, last * rng.uniform(0.1, 0.9), last])

        def at(angle):
            turn = np.atleast_1d(angle)[:, None]
            return center + radius * (np.cos(turn) * u + np.sin(turn) * w)  # noqa: B023

        path = arc(*at(angles))
        assert path.length == pytest.approx(radius * abs(last), rel=1e-9)
        s = np.linspace(0, path.length, 400)
        made = path.at(s, 3)
        assert np.allclose(made[0], at(s / radius * np.sign(last)), atol=1e-8 * radius)
        assert np.allclose(np.linalg.norm(made[0] - center, axis=1), radius, rtol=1e-8)
        assert np.allclose(np.linalg.norm(made[1], axis=1), 1, rtol=1e-7)
        assert np.allclose(np.linalg.norm(made[2], axis=1), 1 / radius, rtol=1e-4)
        assert len(path.bends) == len(path.corners) == 0


@settings(deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([3, 5]), st.floats(0.02, 0.98))
def test_derivatives_are_derivatives(seed, degree, part):
    path = spline(waypoints(seed, 5, 3), degree=degree)
    s, step = part * path.length, 1e-4
    below, here, above = path.at(s - step, 3), path.at(s, 3), path.at(s + step, 3)
    for k in range(2):
        assert np.allclose((above[k] - below[k]) / (2 * step), here[k + 1], atol=1e-5)


def test_paths_join():
    points = waypoints(5, 4)
    one, other = arc(*points[:3]), polyline(points[2:])
    path = one.then(other)
    assert path.length == pytest.approx(one.length + other.length)
    assert len(path.corners) == 1
    assert np.allclose(path.at([0, one.length, 99])[0], points[[0, 2, 3]], atol=1e-12)
    with pytest.raises(UsageError, match="jumps"):
        other.then(one)
    with pytest.raises(UsageError, match="joined"):
        one.then(polyline([[0.0], [1.0]]))


def test_out_is_written_to():
    path, s = spline(waypoints(6)), np.linspace(0, 1, 7)
    out = (np.empty((7, 6)), np.empty((7, 6)))
    assert path.at(s, 1, out)[1] is out[1]
    assert np.array_equal(out[1], path.at(s, 1)[1])
    with pytest.raises(UsageError, match=r"out\[0\]"):
        path.at(s, 0, (np.empty((6, 7)),))
    with pytest.raises(UsageError, match="2 arrays"):
        path.at(s, 0, out)
    assert path.at([], 2)[2].shape == (0, 6)


def test_a_path_survives_pickling_and_cannot_be_changed():
    path = arc(*waypoints(8)[:3])
    copy = pickle.loads(pickle.dumps(path))
    assert np.array_equal(copy.at(0.3, 3), path.at(0.3, 3))
    with pytest.raises(ValueError, match="read-only"):
        path.breaks[0] = 1


def test_odd_arrays_are_read():
    points = waypoints(7, 8)
    wide = np.asfortranarray(points)
    wide.setflags(write=False)
    assert np.array_equal(spline(wide).coefficients, spline(points).coefficients)
    assert np.array_equal(spline(points.astype(np.float32).tolist()).breaks, spline(points.astype(np.float32)).breaks)
    assert len(spline(np.arange(12).reshape(4, 3)[:, ::-1]).breaks) == 4


BAD = [
    ("one point", lambda: spline([[1.0, 2.0]])),
    ("no axes", lambda: spline(np.empty((3, 0)))),
    ("too many axes", lambda: spline(np.zeros((3, 33)))),
    ("flat", lambda: polyline([1.0, 2.0])),
    ("words", lambda: polyline([["a", "b"], ["c", "d"]])),
    ("NaN", lambda: spline([[0.0], [np.nan], [1.0]])),
    ("infinite", lambda: spline([[0.0], [np.inf]])),
    ("huge", lambda: spline([[0.0], [1e300], [-1e300]])),
    ("all the same", lambda: spline([[1.0, 1.0]] * 4)),
    ("degree", lambda: spline([[0.0], [1.0]], degree=4)),
    ("knots fall", lambda: spline([[0.0], [1.0], [2.0]], [0.0, 2.0, 1.0])),
    ("knots too close", lambda: spline([[0.0], [1.0], [2.0]], [0.0, 1e-12, 1.0])),
    ("knots short", lambda: spline([[0.0], [1.0], [2.0]], [0.0, 1.0])),
    ("deviation", lambda: polyline([[0.0], [1.0]], deviation=-1)),
    ("deviation", lambda: polyline([[0.0], [1.0]], deviation=np.nan)),
    ("a line", lambda: arc([0.0, 0], [1.0, 1], [2.0, 2])),
    ("points alike", lambda: arc([0.0, 0], [1.0, 1], [0.0, 0])),
    ("breaks", lambda: Path([0.0, 1.0, 0.5], np.zeros((2, 6, 1)))),
    ("terms", lambda: Path([0.0, 1.0], np.zeros((1, 5, 1)))),
    ("jump", lambda: Path([0.0, 1.0, 2.0], np.arange(12.0).reshape(2, 6, 1))),
    ("order", lambda: spline([[0.0], [1.0]]).at(0.5, 4)),
    ("s", lambda: spline([[0.0], [1.0]]).at(np.nan)),
    ("s", lambda: spline([[0.0], [1.0]]).at([[0.5]])),
]


@pytest.mark.parametrize(("name", "make"), BAD, ids=[f"{k}-{name}" for k, (name, _) in enumerate(BAD)])
def test_what_is_no_path_is_refused(name, make):
    with pytest.raises(UsageError):
        make()
