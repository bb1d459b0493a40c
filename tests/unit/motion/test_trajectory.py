"""Trajectories: sampling, extrema, times, joining, scaling, storing, certifying."""

import copy
import json
import pickle

import numpy as np
import pytest

from cellctl.errors import UsageError
from cellctl.motion import InputParameter, Limits, Otg, Synchronization, Trajectory

from .problems import plan, random_problems, request


@pytest.fixture(scope="module")
def motion() -> Trajectory:
    return plan(random_problems(1, 1, 3)[0])


def test_many_times_are_as_one_by_one(motion):
    times = np.array([0.7, -1.0, 0.0, motion.duration, 0.2, 1e3, motion.duration / 2])
    together = motion.at_time(times, jerk=True)
    for k, t in enumerate(times):
        for whole, single in zip(together, motion.at_time(float(t), jerk=True), strict=True):
            np.testing.assert_array_equal(whole[k], single)


def test_arrays_given_are_written(motion):
    out = tuple(np.empty((5, 3)) for _ in range(3))
    answer = motion.at_time(np.linspace(0, 1, 5), out)
    assert all(one is other for one, other in zip(answer, out, strict=True))
    np.testing.assert_array_equal(out[0], motion.at_time(np.linspace(0, 1, 5))[0])


@pytest.mark.parametrize(
    "wrong",
    [np.empty((5, 2)), np.empty((5, 3), np.float32), np.empty((3, 5)).T, np.broadcast_to(np.zeros(3), (5, 3)), [0.0]],
)
def test_arrays_that_do_not_fit_are_refused(motion, wrong):
    with pytest.raises((ValueError, TypeError)):
        motion.at_time(np.linspace(0, 1, 5), (wrong, np.empty((5, 3)), np.empty((5, 3))))


@pytest.mark.parametrize("time", [np.nan, [0.0, np.nan], [[0.0]]])
def test_times_that_are_none(motion, time):
    with pytest.raises(ValueError, match="time"):
        motion.at_time(time)


def test_read_only_and_strided_times(motion):
    times = np.linspace(0, 1, 10)[::2]
    times.flags.writeable = False
    assert motion.at_time(times)[0].shape == (5, 3)
    assert motion.at_time(np.empty(0))[0].shape == (0, 3)


def test_velocity_is_the_slope_of_position(motion):
    t = np.linspace(0, motion.duration, 20001)
    p, v, a, _ = motion.at_time(t, jerk=True)
    h = t[1] - t[0]
    np.testing.assert_allclose(np.diff(p, axis=0) / h, (v[1:] + v[:-1]) / 2, atol=1e-6)
    np.testing.assert_allclose(np.diff(v, axis=0) / h, (a[1:] + a[:-1]) / 2, atol=1e-3)


def test_behind_its_end_the_motion_goes_on():
    fields = random_problems(2, 1, 2)[0]
    motion = plan(fields)
    p, v, a = motion.at_time(motion.duration + 2.0)
    np.testing.assert_allclose(p, fields[3] + 2 * fields[4] + 2 * fields[5], rtol=1e-12)
    np.testing.assert_allclose(v, fields[4] + 2 * fields[5], rtol=1e-12)
    np.testing.assert_array_equal(a, fields[5])


def test_extrema_and_bounds_hold_all_samples_and_are_tight():
    for fields in random_problems(3, 100, 2, edges=True):
        motion = plan(fields)
        _, p, v, a = motion.sample(motion.duration / 3000)
        bounds = motion.bounds()
        for values, (low, high) in zip((p, v, a), bounds, strict=False):
            assert (values >= low).all()
            assert (values <= high).all()
            room = np.ptp(values, axis=0) * 2e-2 + 1e-12
            assert (low >= values.min(axis=0) - room).all()
            assert (high <= values.max(axis=0) + room).all()
        least, t_least, greatest, t_greatest = motion.position_extrema()
        size = np.abs(bounds[0]).max(axis=0)
        np.testing.assert_allclose(np.array([least, greatest]) / size, bounds[0] / size, atol=1e-12)
        for axis in range(2):
            assert motion.at_time(float(t_least[axis]))[0][axis] == pytest.approx(least[axis], rel=1e-12)
            assert motion.at_time(float(t_greatest[axis]))[0][axis] == pytest.approx(greatest[axis], rel=1e-12)


def test_a_certificate_finds_what_is_too_fast():
    fields = random_problems(4, 1, 2)[0]
    motion = plan(fields)
    assert motion.certify(request(fields).limits).holds()
    fast = motion.scaled(0.999)
    certificate = fast.certify(request(fields).limits)
    assert not certificate.holds()
    assert 5e-4 < certificate.excess < 4e-3
    assert motion.certify(Limits(max_position=motion.bounding_box()[1].max() - 1e-3)).excess > 0


def test_a_certificate_is_not_fooled_by_a_peak_between_samples():
    given = request(random_problems(5, 1, 1)[0])
    given.data[:6] = np.array([[0.0], [0.5], [0], [0], [-0.5], [0]])
    given.data[6:] = np.array([[1], [-1], [1], [-1], [1.0]])
    motion = plan(given.data)
    highest = motion.position_extrema()[2][0]
    assert motion.certify().position[1, 0] >= highest
    assert motion.certify().position[1, 0] == pytest.approx(highest, rel=1e-14)


