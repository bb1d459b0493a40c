"""Where the arm goes: a straight line in joint space, or of the tool point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from cellctl.motion import Arm, Pose

Joints = tuple[float, ...]
_SAMPLES = 12


class Path(Protocol):
    """A path of ``length`` in its own unit: rad of the leading joint, or m of the tool point."""

    length: float
    straight: bool

    def joints(self, way: float) -> Joints:
        """Joint angles (rad) at ``way``."""
        ...

    def pose(self, way: float) -> Pose:
        """The tool point's pose in the base at ``way``."""
        ...

    def rates(self, way: float) -> Joints:
        """Joint angles per unit of way."""
        ...


class JointPath:
    """All joints start and end together; its length is that of the joint that turns most."""

    straight = False

    def __init__(self, arm: Arm, start: Joints, turn: Sequence[float]) -> None:
        self._arm = arm
        self._start = start
        self.length = max(abs(angle) for angle in turn)
        self._rates = tuple(angle / self.length if self.length else 0.0 for angle in turn)

    def joints(self, way: float) -> Joints:
        """Joint angles (rad) at ``way``."""
        return tuple([angle + way * rate for angle, rate in zip(self._start, self._rates, strict=True)])

    def pose(self, way: float) -> Pose:
        """The tool point's pose at ``way``."""
        return self._arm.forward(self.joints(way))

    def rates(self, way: float) -> Joints:
        """Joint angles per rad of the leading joint."""
        return self._rates


class LinePath:
    """The tool point on a straight line, turning evenly. Raises ValueError where a pose on it is out of reach."""

    straight = True

    def __init__(self, arm: Arm, start: Joints, target: Pose) -> None:
        self._arm = arm
        self._from = arm.forward(start)
        self._to = target
        way, angle = self._from.distance(target)
        self.length = max(way, angle)  # a turn in place: rad take the place of m
        turn = self._from.inverse() @ target
        self._turn = (turn.rx, turn.ry, turn.rz)
        self._turned = Pose(0.0, 0.0, 0.0, self._from.rx, self._from.ry, self._from.rz)
        self._samples = [start]
        for index in range(1, _SAMPLES + 1):
            joints = arm.nearest(self.pose(self.length * index / _SAMPLES), self._samples[-1])
            if joints is None or not arm.within_limits(joints):
                raise ValueError("out of reach")
            self._samples.append(joints)

    def joints(self, way: float) -> Joints:
        """Joint angles (rad) at ``way``, on the branch that the path began on."""
        if self.length == 0.0 or way <= 0.0:
            return self._samples[0]
        at = min(way / self.length, 1.0) * _SAMPLES
        index = min(int(at), _SAMPLES - 1)
        part = at - index
        seed = tuple([a + part * (b - a) for a, b in zip(self._samples[index], self._samples[index + 1], strict=True)])
        return self._arm.nearest(self.pose(way), seed) or seed

    def pose(self, way: float) -> Pose:
        """The tool point's pose at ``way``."""
        part = min(way / self.length, 1.0) if self.length else 0.0
        rx, ry, rz = self._turn
        x, y, z = self._from[:3]
        turned = self._turned @ Pose(0.0, 0.0, 0.0, part * rx, part * ry, part * rz)
        return Pose(
            x + part * (self._to[0] - x), y + part * (self._to[1] - y), z + part * (self._to[2] - z), *turned[3:]
        )

    def rates(self, way: float) -> Joints:
        """Joint angles per m of the tool point, by difference."""
        step = self.length * 1e-4
        if step == 0.0:
            return (0.0,) * 6
        low, high = max(way - step, 0.0), min(way + step, self.length)
        return tuple([(b - a) / (high - low) for a, b in zip(self.joints(low), self.joints(high), strict=True)])

    def speed_limit(self, joint_speeds: Sequence[float]) -> float:
        """The greatest speed of the tool point (m/s) at which no joint is faster than it can be."""
        limit = math.inf
        for before, after in zip(self._samples, self._samples[1:], strict=False):
            for a, b, most in zip(before, after, joint_speeds, strict=True):
                if b != a:
                    limit = min(limit, most * self.length / _SAMPLES / abs(b - a))
        return limit
