"""Random belts for these tests, and brute force beside the planner: is there a motion of exactly T to the target?"""

import numpy as np

from cellctl.errors import UsageError
from cellctl.motion import InputParameter, Otg
from cellctl.motion.intercept import Interceptor, InterceptParameter, MovingTarget


def random_pick(rng, *, accelerating=True, windows=True, wall=None):
    """Three axes (m) and a belt of 50 to 400 mm/s, mostly with an acceleration that ends."""
    given = InterceptParameter(3)
    given.max_velocity, given.max_acceleration = rng.uniform(0.4, 2.5, 3), rng.uniform(2, 25, 3)
    given.max_jerk = rng.uniform(20, 400, 3)
    if rng.random() < 0.3:
        given.min_velocity, given.min_acceleration = -rng.uniform(0.4, 2.5, 3), -rng.uniform(2, 25, 3)
    low, high = given.limits.as_array(3).transpose(1, 0, 2)
    given.current_position = rng.uniform(-0.6, 0.6, 3)
    if rng.random() < 0.6:
        given.current_velocity = 0.9 * rng.uniform(low[1], high[1])
        speed = given.current_velocity
        given.current_acceleration = rng.uniform(
            np.maximum(low[2], -0.9 * np.sqrt(2 * given.max_jerk * (speed - low[1]))),
            np.minimum(high[2], 0.9 * np.sqrt(2 * given.max_jerk * (high[1] - speed))),
        )
    speed, final, acceleration = rng.uniform(0.05, 0.4) * rng.choice([1, -1]), None, 0.0
    if accelerating and rng.random() < 0.7:
        final = rng.uniform(0.05, 0.4) * rng.choice([1, 1, 1, -1])
        acceleration = rng.uniform(0.1, 3) * np.sign(final - speed)
    given.moving = MovingTarget.along(
        rng.uniform(-0.8, 0.5, 3),
        [1.0, 0.0, 0.0] if rng.random() < 0.5 else rng.normal(size=3),
        speed=speed,
        acceleration=acceleration,
        final_speed=final,
    )
    given.target_position = rng.uniform(-0.6, 0.6, 3)
    given.dwell = float(rng.choice([0, 0.05, 0.2]))
    if windows and rng.random() < 0.5:
        now = given.moving.direction @ given.moving.position
        given.upstream_limit, given.downstream_limit = sorted(now + rng.uniform(-0.1, 1.0, 2) * np.sign(speed))
    if windows and rng.random() < 0.3:
        given.earliest = rng.uniform(0, 1)
    if windows and rng.random() < 0.3:
        given.latest = given.earliest + rng.uniform(0.2, 2)
    if wall is not None:
        given.min_position, given.max_position = -wall, wall
    return given


def target_at(moving, t, *, before=False):
    """Position, velocity and acceleration of the target, told anew."""
    if moving.motion is not None:
        return moving.motion.at_time(float(t))
    ramp = min(t, moving.lasts)
    speeding = t <= moving.lasts if before else t < moving.lasts
    position = moving.data[0] + t * moving.data[1] + moving.data[2] * ramp * (t - 0.5 * ramp)
    return position, moving.data[1] + ramp * moving.data[2], moving.data[2] * speeding


def may_track(given, T):
    """Whether the axes can go along from T on, looked at in many moments."""
    moving, until = given.moving, T + given.dwell
    if given.earliest > T or until > given.latest or (T < moving.lasts < until and moving.data[2].any()):
        return False
    limits = given.limits.as_array(given.degrees_of_freedom)
    for t in np.linspace(T, until, 9):
        states = target_at(moving, t, before=moving.lasts > T)
        if any((x > top).any() or (x < bottom).any() for x, (bottom, top) in zip(states, limits[:3], strict=True)):
            return False
        if given.windowed and not given.pick.low <= moving.direction @ states[0] <= given.pick.high:
            return False
    return True


class BruteForce:
    """Asks the plain planner for motions of exact durations."""

    def __init__(self, given):
        self.given, self.otg = given, Otg(given.degrees_of_freedom)
        self.plain = InputParameter(given.degrees_of_freedom)
        self.plain.data[:], self.plain.room[:] = given.data, given.room
        self.plain.mirrored_velocity = self.plain.mirrored_acceleration = False
        low = given.limits.as_array(given.degrees_of_freedom)[1:3, 0]
        self.plain.min_velocity, self.plain.min_acceleration = low

    def can(self, T):
        plain = self.plain
        plain.target_position, plain.target_velocity, plain.target_acceleration = target_at(self.given.moving, T)
        plain.duration = T
        try:
            self.otg.calculate(plain)
        except UsageError:
            return False
        return True

    def first(self, times):
        """The first of some times at which it works, or None."""
        return next((float(T) for T in times if may_track(self.given, float(T)) and self.can(float(T))), None)


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
