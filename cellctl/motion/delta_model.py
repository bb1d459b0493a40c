"""What a delta robot is made of: three equal arms that carry a platform and keep it level (Clavel 1991)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cellctl.errors import UsageError


@dataclass(frozen=True, slots=True)
class DeltaModel:
    """Lengths of a delta robot (m), and the limits that its three joints share (rad, rad/s, rad/s^2).

    ``base_radius`` runs from the middle of the base to the axis of a motor, ``platform_radius`` from the middle of
    the platform to its joints; ``upper_arm`` is turned by a motor, ``forearm`` is the parallelogram. A joint is at
    zero where its upper arm is level, and turns down towards positive. Raises UsageError where it is no delta.
    """

    name: str
    base_radius: float
    platform_radius: float
    upper_arm: float
    forearm: float
    lower: float = -math.pi / 2
    upper: float = math.pi / 2
    speed: float = math.inf
    acceleration: float = math.inf
    sources: tuple[str, ...] = ()
    reach: float = math.inf
    payload: float = math.inf

    def __post_init__(self) -> None:
        for length in ("base_radius", "platform_radius", "upper_arm", "forearm"):
            if not 0 < getattr(self, length) < math.inf:
                raise UsageError(f"its {length} is {getattr(self, length):g} m", where=self.name, hint="It is above 0.")
        if self.forearm <= abs(self.base_radius - self.platform_radius):
            raise UsageError(
                f"its forearm of {self.forearm:g} m cannot bridge the radii of base and platform",
                where=self.name,
                hint=f"It must be longer than {abs(self.base_radius - self.platform_radius):g} m.",
            )
        if not -math.pi <= self.lower < self.upper <= math.pi:
            raise UsageError(
                f"its joint limits are {self.lower:g} and {self.upper:g} rad",
                where=self.name,
                hint="The lower one is below the upper one, and both are within a half turn.",
            )
        if not (self.speed > 0 and self.acceleration > 0 and self.payload > 0 and self.reach > 0):
            raise UsageError("its speed, acceleration, reach or payload is not above zero", where=self.name)

    @property
    def degrees_of_freedom(self) -> int:
        """How many joints it has."""
        return 3
