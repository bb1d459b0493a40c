"""What may be asked of an interception, what is refused and in which words."""

import re

import numpy as np
import pytest

from cellctl.errors import UsageError
from cellctl.motion import Trajectory
from cellctl.motion.intercept import Interceptor, InterceptParameter, MovingTarget


def simple(**belt):
    given = InterceptParameter(2)
    given.current_position = [0.0, 0.2]
    given.max_velocity, given.max_acceleration, given.max_jerk = 1.0, 5.0, 50.0
    given.moving = MovingTarget.along([-0.3, 0.0], [1.0, 0.0], **{"speed": 0.3, **belt})
    given.upstream_limit, given.downstream_limit = -0.2, 0.6
    given.dwell = 0.2
    return given


def refused(given, words):
    with pytest.raises(UsageError, match=words):
        Interceptor(2).calculate(given)


def test_the_window_has_been_left_or_is_not_open_yet_or_never():
    given = simple()
    given.earliest = 4.0
    refused(given, r"it has left it at 3 s")
    given.earliest, given.latest = 0.0, 0.3
    refused(given, r"it comes into it at 0.333333 s.*later time")
    given = simple(speed=-0.3)
    refused(given, "it never comes into it")


def test_an_axis_that_is_late_says_by_how_much_and_how_fast_it_would_have_to_be():
    given = simple()
    given.current_position = [0.0, 1.2]
    given.latest = 1.0
    with pytest.raises(UsageError) as refusal:
        Interceptor(2).calculate(given)
    words = str(refusal.value)
    assert "axis 1: it is with the target at" in words
    assert "must begin by 0.8 s" in words
    factor = float(re.search(r"([\d.]+) times as fast", words)[1]) * (1 + 1e-3)
    given.max_velocity *= factor
    given.max_acceleration *= factor**2
    given.max_jerk *= factor**3
    assert Interceptor(2).calculate(given).time <= 0.8
    given = simple()
    given.current_position = [0.0, 1.2]
    given.latest = 1.0
    given.max_velocity *= factor * 0.995
    given.max_acceleration *= (factor * 0.995) ** 2
    given.max_jerk *= (factor * 0.995) ** 3
    refused(given, "axis 1: it is with the target")


def test_a_belt_that_is_too_fast():
    refused(simple(speed=1.5), r"axis 0: the target's velocity of 1.5 at .* beyond the limit 1: .* 1.5 times")
    refused(simple(acceleration=6.0), r"axis 0: the target's acceleration of 6")
    given = simple()
    given.max_position = [0.1, -0.1]
    given.min_position = [-9.0, -9.0]
    given.target_position = [0.0, -0.2]
    refused(given, r"axis 1: the target's position 0 at .* beyond the limit -0.1")


def test_a_dwell_that_does_not_fit():
    given = simple()
    given.dwell = 3.0
    refused(given, r"for 3 s does not fit .* longest time .* is 2.66667 s, from 0.333333 s on")
    given = simple(acceleration=0.5, final_speed=0.5)
    given.dwell = 2.2  # the ramp ends at 0.4 s
    refused(given, "jump in the target's acceleration")


def test_walls_that_forbid_the_start_or_leaving():
    given = simple()
    given.current_velocity = [0.0, 0.9]
    given.max_position = [9.0, 0.25]
    given.min_position = -9.0
    refused(given, r"axis 1: at current_velocity 0.9 it cannot stop before max_position 0.25: it goes")
    given = simple()
    given.max_position, given.min_position = [0.05, 9.0], -9.0
    given.upstream_limit = 0.0
    given.dwell = 0.16
    refused(given, r"axis 0: it can be with the target at .* but not leave it at .* beyond its position limit")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none(value):
    for name in ("current_position", "target_velocity", "current_acceleration"):
        given = simple()
        getattr(given, name)[1] = value
        refused(given, f"axis 1: {name} is")
    for row in range(3):
        given = simple()
        given.moving.data[row, 1] = value
        refused(given, "the moving target has a number that is not finite")
    for name in ("earliest", "dwell", "latest", "upstream_limit"):
        given = simple()
        if np.isnan(value):
            with pytest.raises(UsageError, match="NaN"):
                setattr(given, name, value)
            continue
        setattr(given, name, value)
        if (name, value) not in (("latest", np.inf), ("upstream_limit", -np.inf)):
            refused(given, "a pick")
    given = simple()
    given.max_jerk = [50.0, value]
    if value != np.inf:
        refused(given, "axis 1: max_jerk is")


def test_shapes_and_choices():
    with pytest.raises(UsageError, match="direction"):
        MovingTarget.along([0, 0], [0, 0], speed=1.0)
    with pytest.raises(UsageError, match="direction"):
        MovingTarget.along([0, 0], [1, 0, 0], speed=1.0)
    with pytest.raises(UsageError, match="never comes"):
        MovingTarget.along([0, 0], [1, 0], speed=0.3, acceleration=-1.0, final_speed=0.5)
    with pytest.raises(ValueError, match="axes"):
        Interceptor(3).calculate(simple())
    given = simple()
    given.moving = MovingTarget(3)
    with pytest.raises(ValueError, match="axes"):
        Interceptor(2).calculate(given)
    given = simple()
    given.enabled = [True, False]
    with pytest.raises(ValueError, match="enabled"):
        Interceptor(2).calculate(given)
    with pytest.raises(ValueError, match="own trajectory"):
        given, motion = simple(), Trajectory()
        given.moving = MovingTarget.moving(Interceptor(2).calculate(given, motion).trajectory)
        given.upstream_limit = given.downstream_limit = None
        Interceptor(2).calculate(given, motion)


def odd_request(rng):
    odd = np.array([0.0, -0.0, 5e-324, 1e-310, 1e-300, 1e-20, 1e-9, 1.0, 3.0, 1e9, 1e20, 1e150, 1e300, 1.7e308])
    plain = rng.random() < 0.7

    def some(*shape):
        return rng.normal(size=shape) if plain else rng.choice(odd, shape) * rng.choice([-1, 1], shape)

    given = InterceptParameter(2)
    given.data[:6] = some(6, 2)
    given.data[4:6] *= 0.2
    given.data[6:] = np.abs(some(5, 2)) + plain
    given.moving.data[:] = some(3, 2) * 0.2
    given.moving.lasts = abs(float(rng.choice(odd)))
    given.moving.direction[:] = [1.0, 0.0]
    given.dwell, given.earliest = abs(float(rng.choice(odd[:7]))), abs(float(rng.choice(odd[:9])))
    if rng.random() < 0.3:
        given.upstream_limit, given.downstream_limit = sorted(some(2))
    if rng.random() < 0.3:
        given.room[:] = np.sort(some(2, 2), axis=0)
    if rng.random() < 0.5:
        row = [0, 1, 2, 6, 8, 10, 11, 12, 13][rng.integers(9)]
        rows = given.data if row < 11 else given.moving.data
        rows[row % 11, rng.integers(2)] = rng.choice(odd)
    return given


def test_odd_numbers_are_answered_or_refused():
    rng, answered = np.random.default_rng(1), 0
    for _ in range(3000):
        given = odd_request(rng)
        try:
            found = Interceptor(2).calculate(given)
        except UsageError:
            continue
        answered += 1
        assert found.until >= found.time >= given.earliest
        assert found.trajectory.duration >= found.until
    assert answered > 300
