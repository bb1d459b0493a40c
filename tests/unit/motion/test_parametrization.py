"""Running along paths: limits kept at every moment and proven, nobody faster, oddities refused."""

import logging

import numpy as np
import pytest
import toppra
from hypothesis import given, settings
from hypothesis import strategies as st
from toppra.algorithm import TOPPRA
from toppra.constraint import JointAccelerationConstraint, JointVelocityConstraint

from cellctl.errors import UsageError
from cellctl.motion.otg import InputParameter, Otg
from cellctl.motion.parametrization import parametrize
from cellctl.motion.paths import Path, arc, polyline, spline
from cellctl.motion.trajectory import Limits

logging.getLogger("toppra").setLevel(logging.ERROR)


def problem(seed, n=10, dof=6, *, asymmetric=False):
    rng = np.random.default_rng(seed)
    points, v, a = rng.uniform(-2, 2, (n, dof)), rng.uniform(1, 3, dof), rng.uniform(2, 10, dof)
    if not asymmetric:
        return points, Limits(v, a)
    return points, Limits(
        v, a, min_velocity=-v * rng.uniform(0.4, 1, dof), min_acceleration=-a * rng.uniform(0.4, 1, dof)
    )


def paths(seed):
    points, limits = problem(seed)
    return [
        (spline(points), limits),
        (spline(points, degree=5), limits),
        (polyline(points, deviation=0.05), limits),
        (polyline(points), limits),
        (arc(*points[:3]), limits),
        (arc(*points[:3]).then(polyline(points[2:5], deviation=0.2)), limits),
        (polyline(points[:2]), limits),
    ]


def beyond(motion, limits, n=50_001):
    """How far samples are beyond the limits, as a part of them."""
    _, v, a = motion.at_time(np.linspace(0, motion.duration, n))
    table = limits.as_array(motion.degrees_of_freedom)
    most = [np.maximum(x.max(0) / table[k, 1], x.min(0) / table[k, 0]).max() - 1 for k, x in ((1, v), (2, a))]
    return max(most)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("gridpoints", [20, 100, 500])
def test_limits_are_kept_between_the_gridpoints_and_it_is_proven(seed, gridpoints):
    for path, limits in paths(seed):
        motion = parametrize(path, limits, gridpoints=gridpoints)
        assert motion.certify(limits).excess <= 1e-12
        assert beyond(motion, limits) <= 1e-12


@pytest.mark.parametrize("seed", range(3))
def test_it_is_on_the_path_and_its_derivatives_are_true(seed):
    for path, limits in paths(seed):
        motion = parametrize(path, limits)
        t = np.linspace(0, motion.duration, 2001)[1:-1]
        p, v, _ = motion.at_time(t)
        s, speed, _, _ = motion.along(t)
        assert np.allclose(p, path.at(s)[0], rtol=0, atol=1e-13)
        assert (np.diff(s) >= 0).all()
        assert (speed >= 0).all()
        step = 1e-6
        numeric = (motion.at_time(t + step)[0] - motion.at_time(t - step)[0]) / (2 * step)
        assert np.abs(numeric - v).max() < 1e-4
        start, end = motion.at_time(0.0), motion.at_time(motion.duration)
        assert np.allclose(start[0], path.at(0)[0], atol=1e-12)
        assert np.allclose(end[0], path.at(path.length)[0], atol=1e-12)
        assert np.allclose(start[1], 0)
        assert np.allclose(end[1], 0, atol=1e-7)


def test_velocity_and_acceleration_within_a_piece():
    path, limits = paths(5)[0]
    motion = parametrize(path, limits)
    t = np.random.default_rng(0).uniform(0, motion.duration, 2000)
    step = 1e-5
    before, here, after = (motion.at_time(t + d, jerk=True) for d in (-step, 0, step))
    for k in (1, 2, 3):
        miss = np.abs((after[k - 1] - before[k - 1]) / (2 * step) - here[k]).max(axis=1)
        assert np.quantile(miss, 0.9) < 1e-3 * np.abs(here[k]).max()


