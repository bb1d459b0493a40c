"""The earliest interception beside brute force over times, and beside ruckig."""

import numpy as np
import pytest

from cellctl.errors import UsageError
from cellctl.motion import ControlInterface, InputParameter, Otg
from cellctl.motion.intercept import Interceptor, InterceptParameter, MovingTarget

from .belts import BruteForce, met, random_pick, target_at


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


def test_second_order_axes_beside_brute_force():
    rng, found = np.random.default_rng(9), 0
    for _ in range(60):
        given = random_pick(rng)
        given.max_jerk, given.current_acceleration = np.inf, 0.0
        try:
            ours = Interceptor(3).calculate(given)
            assert ours.trajectory.certify(given.limits).holds()
        except UsageError:
            ours = None
        end = ours.time * (1 - 1e-7) if ours else min(given.latest, 4.0)
        assert BruteForce(given).first(np.append(np.linspace(0, end, 60), end)) is None
        found += ours is not None
    assert found > 30
