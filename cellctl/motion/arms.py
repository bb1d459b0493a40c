"""The arms that are known by name, and what can be asked of one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cellctl.errors import UsageError
from cellctl.motion._kinematics import Chain
from cellctl.motion.pose import Pose

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Joints = tuple[float, ...]
_FULL_TURN = 2 * math.pi


@dataclass(frozen=True, slots=True)
class Model:
    """Lengths of one arm in m, as its Denavit-Hartenberg table names them; limits in rad and rad/s."""

    d1: float
    a2: float
    a3: float
    d4: float
    d5: float
    d6: float
    reach: float  # m, from the base to the middle of the wrist, as the data sheet tells it
    speed: tuple[float, float, float, float, float, float]  # rad/s, the most a joint runs
    limit: float = _FULL_TURN


def _speeds(*degrees: float) -> tuple[float, float, float, float, float, float]:
    a, b, c, d, e, f = (math.radians(value) for value in degrees)
    return a, b, c, d, e, f


#: Universal Robots, "DH Parameters for calculations of kinematics and dynamics" (support article 45257), and
#: the data sheets for reach and joint speeds. The twist of the joints is 90°, 0, 0, 90°, -90°, 0 for all.
MODELS: Final[dict[str, Model]] = {
    "ur3e": Model(0.15185, -0.24355, -0.2132, 0.13105, 0.08535, 0.0921, 0.5, _speeds(180, 180, 180, 360, 360, 360)),
    "ur5e": Model(0.1625, -0.425, -0.3922, 0.1333, 0.0997, 0.0996, 0.85, _speeds(180, 180, 180, 180, 180, 180)),
    "ur10e": Model(0.1807, -0.6127, -0.57155, 0.17415, 0.11985, 0.11655, 1.3, _speeds(120, 120, 180, 180, 180, 180)),
    "ur16e": Model(0.1807, -0.4784, -0.36, 0.17415, 0.11985, 0.11655, 0.9, _speeds(120, 120, 180, 180, 180, 180)),
    "ur20": Model(0.2363, -0.8620, -0.7287, 0.2010, 0.1593, 0.1543, 1.75, _speeds(120, 120, 150, 210, 210, 210)),
}


class Arm:
    """One arm with its tool: joint angles in rad from base to wrist, poses of the tool point in the base."""

    def __init__(self, name: str, model: Model, tool: Pose) -> None:
        self.name = name
        self.model = model
        self.tool = tool
        self.reach = model.reach
        self._chain = Chain((model.d1, model.a2, model.a3, model.d4, model.d5, model.d6), tool)

    @classmethod
    def named(cls, name: str, tool: Pose = Pose()) -> Arm:  # noqa: B008 - a pose cannot be changed
        """The arm of that name, with the tool point's pose on the flange. Raises UsageError."""
        if name not in MODELS:
            raise UsageError(f"no arm is called {name!r}", hint=f"Known arms: {', '.join(MODELS)}")
        return cls(name, MODELS[name], tool)

    @property
    def joint_limits(self) -> tuple[tuple[float, float], ...]:
        """Least and greatest angle of each joint (rad)."""
        return ((-self.model.limit, self.model.limit),) * 6

    @property
    def joint_speeds(self) -> tuple[float, ...]:
        """The greatest speed of each joint (rad/s)."""
        return self.model.speed

    def within_limits(self, joints: Sequence[float]) -> bool:
        """Whether every joint is within its limits."""
        return all(low <= angle <= high for angle, (low, high) in zip(joints, self.joint_limits, strict=True))

    def forward(self, joints: Sequence[float]) -> Pose:
        """The tool point's pose."""
        return Pose(*self._chain.forward(joints))

    def inverse(self, pose: Pose, *, wrist: float = 0.0) -> list[Joints]:
        """Every way to reach ``pose``: up to eight, each joint in (-π, π]; none where it is out of reach.

        Where the wrist is singular its last joint may be anything: ``wrist`` is the angle wanted for it.
        A pose within 0.1 µm of the rim of the reach is answered at the rim.
        """
        return list(self._chain.inverse(pose, wrist))

    def nearest(self, pose: Pose, seed: Sequence[float]) -> Joints | None:
        """The way to reach ``pose`` from ``seed``, full turns included; None where there is no way.

        The arm keeps its configuration (shoulder, elbow and wrist bent the same way) where it can, because
        between two configurations lies a singular pose; then it is the least sum of squared turns.
        """
        return self._chain.nearest(pose, seed, self.model.limit)

    def jacobian(self, joints: Sequence[float]) -> NDArray[np.float64]:
        """Velocity of the tool point by joint speeds, in the base. Shape (6, 6): rows m/s, then rad/s."""
        return self._chain.jacobian(joints)

    def forward_batch(self, joints: NDArray[np.float64], out: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Poses for many joint angles. Shape (n, 6) in and out (C order)."""
        return self._chain.forward_batch(joints, out)

    def inverse_batch(
        self,
        poses: NDArray[np.float64],
        out: NDArray[np.float64] | None = None,
        counts: NDArray[np.intc] | None = None,
        *,
        wrist: float = 0.0,
    ) -> tuple[NDArray[np.float64], NDArray[np.intc]]:
        """Every branch for many poses: (n, 6) to joints (n, 8, 6), and how many of the eight rows count."""
        return self._chain.inverse_batch(poses, out, counts, wrist)