@pytest.mark.parametrize("asymmetric", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_toppra_is_not_faster(seed, asymmetric):
    points, limits = problem(seed, asymmetric=asymmetric)
    path = spline(points)
    table = limits.as_array(6)
    peer = TOPPRA(
        [JointVelocityConstraint(table[1].T), JointAccelerationConstraint(table[2].T)],
        toppra.SplineInterpolator(path.breaks, points, bc_type="natural"),
        gridpoints=np.linspace(0, path.length, 1001),
        parametrizer="ParametrizeConstAccel",
    )
    duration = peer.compute_trajectory(0, 0).duration
    assert parametrize(path, limits).duration <= duration * (1 + 1e-3)
    fine = parametrize(path, limits, gridpoints=4000)
    assert fine.duration <= duration
    assert fine.duration >= duration * (1 - 2e-3)  # what it gains by going beyond the limits between its gridpoints
    assert fine.certify(limits).excess <= 1e-12


@pytest.mark.parametrize("seed", range(10))
def test_on_a_straight_line_it_is_the_state_to_state_optimum(seed):
    points, limits = problem(seed, 2, 3, asymmetric=True)
    scale = points[1] - points[0]
    table = limits.as_array(3)
    bound = np.sort(table[1:3] / scale, axis=1)  # of the speed along the line, as a part of it
    v0, v1 = (np.random.default_rng(seed).uniform(0, 0.5, 2) * bound[0, 1].min()).tolist() if seed % 2 else (0.0, 0.0)
    request = InputParameter(1)
    request.current_velocity, request.target_velocity = [v0], [v1]
    request.target_position = [1.0]
    request.max_velocity, request.min_velocity = [bound[0, 1].min()], [bound[0, 0].max()]
    request.max_acceleration, request.min_acceleration = [bound[1, 1].min()], [bound[1, 0].max()]
    best = Otg(1).calculate(request).duration
    path = spline(points, [0.0, 1.0])
    duration = parametrize(path, limits, start_velocity=v0, end_velocity=v1).duration
    assert duration >= best * (1 - 1e-9)
    assert duration <= best * (1 + 2e-4)


def test_finer_grids_come_nearer_to_the_optimum():
    path, limits = paths(1)[0]
    least = parametrize(path, limits, gridpoints=20_000).duration
    gaps = [parametrize(path, limits, gridpoints=n).duration / least - 1 for n in (100, 500, 2500)]
    assert gaps[0] < 0.1
    assert gaps[1] < 1e-3
    assert 0 <= gaps[2] < 5e-5


def test_it_stops_at_corners_only():
    points, limits = problem(3)
    motion = parametrize(polyline(points), limits)
    t = np.linspace(0, motion.duration, 100_001)
    s, speed, _, _ = motion.along(t)
    for corner in motion.path.corners:
        assert speed[np.abs(s - corner).argmin()] < 1e-2
    assert np.sum(np.diff((speed > 0.05).astype(int)) == 1) == len(motion.path.corners) + 1


def test_a_path_that_turns_back_is_followed():
    limits = Limits(1.0, 2.0)
    motion = parametrize(polyline([[0.0, 0], [1, 0], [0, 0]], deviation=0.1), limits)
    assert motion.certify(limits).excess <= 1e-12
    assert motion.bounding_box()[1, 0] < 1
    assert motion.duration < 4


def test_speeds_at_the_ends():
    path, limits = paths(2)[0]
    motion = parametrize(path, limits, start_velocity=0.5, end_velocity=0.25)
    assert motion.along([0.0, motion.duration])[1] == pytest.approx([0.5, 0.25], rel=1e-6)
    assert motion.certify(limits).excess <= 1e-12
    with pytest.raises(UsageError, match="Between 0 and") as refused:
        parametrize(path, limits, start_velocity=50.0)
    most = float(str(refused.value).split("Between 0 and ")[1].split()[0])
    parametrize(path, limits, start_velocity=most * (1 - 1e-3))
    with pytest.raises(UsageError, match="At most"):
        parametrize(path, limits, end_velocity=50.0)
    with pytest.raises(UsageError, match=r"0\.0123"):
        parametrize(polyline([[0.0], [1e-6]]), Limits(1.0, 1.0), end_velocity=0.0123)


def test_units_do_not_matter():
    points, limits = problem(4, asymmetric=True)
    table, duration = limits.as_array(6), parametrize(spline(points, np.arange(10.0)), limits).duration
    for factor in (1e-9, 1e3, 1e9):
        grown = Limits(*(table[k, 1] * factor for k in (1, 2)), min_velocity=table[1, 0] * factor,
                       min_acceleration=table[2, 0] * factor)  # fmt: skip
        scaled = parametrize(spline(points * factor, np.arange(10.0)), grown)
        assert scaled.duration == pytest.approx(duration, rel=1e-9)
        assert scaled.certify(grown).excess <= 1e-12
        stretched = parametrize(spline(points, np.arange(10.0) * factor), limits)
        assert stretched.duration == pytest.approx(duration, rel=1e-9)


def test_the_way_back_takes_as_long():
    points, limits = problem(6, asymmetric=True)
    table = limits.as_array(6)
    back = Limits(-table[1, 0], table[2, 1], min_velocity=-table[1, 1], min_acceleration=table[2, 0])
    one, other = parametrize(spline(points), limits), parametrize(spline(points[::-1]), back)
    assert other.duration == pytest.approx(one.duration, rel=1e-3)


def test_a_certificate_bounds_every_sample_tightly_and_finds_what_is_too_fast():
    for path, limits in paths(7):
        motion = parametrize(path, limits)
        proven = motion.certify(limits)
        _, v, a = motion.at_time(np.linspace(0, motion.duration, 100_001))
        for bounds, made in ((proven.velocity, v), (proven.acceleration, a)):
            assert (made.max(0) <= bounds[1]).all()
            assert (made.min(0) >= bounds[0]).all()
        assert np.allclose(proven.acceleration[1], a.max(0), atol=1e-2 * np.abs(a).max())
        slower = Limits(np.asarray(limits.max_velocity) * 0.999, np.asarray(limits.max_acceleration) * 0.999)
        assert 5e-4 < motion.certify(slower).excess < 2e-3
        assert np.isinf(proven.jerk).any()
        assert not motion.certify(Limits(max_jerk=1e9)).holds()
        assert motion.certify().holds()


def test_only_what_is_limited_limits():
    points, _ = problem(8)
    v = np.array([1, np.inf, np.inf, np.inf, np.inf, np.inf])
    alone = parametrize(spline(points), Limits(v))
    assert alone.certify(Limits(v)).excess <= 1e-9
    accelerations = parametrize(spline(points), Limits(max_acceleration=2.0))
    assert accelerations.certify(Limits(max_acceleration=2.0)).excess <= 1e-12


def test_positions_out_of_reach():
    path, _ = paths(9)[0]
    with pytest.raises(UsageError, match=r"axis 2.*beyond the position limits"):
        parametrize(path, Limits(1.0, 1.0, min_position=[-9, -9, 0, -9, -9, -9]))
    parametrize(path, Limits(1.0, 1.0, min_position=-9.0, max_position=9.0))


BAD = [
    ("velocity NaN", {"max_velocity": np.nan}),
    ("acceleration zero", {"max_acceleration": 0.0}),
    ("acceleration NaN", {"max_acceleration": [1.0, np.nan]}),
    ("signs", {"min_velocity": 0.5}),
    ("shape", {"max_velocity": [1.0, 2.0, 3.0]}),
    ("words", {"max_velocity": "fast"}),
    ("no way", {"max_velocity": [0.0, 1.0], "min_velocity": -1.0}),
    ("free", {"max_velocity": np.inf, "max_acceleration": np.inf}),
]


@pytest.mark.parametrize(("name", "changed"), BAD, ids=[name for name, _ in BAD])
def test_limits_that_are_none_are_refused(name, changed):
    with pytest.raises(UsageError):
        parametrize(
            polyline([[0.0, 0.0], [1.0, 2.0]]), Limits(**({"max_velocity": 1.0, "max_acceleration": 1.0} | changed))
        )


@pytest.mark.parametrize("changed", [{"gridpoints": 0}, {"gridpoints": 10**9}, {"start_velocity": -1.0},
                                     {"end_velocity": np.nan}, {"start_velocity": np.inf}])  # fmt: skip
def test_requests_that_are_none_are_refused(changed):
    with pytest.raises(UsageError):
        parametrize(polyline([[0.0, 0.0], [1.0, 2.0]]), Limits(1.0, 1.0), **changed)


def test_times_that_are_none_are_refused():
    motion = parametrize(polyline([[0.0, 0.0], [1.0, 2.0]]), Limits(1.0, 1.0))
    for call in (lambda: motion.at_time(np.nan), lambda: motion.at_time([[1.0]]), lambda: motion.along([np.nan]),
                 lambda: motion.sample(0.0), lambda: motion.at_time(0.0, (np.empty(2),))):  # fmt: skip
        with pytest.raises(UsageError):
            call()
    assert np.array_equal(motion.at_time(-5.0)[0], [0, 0])
    assert np.allclose(motion.at_time(99.0)[0], [1, 2], atol=1e-12)
    assert motion.at_time([])[0].shape == (0, 2)
    assert motion.sample(0.1)[0][-1] == motion.duration


number = st.one_of(st.floats(-3, 3), st.sampled_from([0.0, 1.0, 1.0, 1e-7, -1e-3, 1e6]))


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(number, number, number), min_size=2, max_size=7),
    st.sampled_from([3, 5, 0, 1]),
    st.tuples(*[st.floats(1e-3, 1e3)] * 4),
    st.integers(4, 80),
)
def test_whatever_comes_is_refused_or_kept_within_limits(points, kind, numbers, gridpoints):
    up, down, push, brake = numbers
    limits = Limits(
        [up, 1.0, 1.0], [push, 1.0, np.inf], min_velocity=[-down, -1, -1], min_acceleration=[-brake, -1, -1]
    )
    try:
        path = spline(points, degree=kind) if kind in {3, 5} else polyline(points, deviation=0.1 * kind)
    except UsageError:
        return
    motion = parametrize(path, limits, gridpoints=gridpoints)
    assert motion.certify(limits).excess <= 1e-9
    assert beyond(motion, limits, 2001) <= 1e-9


def test_a_broken_path_is_no_crash():
    still = np.zeros((2, 6, 1))
    still[1, 1] = 1.0
    path = Path([0.0, 1.0, 2.0], still)  # stands still at first: nothing limits the speed there
    with pytest.raises(UsageError):
        parametrize(path, Limits(1.0, 1.0))


@pytest.mark.parametrize("gridpoints", [4, 20])
def test_a_coarse_grid_leads_to_no_standstill(gridpoints):
    points = [
        -0.072885,
        -0.062349,
        -0.039691,
        -0.055007,
        0.86974,
        -0.055007,
        0.47485,
        0.47674,
        0.49224,
        0.49243,
        0.22606,
    ]
    limits = Limits(112.49, 0.0047448, min_velocity=-29.104, min_acceleration=-0.0043206)
    motion = parametrize(spline(np.reshape(points, (-1, 1)), degree=5), limits, gridpoints=gridpoints)
    assert motion.certify(limits).excess <= 1e-9
    assert motion.duration < 300
