"""The moves of industrial arms, as ``plan_moves`` takes them, and what they may do at most.

A pose is told in the arm's base (m, rotation vector), joints are rad (or m, where one slides).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from cellctl.errors import UsageError
from cellctl.motion.pose import Pose
from cellctl.motion.trajectory import Limits


def _check_part(name: str, value: float) -> None:
    if not 0 < value <= 1:
        raise UsageError(f"{name} of {value:g}", hint="It is a part of the joint limits, above 0 and up to 1.")


def _check_most(name: str, value: float, unit: str) -> None:
    if not value > 0:
        raise UsageError(f"{name} of {value:g} {unit}", hint="It must be above zero; infinite where there is no limit.")


def _check_blend(blend: float) -> None:
    if not 0 <= blend < math.inf:
        raise UsageError(f"a blend of {blend:g} m", hint="It must be zero or above; with zero the arm stops there.")


@dataclass(frozen=True, slots=True)
class Ptp:
    """All joints at once, straight in joint space, to a pose or to joints.

    A pose is reached in the configuration nearest to where the arm is. ``blend`` (m) is how far from the target the
    tool may leave its way towards the next one; with 0 the arm stops. ``speed`` and ``acceleration`` are parts of the
    joint limits; the jerk falls with the acceleration.
    """

    target: Pose | Sequence[float]
    blend: float = field(default=0.0, kw_only=True)
    speed: float = field(default=1.0, kw_only=True)
    acceleration: float = field(default=1.0, kw_only=True)

    def __post_init__(self) -> None:
        _check_blend(self.blend)
        _check_part("a speed", self.speed)
        _check_part("an acceleration", self.acceleration)


@dataclass(frozen=True, slots=True)
class _Led:
    """What all moves that lead the tool have: ``speed`` (m/s) and ``acceleration`` (m/s²) of the tool point at most."""

    blend: float = field(default=0.0, kw_only=True)
    speed: float = field(default=math.inf, kw_only=True)
    acceleration: float = field(default=math.inf, kw_only=True)

    def __post_init__(self) -> None:
        _check_blend(self.blend)
        _check_most("a speed", self.speed, "m/s")
        _check_most("an acceleration", self.acceleration, "m/s²")


@dataclass(frozen=True, slots=True)
class Lin(_Led):
    """A straight line of the tool point to a pose, the orientation by the shortest turn, evenly."""

    target: Pose


@dataclass(frozen=True, slots=True)
class Circ(_Led):
    """An arc of the tool point through the position of ``via`` to a pose, the orientation as of ``Lin``."""

    via: Pose
    target: Pose


@dataclass(frozen=True, slots=True)
class Spline(_Led):
    """A smooth curve of the tool through poses, one after the other."""

    targets: Sequence[Pose]


Move: TypeAlias = Ptp | Lin | Circ | Spline


@dataclass(frozen=True, slots=True)
class MoveLimits:
    """What an arm may do at most: its joints, and its tool (m/s, m/s², rad/s, rad/s²; infinite: not limited).

    The limits of the tool hold where it is led: on ``Lin``, ``Circ`` and ``Spline`` and between them; with
    ``everywhere`` they hold on ``Ptp`` too, and on the blends with it. Position limits here narrow those of the arm.
    """

    joints: Limits
    linear_velocity: float = math.inf
    linear_acceleration: float = math.inf
    angular_velocity: float = math.inf
    angular_acceleration: float = math.inf
    everywhere: bool = False

    def __post_init__(self) -> None:
        _check_most("a linear velocity", self.linear_velocity, "m/s")
        _check_most("a linear acceleration", self.linear_acceleration, "m/s²")
        _check_most("an angular velocity", self.angular_velocity, "rad/s")
        _check_most("an angular acceleration", self.angular_acceleration, "rad/s²")
