"""The emulated motor's shaft: speed and angle in closed form, told to the plant when a ramp begins."""

from __future__ import annotations

import math
from collections.abc import Callable

from cellctl.emulation.physics import Ramp

REST = 1e-9  # rad/s


class Shaft:
    """A shaft that changes its speed by straight ramps. Speeds in rad/s, accelerations in rad/s^2."""

    def __init__(self, tell: Callable[[Ramp], None]) -> None:
        self._tell = tell
        self.ramp = Ramp(start=0.0, angle=0.0, speed=0.0, target=0.0, acceleration=0.0)

    def speed(self, now: float) -> float:
        """The speed at ``now``, which must not be before the last ramp."""
        ramp = self.ramp
        change = ramp.target - ramp.speed
        gained = ramp.acceleration * (now - ramp.start)
        if ramp.acceleration <= 0 or gained >= abs(change):
            return ramp.target
        return ramp.speed + math.copysign(gained, change)

    def angle(self, now: float) -> float:
        """The angle at ``now`` in rad, counted from the first ramp."""
        ramp = self.ramp
        elapsed = now - ramp.start
        duration = abs(ramp.target - ramp.speed) / ramp.acceleration if ramp.acceleration > 0 else 0.0
        if elapsed <= duration:
            return ramp.angle + (ramp.speed + self.speed(now)) / 2 * elapsed
        return ramp.angle + (ramp.speed + ramp.target) / 2 * duration + ramp.target * (elapsed - duration)

    def at_rest(self, now: float) -> bool:
        """Whether it stands, and will."""
        return abs(self.ramp.target) < REST and abs(self.speed(now)) < REST

    def on_target(self, now: float) -> bool:
        """Whether the ramp is over."""
        return abs(self.speed(now) - self.ramp.target) < REST

    def go(self, target: float, acceleration: float, now: float) -> None:
        """Begin a ramp to ``target`` (acceleration 0: at once), unless that very one runs already."""
        if self.on_target(now) and abs(target - self.ramp.target) < REST:
            return
        if (target, acceleration) == (self.ramp.target, self.ramp.acceleration):
            return
        self.ramp = Ramp(now, self.angle(now), self.speed(now), target, acceleration)
        self._tell(self.ramp)