def test_first_time_at_a_position():
    for fields in random_problems(6, 100, 1):
        motion = plan(fields)
        t, p, _, _ = motion.sample(motion.duration / 2000)
        level = 0.5 * (p.min() + p.max())
        when = motion.first_time_at_position(0, level)
        assert when is not None
        assert motion.at_time(when)[0][0] == pytest.approx(level, abs=1e-9 * max(1, np.abs(p).max()))
        crossed = np.flatnonzero((p[:-1, 0] <= level) != (p[1:, 0] <= level))
        assert t[crossed[0]] - 1e-9 <= when <= t[crossed[0] + 1] + 1e-9
        assert motion.first_time_at_position(0, p.max() + 1.0) is None
        later = motion.first_time_at_position(0, level, when + 1e-6)
        assert later is None or later >= when + 1e-6
    with pytest.raises(IndexError):
        motion.first_time_at_position(1, 0.0)


def test_scaling_in_time(motion):
    slow = motion.scaled(2.0)
    p, v, a = motion.at_time(0.3)
    q, w, b = slow.at_time(0.6)
    assert slow.duration == 2 * motion.duration
    for one, other in ((p, q), (v / 2, w), (a / 4, b)):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    with pytest.raises(UsageError):
        motion.scaled(0.0)


@pytest.mark.parametrize("synchronization", [0, 2])
def test_joining(synchronization):
    there = random_problems(7, 1, 2)[0]
    there[[1, 2, 4, 5]] = 0
    back = there.copy()
    back[[0, 3]] = there[[3, 0]]
    first, second = plan(there, synchronization=synchronization), plan(back)
    both = first.then(second)
    assert both.duration == first.duration + second.duration
    for t in np.linspace(0, second.duration, 7):
        np.testing.assert_allclose(both.at_time(first.duration + t)[0], second.at_time(t)[0], atol=1e-12)
        np.testing.assert_allclose(
            both.at_time(min(t, first.duration))[0], first.at_time(min(t, first.duration))[0], atol=1e-12
        )
    with pytest.raises(UsageError, match=r"position of axis . jumps"):
        first.then(first)


def test_storing(motion):
    again = Trajectory.from_dict(json.loads(json.dumps(motion.to_dict())))
    t = np.linspace(-1, motion.duration + 1, 100)
    for one, other in zip(motion.at_time(t, jerk=True), again.at_time(t, jerk=True), strict=True):
        np.testing.assert_array_equal(one, other)
    assert again.to_dict() == motion.to_dict()


@pytest.mark.parametrize(
    "change",
    [
        {"format": "x"},
        {"ends": [[0, 0, 0]]},
        {"pieces": [[[0.0] * 5]]},
        {"duration": float("nan")},
        {"pieces": [[[0, -1, 0, 0, 0, 0]]] * 3},
        {"independent_min_durations": []},
    ],
)
def test_what_is_no_trajectory_is_refused(motion, change):
    with pytest.raises(UsageError, match="not a trajectory"):
        Trajectory.from_dict(motion.to_dict() | change)


def test_an_empty_trajectory():
    empty = Trajectory()
    assert empty.duration == 0
    assert empty.at_time(0.0)[0].shape == (0,)


def changed(trajectory, change):
    told = trajectory.to_dict()
    change(told)
    return Trajectory.from_dict(told)


def lift(told, by):
    """The second half of the first axis lies higher."""
    for row in told["pieces"][0][3:]:
        row[2] += by
    told["ends"][0][1] += by


@pytest.mark.parametrize(
    "change",
    [
        lambda told: lift(told, 1e-3),
        lambda told: told["pieces"][0].pop(2),
        lambda told: told["pieces"][0][1].__setitem__(3, 0.5),
        lambda told: told["pieces"][0][2].__setitem__(1, 0.01),
    ],
)
def test_no_certificate_for_a_motion_that_jumps(change):
    given = InputParameter(1)
    given.target_position = given.max_velocity = 1.0
    given.max_acceleration, given.max_jerk = 2.0, 10.0
    whole = Otg(1).calculate(given)
    assert whole.certify(given.limits).holds()
    assert not changed(whole, change).certify(given.limits).holds()


def test_steps_count_where_the_limit_is_on_what_they_are_the_integral_of():
    given = InputParameter(1)
    given.target_position = given.max_velocity = 1.0
    given.max_acceleration = 2.0
    second = Otg(1).calculate(given)
    assert second.certify(given.limits).holds()
    assert np.isinf(second.certify().jerk).all()
    assert not second.certify(Limits(max_jerk=1e9)).holds()
    given.max_acceleration = np.inf
    first = Otg(1).calculate(given)
    assert first.certify(given.limits).holds()
    assert not first.certify(Limits(max_acceleration=1e9)).holds()


def test_bounds_hold_for_an_axis_that_goes_on_after_its_own_end():
    given = InputParameter(2)
    given.target_position, given.target_velocity = [0.1, 3.0], [0.5, 0.0]
    given.max_velocity, given.max_acceleration, given.max_jerk = 1.0, 2.0, 10.0
    given.synchronization = Synchronization.NONE
    motion = Otg(2).calculate(given)
    position = motion.at_time(np.linspace(0, motion.duration, 100))[0]
    assert motion.certify().position[1, 0] >= position[:, 0].max() > 1
    assert motion.bounding_box()[1, 0] == pytest.approx(position[:, 0].max(), rel=1e-12)
    assert motion.position_extrema()[3][0] == motion.duration
    when = motion.first_time_at_position(0, 1.0)
    assert motion.at_time(when)[0][0] == pytest.approx(1.0, rel=1e-12)


def test_a_trajectory_is_copied_and_goes_to_another_process(motion):
    for other in (copy.copy(motion), pickle.loads(pickle.dumps(motion))):
        assert other.to_dict() == motion.to_dict()
    assert repr(motion).startswith("Trajectory(3 axes, ")
    with pytest.raises(UsageError, match="not a trajectory"):
        Trajectory.from_dict("{}")
    with pytest.raises(UsageError, match="a duration of -3 s"):
        Trajectory.from_dict(motion.to_dict() | {"duration": -3.0})
