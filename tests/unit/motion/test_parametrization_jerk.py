"""Running along paths with limited jerk: kept and proven, near to what is known to be the fastest, oddities refused."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellctl.errors import UsageError
from cellctl.motion.otg import InputParameter, Otg
from cellctl.motion.parametrization import parametrize
from cellctl.motion.paths import Path, arc, polyline, spline
from cellctl.motion.trajectory import Limits


def problem(seed, n=10, dof=6):
    rng = np.random.default_rng(seed)
    points = rng.uniform(-2, 2, (n, dof))
    return points, Limits(rng.uniform(1, 3, dof), rng.uniform(2, 10, dof), rng.uniform(20, 100, dof))


def paths(seed):
    points, limits = problem(seed)
    return [
        (spline(points), limits),
        (spline(points, degree=5), limits),
        (polyline(points, deviation=0.05), limits),
        (polyline(points[:4]), limits),
        (arc(*points[:3]), limits),
        (arc(*points[:3]).then(polyline(points[2:5], deviation=0.2)), limits),
        (polyline(points[:2]), limits),
    ]


def beyond(motion, limits, n=50_001):
    """How far samples are beyond the limits, as a part of them."""
    _, *made = motion.at_time(np.linspace(0, motion.duration, n), jerk=True)
    table = limits.as_array(motion.degrees_of_freedom)[1:]
    return max(
        np.maximum(x.max(0) / high, x.min(0) / low).max() - 1 for x, (low, high) in zip(made, table, strict=True)
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("gridpoints", [20, 100, 500])
def test_limits_are_kept_between_the_gridpoints_and_it_is_proven(seed, gridpoints):
    for path, limits in paths(seed):
        motion = parametrize(path, limits, gridpoints=gridpoints)
        assert motion.certify(limits).excess <= 1e-12
        assert beyond(motion, limits) <= 1e-12


@pytest.mark.parametrize("seed", range(4))
def test_every_derivative_is_that_of_the_one_before(seed):
    for path, limits in paths(seed):
        motion = parametrize(path, limits)
        t = np.linspace(0, motion.duration, 3001)[1:-1]
        step = 1e-5
        before, here, after = (motion.at_time(t + d, jerk=True) for d in (-step, 0.0, step))
        for k, most in ((1, 1e-6), (2, 1e-3)):
            miss = np.abs((after[k - 1] - before[k - 1]) / (2 * step) - here[k])
            assert miss.max() < most * max(1, np.abs(here[k]).max())
        jumps = np.abs(np.diff(np.stack([before[2], here[2], after[2]]), axis=0)).max()
        assert jumps <= 1.01 * step * np.max(limits.max_jerk)  # no jump of the acceleration
        for end in (0.0, motion.duration):
            _, v, a = motion.at_time(end)
            assert np.allclose(v, 0, atol=1e-9)
            assert np.allclose(a, 0, atol=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_on_a_straight_line_it_is_near_to_the_state_to_state_optimum(seed):
    points, limits = problem(seed, 2, 3)
    points *= 10.0 ** np.random.default_rng(seed).uniform(-3, 2)
    size = np.abs(points[1] - points[0])
    request = InputParameter(1)
    request.target_position = [1.0]
    request.max_velocity, request.max_acceleration, request.max_jerk = (
        [(most / size).min()] for most in (limits.max_velocity, limits.max_acceleration, limits.max_jerk)
    )
    best = Otg(1).calculate(request).duration
    duration = parametrize(spline(points), limits).duration
    assert best * (1 - 1e-9) <= duration <= best * 1.01


@pytest.mark.parametrize("seed", range(4))
def test_it_is_near_to_what_a_fine_grid_gives(seed):
    points, limits = problem(seed)
    path = spline(points)
    fine = parametrize(path, limits, gridpoints=4000).duration
    without = parametrize(path, Limits(limits.max_velocity, limits.max_acceleration), gridpoints=4000).duration
    duration = parametrize(path, limits).duration
    assert without <= fine <= duration <= fine * 1.003
    assert parametrize(path, limits, gridpoints=60).duration <= fine * 1.1


def test_much_jerk_is_as_none():
    points, limits = problem(7)
    path, fast = spline(points), Limits(limits.max_velocity, limits.max_acceleration)
    much = Limits(limits.max_velocity, limits.max_acceleration, 1e6)
    assert parametrize(path, much).duration <= parametrize(path, fast).duration * 1.01
    assert parametrize(path, much).certify(much).excess <= 1e-12


def test_it_stops_where_the_curvature_jumps():
    limits = Limits(1.0, 5.0, 50.0)
    path = arc([0.0, 0], [1, 1], [2, 0]).then(polyline([[2.0, 0], [2, -2]]))
    assert len(path.corners) == 0
    motion = parametrize(path, limits)
    s, speed, _, _ = motion.along(np.linspace(0, motion.duration, 20_001))
    assert speed[np.abs(s - path.bends[0]).argmin()] < 1e-2
    assert motion.certify(limits).excess <= 1e-12
    assert parametrize(path, Limits(1.0, 5.0)).duration < motion.duration


def test_units_do_not_matter():
    points, limits = problem(4)
    table, knots = limits.as_array(6), np.arange(10.0)
    duration = parametrize(spline(points, knots), limits).duration
    for factor in (1e-9, 1e3, 1e9):
        grown = Limits(*(table[k, 1] * factor for k in (1, 2, 3)))
        scaled = parametrize(spline(points * factor, knots), grown)
        assert scaled.duration == pytest.approx(duration, rel=1e-4)
        assert scaled.certify(grown).excess <= 1e-12
        assert parametrize(spline(points, knots * factor), limits).duration == pytest.approx(duration, rel=1e-4)
    slow = Limits(*(table[k, 1] * 1e-3**k for k in (1, 2, 3)))
    assert parametrize(spline(points, knots), slow).duration == pytest.approx(1e3 * duration, rel=1e-4)


def test_axes_may_lack_limits():
    points, _ = problem(8)
    some = np.array([1.0, np.inf, np.inf, 2.0, np.inf, np.inf])
    for limits in (
        Limits(1.0, max_jerk=some * 30),
        Limits(some, some * 5, some * 50),
        Limits(1.0, 5.0, 50.0, min_acceleration=-np.inf),
        Limits(1.0, np.inf, 50.0, min_acceleration=-3.0),
    ):
        motion = parametrize(spline(points), limits)
        assert motion.certify(limits).excess <= 1e-9


def test_a_jerk_limit_alone_is_not_enough():
    with pytest.raises(UsageError, match="Limit the velocity"):
        parametrize(polyline([[0.0], [1.0]]), Limits(max_jerk=1.0))


def test_a_path_that_turns_back_is_followed():
    limits = Limits(1.0, 2.0, 20.0)
    motion = parametrize(polyline([[0.0, 0], [1, 0], [0, 0]], deviation=0.1), limits)
    assert motion.certify(limits).excess <= 1e-12
    assert motion.duration < 4.5


def test_it_can_be_slowed_down():
    for path, limits in paths(3):
        for motion in (parametrize(path, limits), parametrize(path, Limits(1.0, 2.0))):
            slow, t = motion.scaled(2.0), np.linspace(0, motion.duration, 50)
            for power, (one, other) in enumerate(
                zip(motion.at_time(t, jerk=True), slow.at_time(2 * t, jerk=True), strict=True)
            ):
                assert np.allclose(one, other * 2**power, rtol=1e-6, atol=1e-6 * np.abs(one).max())
            with pytest.raises(UsageError):
                motion.scaled(0.0)


def test_many_at_once_do_not_disturb_each_other():
    def run(seed):
        path, limits = paths(seed % 4)[seed % 3]
        return parametrize(path, limits).duration

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(run, range(24)))
    assert together == [run(seed) for seed in range(24)]


@pytest.mark.parametrize("changed", [{"start_velocity": 0.1}, {"end_velocity": 0.1}])
def test_it_starts_and_ends_at_rest(changed):
    with pytest.raises(UsageError, match="from rest to rest"):
        parametrize(polyline([[0.0, 0.0], [1.0, 2.0]]), Limits(1.0, 1.0, 1.0), **changed)


@pytest.mark.parametrize("jerk", [0.0, -1.0, np.nan, [1.0, 0.0]])
def test_jerks_that_are_none_are_refused(jerk):
    with pytest.raises(UsageError, match="jerk"):
        parametrize(polyline([[0.0, 0.0], [1.0, 2.0]]), Limits(1.0, 1.0, jerk))


number = st.one_of(st.floats(-3, 3), st.sampled_from([0.0, 1.0, 1.0, 1e-7, -1e-3, 1e6]))


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(number, number, number), min_size=2, max_size=6),
    st.sampled_from([3, 5, 0, 1]),
    st.tuples(*[st.floats(1e-3, 1e3)] * 3),
    st.integers(4, 80),
)
def test_whatever_comes_is_refused_or_kept_within_limits(points, kind, numbers, gridpoints):
    limits = Limits(*([each, 1.0, 1.0] for each in numbers))
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
    with pytest.raises(UsageError):
        parametrize(Path([0.0, 1.0, 2.0], still), Limits(1.0, 1.0, 1.0))


@pytest.mark.parametrize("jerk", [50.0, np.inf])
def test_limits_may_differ_from_piece_to_piece(jerk):
    path = spline([[0.0, 0.0], [1.0, 0.5], [2.0, 0.0], [3.0, 1.0]])
    slow, fast = (Limits(v, a, jerk) for v, a in ((0.3, 1.0), (2.0, 8.0)))
    limits = [fast, slow, fast]
    motion = parametrize(path, limits)
    assert motion.certify(limits).excess <= 1e-12
    assert motion.certify(slow).excess > 0.1
    t = np.linspace(0, motion.duration, 20_001)
    _, v, a = motion.at_time(t)
    piece = np.searchsorted(path.breaks, motion.along(t)[0], "right") - 1
    within = piece == 1
    assert np.abs(v[within]).max() <= 0.3 * (1 + 1e-6)
    assert np.abs(a[within]).max() <= 1.0 * (1 + 1e-6)
    assert np.abs(v[~within]).max() > 0.6
    assert parametrize(path, fast).duration < motion.duration < parametrize(path, slow).duration
    assert parametrize(path, [fast] * 3).duration == parametrize(path, fast).duration
    with pytest.raises(UsageError, match="2 limits for 3 pieces"):
        parametrize(path, [fast, slow])
