"""The earliest interception beside brute force, and its properties."""

import numpy as np
import pytest
from hypothesis import given as each
from hypothesis import settings
from hypothesis import strategies as st

from cellctl.errors import UsageError
from cellctl.motion import ControlInterface, InputParameter, Otg, Trajectory
from cellctl.motion.intercept import Interceptor, InterceptParameter, MovingTarget

from .belts import BruteForce, random_pick, target_at

seeds = st.integers(0, 2**32 - 1)


def met(given):
    """The interception, or None; what it promises is checked."""
    try:
        found = Interceptor(given.degrees_of_freedom).calculate(given)
    except UsageError:
        return None
    trajectory = found.trajectory
    assert trajectory.certify(given.limits).holds()
    times = np.append(np.linspace(found.time, found.until, 6)[:-1], np.nextafter(found.until, 0))
    for t in [float(max(found.time, moment)) for moment in times] if given.dwell else [found.time]:
        before = found.time < given.moving.lasts <= found.until and t >= given.moving.lasts * (1 - 1e-12)
        for ours, theirs in zip(trajectory.at_time(t), target_at(given.moving, t, before=before), strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-9, rtol=1e-9)
    if given.leaves:
        np.testing.assert_allclose(trajectory.at_time(trajectory.duration)[0], given.target_position, atol=1e-12)
    _joins_up(trajectory)
    return found


def _joins_up(trajectory):
    pieces, ends = trajectory._pieces()
    for table, end in zip(pieces, ends, strict=True):
        t, h, p, v, a, j = table.T
        after = np.stack([t + h, p + h * (v + h * (a / 2 + h * j / 6)), v + h * (a + h * j / 2), a + h * j])
        start = np.concatenate([table[1:, [0, 2, 3, 4]], [end]]).T
        np.testing.assert_allclose(after, start, atol=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_missed_that_brute_force_finds(seed):
    rng, found = np.random.default_rng(seed), 0
    for _ in range(80):
        given = random_pick(rng)
        ours = met(given)
        end = ours.time * (1 - 1e-7) if ours else min(given.latest, 5.0)
        brute = BruteForce(given).first(np.append(np.linspace(0, end, 120), end))
        assert brute is None, (brute, ours)
        found += ours is not None
    assert found > 40


def short_runway(rng):
    """A target that comes from behind the wall at which the axis stands: it goes back to the wall to take its run."""
    given = InterceptParameter(1)
    given.max_velocity, given.max_acceleration, given.max_jerk = rng.uniform((0.5, 2, 20), (2, 10, 100))
    given.current_position = rng.uniform(0.001, 0.05)
    given.current_velocity = 0.1 * rng.uniform(0, 1)
    given.min_position, given.max_position = 0.0, 1.0
    speed = rng.uniform(0.2, 0.45)
    given.moving = MovingTarget.along(
        [rng.uniform(-0.4, 0)], [1.0], speed=speed, acceleration=rng.choice([0, 0.2]), final_speed=None
    )
    given.target_position, given.dwell = 0.5, 0.05
    return given


def test_nothing_is_missed_between_walls():
    rng, found, touched = np.random.default_rng(5), 0, 0
    for _ in range(80):
        given = short_runway(rng)
        ours = met(given)
        end = ours.time * (1 - 1e-6) if ours else 4.0
        assert BruteForce(given).first(np.append(np.linspace(0, end, 30), end)) is None
        found += ours is not None
        touched += ours is not None and abs(ours.trajectory.bounding_box()[0, 0]) < 1e-9
    assert found > 70
    assert touched > 10


def test_walls_that_do_not_matter_change_nothing():
    rng = np.random.default_rng(6)
    for _ in range(50):
        given = random_pick(rng, windows=False)
        free = met(given)
        given.min_position, given.max_position = -9.0, 9.0
        assert free == pytest.approx(met(given)) if free is None else free[1:] == pytest.approx(met(given)[1:])


def test_a_thousand_belts_are_met_where_the_plain_planner_can():
    rng, found = np.random.default_rng(11), 0
    for _ in range(1000):
        given = random_pick(rng)
        ours = met(given)
        if ours is None:
            continue
        found += 1
        brute = BruteForce(given)
        if ours.axis >= 0:  # an axis decides: not a hair sooner
            assert not brute.can(ours.time * (1 - 1e-7))
        if not given.moving.data[2].any() or ours.time < given.moving.lasts:
            assert brute.can(ours.time * (1 + 1e-12))
    assert found > 600


def of_ruckig(given, T):
    """Whether ruckig has a motion of exactly T."""
    ruckig = pytest.importorskip("ruckig")
    ask, answer = ruckig.InputParameter(3), ruckig.Trajectory(3)
    for name in ("current_position", "current_velocity", "current_acceleration", "max_velocity", "max_acceleration"):
        setattr(ask, name, getattr(given, name))
    ask.max_jerk = given.max_jerk
    limits = given.limits.as_array(3)
    ask.min_velocity, ask.min_acceleration = limits[1, 0], limits[2, 0]
    ask.target_position, ask.target_velocity, ask.target_acceleration = target_at(given.moving, T)
    ask.minimum_duration = T
    result = ruckig.Ruckig(3, 0.01).calculate(ask, answer)
    return result == ruckig.Result.Working and answer.duration <= T * (1 + 1e-9)


def test_ruckig_agrees_on_the_earliest_time():
    rng, checked = np.random.default_rng(21), 0
    for _ in range(150):
        given = random_pick(rng, windows=False)
        given.dwell = 0.0
        ours = met(given)
        if ours is None or ours.axis < 0:
            continue
        checked += 1
        assert not of_ruckig(given, ours.time * (1 - 1e-6))
        assert of_ruckig(given, ours.time * (1 + 1e-6))
    assert checked > 100


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
    # where the window decides, the axes take their time: it is kept, but the axes may have had more time than that
    assert again.time + after == pytest.approx(max(ours.time, after), abs=1e-7)
    assert again.until + after == pytest.approx(max(ours.until, after), abs=1e-7)


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


def test_belts_with_limited_jerk_beside_brute_force():
    rng, found = np.random.default_rng(8), 0
    for _ in range(60):
        given = random_pick(rng, accelerating=False, windows=False)
        belt = InputParameter(3)
        belt.current_position, belt.current_velocity = given.moving.position, given.moving.velocity
        belt.control_interface = ControlInterface.VELOCITY
        belt.target_velocity = given.moving.velocity * rng.uniform(-0.5, 2)
        belt.max_velocity, belt.max_acceleration, belt.max_jerk = 1.0, 0.8, rng.uniform(1, 8)
        given.moving = MovingTarget.moving(Otg(3).calculate(belt))
        ours = met(given)
        end = ours.time * (1 - 1e-7) if ours else 4.0
        assert BruteForce(given).first(np.append(np.linspace(0, end, 60), end)) is None
        found += ours is not None
    assert found > 40


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
