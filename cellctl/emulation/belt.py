"""Where a belt is at any time, and when it will be somewhere: closed form over one ramp."""

from __future__ import annotations

import math

from cellctl.emulation.physics import Ramp


class Belt:
    """The travel of a belt in m, from the ramps of its motor. It stands at 0 until the first one."""

    def __init__(self, travel_per_rev: float) -> None:
        self._per_radian = travel_per_rev / math.tau
        self._travel = 0.0  # at the ramp's start
        self._start = 0.0
        self._speed = 0.0  # m/s at the ramp's start
        self._target = 0.0
        self._acceleration = 0.0  # signed, m/s^2
        self._duration = 0.0  # s until the target speed is reached

    def run(self, ramp: Ramp) -> None:
        """Follow ``ramp`` from its start on; the belt goes on from where it is then."""
        self._travel = self.travel(ramp.start)
        self._start = ramp.start
        self._speed = ramp.speed * self._per_radian
        self._target = ramp.target * self._per_radian
        change = self._target - self._speed
        rate = abs(ramp.acceleration) * self._per_radian
        if rate == 0.0 or change == 0.0:
            self._speed, self._acceleration, self._duration = self._target, 0.0, 0.0
        else:
            self._acceleration = math.copysign(rate, change)
            self._duration = change / self._acceleration

    def travel(self, time: float) -> float:
        """How far it has run (m) at ``time``, not before the last ramp's start."""
        elapsed = time - self._start
        ramped = min(elapsed, self._duration)
        return (
            self._travel
            + self._speed * ramped
            + self._acceleration * ramped * ramped / 2
            + self._target * (elapsed - ramped)
        )

    def speed(self, time: float) -> float:
        """m/s at ``time``."""
        elapsed = time - self._start
        return self._target if elapsed >= self._duration else self._speed + self._acceleration * elapsed

    def crossing(self, travel: float, after: float) -> float | None:
        """The first time later than ``after`` at which it has run exactly ``travel``; None: never by this ramp."""
        way = travel - self._travel
        found = [self._start + time for time in self._during_ramp(way)]
        ramped = self._speed * self._duration + self._acceleration * self._duration**2 / 2
        if self._target != 0.0 and (later := (way - ramped) / self._target) >= 0.0:
            found.append(self._start + self._duration + later)
        return min((time for time in found if time > after), default=None)

    def _during_ramp(self, way: float) -> list[float]:
        """Times since the ramp's start, within it, at which ``way`` (m) has been run."""
        a, v = self._acceleration, self._speed
        if self._duration == 0.0 or (under := v * v + 2 * a * way) < 0.0:
            return []
        root = math.sqrt(under)
        lean = -(v + math.copysign(root, v))  # the two roots of a t^2 / 2 + v t - way, without cancellation
        times = [lean / a]
        if lean != 0.0:
            times.append(-2 * way / lean)
        return [time for time in times if 0.0 <= time <= self._duration]
