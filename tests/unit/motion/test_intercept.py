"""Properties of the earliest interception."""

import numpy as np
import pytest
from hypothesis import given as each
from hypothesis import settings
from hypothesis import strategies as st

from cellctl.errors import UsageError
from cellctl.motion import InputParameter, Otg, Trajectory
from cellctl.motion.intercept import Interceptor, InterceptParameter, MovingTarget

from .belts import met, random_pick, target_at

seeds = st.integers(0, 2**32 - 1)


def test_walls_that_do_not_matter_change_nothing():
    rng = np.random.default_rng(6)
    for _ in range(50):
        given = random_pick(rng, windows=False)
        free = met(given)
        given.min_position, given.max_position = -9.0, 9.0
        walled = met(given)
        assert (free is None) == (walled is None)
        assert free is None or free[1:] == pytest.approx(walled[1:])


@settings(max_examples=60, deadline=None)
@each(seeds)
def test_a_belt_that_stands_is_the_plain_problem(seed):
    given = random_pick(np.random.default_rng(seed), accelerating=False, windows=False)
    given.moving.velocity = 0.0
    plain = InputParameter(3)
    plain.data[:] = given.data
    plain.min_velocity, plain.min_acceleration = given.min_velocity, given.min_acceleration
    plain.target_position = given.moving.position
    ours, theirs = met(given), Otg(3).calculate(plain)
    assert ours.time == pytest.approx(theirs.duration, rel=1e-12)
    on = InputParameter(3)
    on.data[:] = given.data
    on.min_velocity, on.min_acceleration = given.min_velocity, given.min_acceleration
    on.current_position, on.current_velocity, on.current_acceleration = given.moving.position, 0.0, 0.0
    way_on = Otg(3).calculate(on).duration
    assert ours.trajectory.duration == pytest.approx(ours.until + way_on, rel=1e-12)


@settings(max_examples=60, deadline=None)
@each(seeds)
def test_mirrored_and_in_other_units_it_is_the_same(seed):
    given = random_pick(np.random.default_rng(seed))
    ours = met(given)
    for unit, turned in ((1e3, 1), (1.0, -1), (2**20 / 6.28, -1)):
        other = InterceptParameter(3)
        other.data[:] = given.data * unit * turned
        other.data[6:10] = given.data[6:10] * unit if turned > 0 else -given.data[[7, 6, 9, 8]] * unit
        other.data[10] = given.data[10] * unit
        low = given.limits.as_array(3)[1:3]
        other.min_velocity, other.min_acceleration = low[:, 0] * unit if turned > 0 else -low[:, 1] * unit
        other.max_velocity, other.max_acceleration = low[:, 1] * unit if turned > 0 else -low[:, 0] * unit
        other.moving.data[:] = given.moving.data * unit * turned
        other.moving.direction[:] = given.moving.direction * turned
        other.moving.lasts = given.moving.lasts
        other.upstream_limit, other.downstream_limit = given.pick.low * unit, given.pick.high * unit
        other.earliest, other.latest, other.dwell = given.earliest, given.latest, given.dwell
        try:
            theirs = Interceptor(3).calculate(other)
        except UsageError:
            theirs = None
        assert (ours is None) == (theirs is None)
        if ours is not None:
            assert theirs.time == pytest.approx(ours.time, rel=1e-9)
            assert theirs.trajectory.duration == pytest.approx(ours.trajectory.duration, rel=1e-9)
            assert theirs.axis == ours.axis


@settings(max_examples=60, deadline=None)
@each(seeds, st.floats(0.05, 0.95))
def test_planned_anew_on_the_way_it_is_the_same_motion(seed, share):
    given = random_pick(np.random.default_rng(seed))
    ours = met(given)
    if ours is None:
        return
    after = share * ours.until
    given.advance(ours, after)
    again = Interceptor(3).calculate(given)
    # to make up for a rounding d of the position takes the cube root of 32 d / jerk
    assert again.time + after == pytest.approx(max(ours.time, after), abs=1e-4)
    assert again.until + after == pytest.approx(max(ours.until, after), abs=1e-4)


