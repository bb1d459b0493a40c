"""What an arm is made of: joints in a row, from its base to its flange.

A model is made from a Denavit-Hartenberg table, standard or modified, from a URDF file (urdf.py), or from joints.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from cellctl.errors import UsageError
from cellctl.motion.inertia import Inertia
from cellctl.motion.pose import Pose

IDENTITY: Final = Pose()
MOST_JOINTS: Final = 16  # as CHAIN_MOST in ext/chain.h


class JointType(StrEnum):
    """How a joint moves: about its axis (rad), or along it (m)."""

    REVOLUTE = "revolute"
    PRISMATIC = "prismatic"


@dataclass(frozen=True, slots=True)
class Joint:
    """One joint: where it sits, how it moves, how far and how fast, and the link that moves with it.

    ``placement`` is the joint's frame in the frame of the joint before it (for the first one, in the base) where
    this joint is at zero; ``axis`` is told in the joint's frame. Limits are rad and rad/s, or m and m/s;
    ``effort`` is N m or N. ``inertia`` is the link's, told in the joint's frame.
    """

    name: str
    placement: Pose = IDENTITY
    axis: tuple[float, float, float] = (0.0, 0.0, 1.0)
    type: JointType = JointType.REVOLUTE
    lower: float = -math.inf
    upper: float = math.inf
    speed: float = math.inf
    acceleration: float = math.inf
    effort: float = math.inf
    inertia: Inertia = field(default_factory=Inertia)

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "type", JointType(self.type))
        except ValueError:
            kinds = ", ".join(JointType)
            raise UsageError(f"joint {self.name} is {self.type!r}", hint=f"Its type is one of {kinds}.") from None


@dataclass(frozen=True, slots=True)
class RobotModel:
    """A chain of joints. ``flange`` is told in the frame of the last joint. Raises UsageError where it is no arm."""

    name: str
    joints: tuple[Joint, ...]
    flange: Pose = IDENTITY
    sources: tuple[str, ...] = ()
    reach: float = math.inf
    payload: float = math.inf

    def __post_init__(self) -> None:
        object.__setattr__(self, "joints", tuple(self.joints))
        object.__setattr__(self, "sources", tuple(self.sources))
        if not 1 <= len(self.joints) <= MOST_JOINTS:
            raise UsageError(f"{len(self.joints)} joints; an arm has 1 to {MOST_JOINTS}", where=self.name)
        names = [joint.name for joint in self.joints]
        if len(set(names)) < len(names):
            raise UsageError(f"two of its joints have one name: {', '.join(names)}", where=self.name)
        if not (all(map(math.isfinite, self.flange)) and self.reach > 0 and self.payload >= 0):
            raise UsageError("its flange is not finite, or its reach or payload is below zero", where=self.name)
        for joint in self.joints:
            check_joint(joint, f"{self.name}, joint {joint.name}")

    @property
    def degrees_of_freedom(self) -> int:
        """How many joints it has."""
        return len(self.joints)

    def limited(self, lower: Sequence[float], upper: Sequence[float]) -> RobotModel:
        """The same arm with these joint limits (rad or m), one number a joint. Raises UsageError."""
        if not len(lower) == len(upper) == len(self.joints):
            raise UsageError(
                f"{len(lower)} lower and {len(upper)} upper limits for {len(self.joints)} joints", where=self.name
            )
        pairs = zip(self.joints, lower, upper, strict=True)
        return replace(self, joints=tuple(replace(joint, lower=low, upper=high) for joint, low, high in pairs))

    @classmethod
    def from_dh(
        cls,
        name: str,
        rows: Sequence[Sequence[float]],
        joints: Sequence[Joint] | None = None,
        *,
        base: Pose = IDENTITY,
        flange: Pose = IDENTITY,
        sources: tuple[str, ...] = (),
    ) -> RobotModel:
        """From a standard Denavit-Hartenberg table: rows (a, alpha, d, theta) in m and rad.

        Link i is Rz(theta) Tz(d) Tx(a) Rx(alpha); a revolute joint adds to theta, a prismatic one to d.
        ``joints`` brings names, types and limits; the inertia of its links is told in the frames of the table (frame
        i lies at the far end of link i). (Denavit and Hartenberg 1955, as in Siciliano et al., Robotics, 2.8.2.)
        """
        given = _named(joints, len(rows))
        placed: list[Joint] = []
        before = base
        for row, joint in zip(_table(name, rows), given, strict=True):
            a, alpha, d, theta = row
            link = Pose(0, 0, d) @ Pose(a, 0, 0, alpha)
            placed.append(
                replace(joint, placement=before @ Pose(rz=theta), axis=(0, 0, 1), inertia=joint.inertia.seen_from(link))
            )
            before = link
        return cls(name, tuple(placed), before @ flange, sources)

    @classmethod
    def from_modified_dh(
        cls,
        name: str,
        rows: Sequence[Sequence[float]],
        joints: Sequence[Joint] | None = None,
        *,
        base: Pose = IDENTITY,
        flange: Pose = IDENTITY,
        sources: tuple[str, ...] = (),
    ) -> RobotModel:
        """From a modified table (Craig, Introduction to Robotics, 3.4): rows (a, alpha, d, theta) in m and rad.

        Link i is Rx(alpha) Tx(a) Rz(theta) Tz(d), with a and alpha of the link before. The inertia of the links is told
        in the frames of the table (frame i lies on joint i).
        """
        given = _named(joints, len(rows))
        placed: list[Joint] = []
        before = base
        for row, joint in zip(_table(name, rows), given, strict=True):
            a, alpha, d, theta = row
            start, along = Pose(0, 0, 0, alpha) @ Pose(a, 0, 0), Pose(0, 0, d)
            frame = before @ start @ along @ Pose(rz=theta)
            placed.append(replace(joint, placement=frame, axis=(0, 0, 1)))
            before = Pose()
        return cls(name, tuple(placed), before @ flange, sources)

    @classmethod
    def from_urdf(cls, source: str | Path, base: str | None = None, tip: str | None = None) -> RobotModel:
        """From a URDF, a text or a file: the joints between two links (see urdf.py). Raises UsageError."""
        from cellctl.motion.urdf import from_urdf

        return from_urdf(source, base, tip)


def _named(joints: Sequence[Joint] | None, count: int) -> Sequence[Joint]:
    if joints is None:
        return [Joint(f"joint_{i + 1}") for i in range(count)]
    if len(joints) != count:
        raise UsageError(f"a table of {count} rows for {len(joints)} joints")
    return joints


def _table(name: str, rows: Sequence[Sequence[float]]) -> list[tuple[float, float, float, float]]:
    table: list[tuple[float, float, float, float]] = []
    for i, row in enumerate(rows):
        if len(row) != 4 or not _finite(row):
            raise UsageError(
                f"row {i + 1} of the table is {tuple(row)}",
                where=name,
                hint="It needs a (m), alpha (rad), d (m), theta (rad).",
            )
        a, alpha, d, theta = row
        table.append((a, alpha, d, theta))
    return table


def _finite(row: Sequence[float]) -> bool:
    try:
        return all(map(math.isfinite, row))
    except TypeError:  # text
        return False


def check_joint(joint: Joint, where: str) -> None:
    """Raise UsageError where that is no joint."""
    if not all(math.isfinite(each) for each in (*joint.placement, *joint.axis)):
        raise UsageError("its placement or its axis is not finite", where=where)
    if not abs(math.hypot(*joint.axis) - 1) < 1e-6:
        raise UsageError(f"its axis {joint.axis} does not have the length 1", where=where)
    if not joint.lower <= joint.upper:
        raise UsageError(f"its lower limit {joint.lower:g} is above its upper limit {joint.upper:g}", where=where)
    if not (joint.speed > 0 and joint.acceleration > 0 and joint.effort >= 0):
        raise UsageError("its speed, acceleration or effort is not above zero", where=where)
