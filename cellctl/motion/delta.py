"""The delta robot: three arms, a third of a turn apart, carry a platform that never tilts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellctl.errors import UsageError
from cellctl.motion._delta import Kernel
from cellctl.motion.delta_model import DeltaModel
from cellctl.motion.given import output, row, rows
from cellctl.motion.model import Joint
from cellctl.motion.pose import Pose

Floats = NDArray[np.float64]
Joints = tuple[float, ...]

MOST_BRANCHES: Final = 8
#: How far (rad) a pose may be tilted, or turned where nothing turns, and still be answered.
TILT: Final = 1e-7

_NO_TOOL: Final = Pose()
_STRAIGHT: Final = 1e-9  # knees whose product of bends (m⁴) is nearer to zero are not told apart

#: As DeltaStatus in ext/delta_arm.h.
_REASONS: Final = {
    1: "the forearms do not meet",
    2: "the knees lie on one line, so the platform's place is open",
    3: "the forearms lie in one plane or in parallel, so the platform gives way though the arms are held",
}


class DeltaArm:
    """A delta robot with its tool: joint angles in rad, poses of the tool point in the base, whose z is up.

    Arm 1 lies along the x axis, arms 2 and 3 follow a third of a turn apart, counterclockwise seen from above.
    ``turn`` is a fourth joint, where there is one: it turns the flange on the platform about z. Batches are rows of
    joints, and of x, y, z (m) and that turn (rad) of the flange.
    """

    def __init__(
        self,
        model: DeltaModel,
        tool: Pose = Pose(),  # noqa: B008 - a pose cannot be changed
        turn: Joint | None = None,
    ) -> None:
        self.name = model.name
        self.model = model
        self.tool = tool
        self.turn = turn
        self._untool = tool.inverse()
        self._kernel = Kernel(model.base_radius, model.platform_radius, model.upper_arm, model.forearm)

    @property
    def degrees_of_freedom(self) -> int:
        """3, or 4 where the flange turns."""
        return 3 if self.turn is None else 4

    @property
    def joint_limits(self) -> tuple[tuple[float, float], ...]:
        """Least and greatest angle of each joint (rad)."""
        turn = () if self.turn is None else ((self.turn.lower, self.turn.upper),)
        return ((self.model.lower, self.model.upper),) * 3 + turn

    @property
    def joint_speeds(self) -> Joints:
        """The greatest speed of each joint (rad/s)."""
        return (self.model.speed,) * 3 + (() if self.turn is None else (self.turn.speed,))

    def within_limits(self, joints: Sequence[float]) -> bool:
        """Whether every joint is within its limits. Raises UsageError where these are no joints of this arm."""
        limits = zip(self._row(joints).tolist(), self.joint_limits, strict=True)
        return all(low <= angle <= high for angle, (low, high) in limits)

    def forward(self, joints: Sequence[float]) -> Pose:
        """The tool point's pose. Raises UsageError where the platform has no place, or more than one."""
        angles = self._row(joints)
        status, x, y, z = self._kernel.forward(float(angles[0]), float(angles[1]), float(angles[2]))
        self._refuse(status, angles)
        turn = float(angles[3]) if len(angles) > 3 else 0.0
        flange = Pose(x, y, z, rz=math.remainder(turn, math.tau))
        return flange if self.tool == _NO_TOOL else flange @ self.tool

    def inverse(self, pose: Pose) -> list[Joints]:
        """Every way to reach ``pose``, all knees outward first: up to eight rows, each angle in [-π, π].

        None where it is out of reach: too far, too near, tilted, or turned where nothing turns. A pose within 0.1 µm of
        the rim of the reach is answered at the rim. Every row is one that ``forward`` answers with the pose, so one
        that would have the platform above its knees is left out.
        """
        if not all(math.isfinite(each) for each in pose):
            raise UsageError(f"{pose} is not finite", where=self.name)
        flange = pose if self.tool == _NO_TOOL else pose @ self._untool
        w, x, y, z = flange.quaternion()
        if 2 * math.hypot(x, y) > TILT or (self.turn is None and 2 * abs(z) > TILT):
            return []
        turn = () if self.turn is None else (math.remainder(2 * math.atan2(z, w), math.tau),)
        return [found + turn for found in self._kernel.inverse(flange.x, flange.y, flange.z)]

    def nearest(self, pose: Pose, seed: Sequence[float]) -> Joints | None:
        """The way to reach ``pose`` from ``seed`` within the limits, full turns included; None where there is none.

        Each arm keeps its knee bent the same way where it can, because in between it is stretched or folded; then it is
        the least sum of squared turns. Raises UsageError where the pose is not finite or the seed is none of this arm.
        """
        start = tuple(row(seed, "seed", self.name, width=self.degrees_of_freedom).tolist())
        bent = self._bends(start)
        best: tuple[tuple[int, float], Joints] | None = None
        for found in self.inverse(pose):
            way = self._brought(found, start)
            if way is None:
                continue
            changed = sum(a * b < -_STRAIGHT for a, b in zip(bent, self._bends(way), strict=True))
            cost = changed, sum((a - b) ** 2 for a, b in zip(way, start, strict=True))
            if best is None or cost < best[0]:
                best = cost, way
        return None if best is None else best[1]

    def jacobian(self, joints: ArrayLike, out: Floats | None = None) -> Floats:
        """Velocity of the flange by joint speeds: rows m/s (and rad/s of the turn). Shape (3, 3) or (4, 4).

        Raises UsageError where the platform is loose: it has speeds that no joint holds.
        """
        angles = self._row(joints)
        made = output(out, (len(angles), len(angles)))
        self._refuse(self._kernel.jacobian(angles, made), angles)
        return made

    def manipulability(self, joints: ArrayLike) -> float:
        """The size of the determinant of the three arms' Jacobian (m³).

        It is 0 where an arm is stretched or folded, so that the platform cannot move one way, and infinite where it is
        loose. Raises UsageError where the platform has no place.
        """
        angles = self._row(joints)
        status, size = self._kernel.manipulability(angles)
        self._refuse(status, angles)
        return size

    def forward_batch(self, joints: ArrayLike, out: Floats | None = None) -> Floats:
        """Places of the flange for many joint angles; NaN where it has none. Shape (n, dof) in and out."""
        angles = rows(joints, "joints", self.name, width=self.degrees_of_freedom)
        made = output(out, angles.shape)
        self._kernel.forward_batch(angles, made)
        return made

    def inverse_batch(
        self, places: ArrayLike, out: Floats | None = None, counts: NDArray[np.intc] | None = None
    ) -> tuple[Floats, NDArray[np.intc]]:
        """Every branch for many places of the flange: (n, dof) to (n, 8, dof), and how many of the eight rows count.

        Rows beyond the count are not written; they are NaN where ``out`` is not given.
        """
        wanted = rows(places, "places", self.name, width=self.degrees_of_freedom)
        shape = (len(wanted), MOST_BRANCHES, self.degrees_of_freedom)
        made = np.full(shape, np.nan) if out is None else output(out, shape)
        many = output(counts, (len(wanted),), "counts", dtype=np.intc)
        self._kernel.inverse_batch(wanted, made, many)
        return made, many

    def _bends(self, joints: Joints) -> tuple[float, ...]:
        """How far each knee is bent, by the sign outward or inward (m²); 0 where the platform has no place."""
        status, x, y, z = self._kernel.forward(*joints[:3])
        if status:
            return (0.0, 0.0, 0.0)
        upper, hip = self.model.upper_arm, self.model.base_radius - self.model.platform_radius
        bends: list[float] = []
        for k, angle in enumerate(joints[:3]):
            c, s = math.cos(angle), math.sin(angle)
            out = x * math.cos(math.tau * k / 3) + y * math.sin(math.tau * k / 3) - hip - upper * c
            bends.append(-upper * (out * s + (z + upper * s) * c))
        return tuple(bends)

    def _brought(self, joints: Joints, start: Joints) -> Joints | None:
        """The same joints, by full turns next to the start and within the limits."""
        brought: list[float] = []
        for angle, near, (low, high) in zip(joints, start, self.joint_limits, strict=True):
            value = angle + math.tau * round((near - angle) / math.tau)
            if value > high:
                value -= math.tau * math.ceil((value - high) / math.tau)
            if value < low:
                value += math.tau * math.ceil((low - value) / math.tau)
            if not low <= value <= high:
                return None
            brought.append(value)
        return tuple(brought)

    def _row(self, joints: ArrayLike) -> Floats:
        return row(joints, "joints", self.name, width=self.degrees_of_freedom)

    def _refuse(self, status: int, angles: Floats) -> None:
        if status:
            listed = ", ".join(f"{math.degrees(each):.6g}°" for each in angles[:3])
            raise UsageError(f"at the joint angles {listed} {_REASONS[status]}", where=self.name,
                             hint="Check the angles and the arm's lengths.")  # fmt: skip