def test_changed_belt_data_on_the_way():
    rng = np.random.default_rng(3)
    for _ in range(100):
        given = random_pick(rng, windows=False)
        ours = met(given)
        if ours is None:
            continue
        given.advance(ours, 0.5 * ours.time)
        given.moving.position += rng.normal(0, 0.003, 3)
        given.moving.velocity *= rng.uniform(0.8, 1.2)
        again = met(given)
        assert again is not None
        np.testing.assert_allclose(again.trajectory.at_time(0.0)[0], given.current_position, atol=1e-12)


@settings(max_examples=40, deadline=None)
@each(seeds, st.floats(0.01, 1.0))
def test_a_later_earliest_time_is_kept_exactly(seed, later):
    given = random_pick(np.random.default_rng(seed), accelerating=False, windows=False)
    ours = met(given)
    given.earliest = ours.time + later
    again = met(given)
    assert again.time == given.earliest
    assert again.axis == -1


def test_a_target_that_moves_as_a_trajectory():
    plain = InputParameter(2)
    plain.current_position, plain.target_position = [0.3, 0.1], [1.2, 0.1]
    plain.max_velocity, plain.max_acceleration, plain.max_jerk = 0.3, 1.0, 5.0
    belt = Otg(2).calculate(plain)
    given = InterceptParameter(2)
    given.max_velocity, given.max_acceleration, given.max_jerk = 1.5, 8.0, 80.0
    given.moving = MovingTarget.moving(belt)
    given.dwell, given.earliest = 0.5, 0.1
    found = Interceptor(2).calculate(given)
    assert found.trajectory.certify(given.limits).holds()
    for t in np.linspace(found.time, found.until, 20):
        for ours, theirs in zip(found.trajectory.at_time(float(t)), belt.at_time(float(t)), strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-9)
    with pytest.raises(UsageError, match="without a belt"):
        given.upstream_limit = 0.2
        Interceptor(2).calculate(given)


@pytest.mark.parametrize("off", [-1e-15, 0.0, 1e-15])
def test_pieces_whose_times_do_not_quite_meet(off):
    starts = 0.1 * np.arange(200)
    rows = [[t, 0.1 + off, 0.3 * t, 0.3, 0.0, 0.0] for t in starts.tolist()]
    belt = Trajectory.from_dict(
        {
            "format": "cellctl-trajectory-1",
            "duration": 20.0,
            "ends": [[20.0, 6.0, 0.3, 0.0]],
            "pieces": [rows],
            "independent_min_durations": [0.0],
        }
    )
    given = InterceptParameter(1)
    given.current_position, given.dwell = 0.5, 15.0
    given.max_velocity, given.max_acceleration, given.max_jerk = 1.0, 5.0, 50.0
    given.moving = MovingTarget.moving(belt)
    found = Interceptor(1).calculate(given)
    times = np.linspace(found.time, found.until, 1000)[:-1]
    np.testing.assert_allclose(found.trajectory.at_time(times)[0][:, 0], 0.3 * times, atol=1e-12)


def test_without_leaving_it_stays_with_the_target():
    given = random_pick(np.random.default_rng(1), accelerating=False, windows=False)
    given.leaves = False
    found = met(given)
    assert found.trajectory.duration == found.until
    later = found.until + 3.0
    np.testing.assert_allclose(found.trajectory.at_time(later)[0], target_at(given.moving, later)[0], atol=1e-9)


def test_a_trajectory_is_overwritten_and_second_order_axes_do_too():
    room = Trajectory()
    given = random_pick(np.random.default_rng(2), windows=False)
    first = Interceptor(3).calculate(given, room)
    assert first.trajectory is room
    given.max_jerk = np.inf
    quick = Interceptor(3).calculate(given, room)
    assert quick.time < first.time
    assert quick.trajectory.duration == room.duration
