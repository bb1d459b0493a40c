"""Arms that are nearly of a kind with a closed form, and a search for their ways that knows no formula."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from cellctl.motion import Arm, Pose
from cellctl.motion.lines import matrix
from cellctl.motion.model import Joint, RobotModel

from .arm_oracle import pin_model
from .wrist_arms import RIGHT, TABLES, apart

#: Rows (a, alpha, d, theta) with the lengths of a UR5e.
UR: Final = [(0, RIGHT, 0.1625, 0), (-0.425, 0, 0, 0), (-0.3922, 0, 0, 0), (0, RIGHT, 0.1333, 0),
             (0, -RIGHT, 0.0997, 0), (0, 0, 0.0996, 0)]  # fmt: skip
#: What a calibration adds to it, as the controller tells it: axes 2, 3 and 4 are a milliradian from parallel, so that
#: their common normals are hundreds of metres away. Made up, of the size that calibrations have.
CALIBRATION: Final = [(1.1e-4, -8.3e-4, -4.2e-5, 3.1e-6), (6.4e-4, 1.35e-3, 271.83, 1.02e-2),
                      (-3.1e-4, -9.4e-4, -318.22, -0.9e-2), (4.2e-5, 6.1e-4, 46.39, -1.3e-3),
                      (-7.3e-5, -4.7e-4, 3.2e-5, 2.2e-6), (0, 0, 1.3e-4, -8.8e-6)]  # fmt: skip


def disturbed(table: list[tuple[float, ...]], seed: int, scale: float) -> RobotModel:
    """Every link off by ``scale`` (rad) in three directions, and by half of it (m)."""
    rng = np.random.default_rng(seed)
    joints, before = [], Pose()
    for i, (a, alpha, d, theta) in enumerate(table):
        joints.append(Joint(f"joint_{i}", before @ Pose(rz=theta + rng.normal() * scale)))
        off = Pose(*(rng.normal(size=3) * scale / 2), *(rng.normal(size=3) * scale))
        before = Pose(0, 0, d) @ Pose(a, 0, 0, alpha) @ off
    return RobotModel("disturbed", tuple(joints), before)


def calibrated() -> RobotModel:
    return RobotModel.from_dh("calibrated", (np.array(UR) + np.array(CALIBRATION)).tolist())


def beside_each_other(way: float) -> RobotModel:
    """A KUKA's lengths; the axes of its wrist miss each other by ``way`` (m)."""
    table = [list(row) for row in TABLES["kr6_r900"]]
    table[3][0], table[4][0], table[4][2] = way, -way / 2, way / 3
    return RobotModel.from_dh("beside", table)


MODELS: Final = {
    "calibrated": calibrated(),
    "ur, a microradian": disturbed(UR, 1, 1e-6),
    "ur, a milliradian": disturbed(UR, 2, 1e-3),
    "wrist, 10 um": beside_each_other(1e-5),
    "kuka, 1e-5": disturbed(TABLES["kr6_r900"], 3, 1e-5),
    "puma, a milliradian": disturbed(TABLES["puma560"], 4, 1e-3),
}


class Oracle:
    """The same arm in pin."""

    def __init__(self, model: RobotModel) -> None:
        import pinocchio as pin

        self._pin: Any = pin
        self._model = pin_model(model)
        self._data = self._model.createData()
        self._flange = matrix(model.flange)

    def __call__(self, joints: np.ndarray) -> np.ndarray:
        """The flange. Shape (4, 4)."""
        self._pin.forwardKinematics(self._model, self._data, np.asarray(joints, float))
        return self._data.oMi[self._model.njoints - 1].homogeneous @ self._flange


def misses(at: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """Way (m) and sine of the turn from frames to a pose, (..., 6); far more where it is turned by more than 90°."""
    turn = pose[..., :3, :3] @ np.swapaxes(at[..., :3, :3], -1, -2)
    vector = np.stack(
        [turn[..., 2, 1] - turn[..., 1, 2], turn[..., 0, 2] - turn[..., 2, 0], turn[..., 1, 0] - turn[..., 0, 1]], -1
    )
    far = np.trace(turn, axis1=-2, axis2=-1) < 1
    return np.concatenate([pose[..., :3, 3] - at[..., :3, 3], vector / 2 + far[..., None]], axis=-1)


def searched(arm: Arm, pose: np.ndarray, near: np.ndarray, rng: np.random.Generator, seeds: int) -> np.ndarray:
    """Ways to a pose by damped Newton steps from joints at random, half of them around ``near``. Shape (k, 6)."""
    joints = rng.uniform(-math.pi, math.pi, (seeds, 6))
    joints[::2] = near + rng.normal(size=joints[::2].shape) * rng.choice([0.01, 0.1, 0.5], (len(joints[::2]), 1))
    for _ in range(80):
        miss, j = misses(arm.forward_batch(joints), pose), arm.jacobian_batch(joints)
        back = np.swapaxes(j, -1, -2)
        damping = (0.1 * (miss**2).sum(-1) + 1e-15)[:, None, None] * np.eye(6)
        step = np.linalg.solve(back @ j + damping, (back @ miss[..., None]))[..., 0]
        joints += np.clip(step, -0.5, 0.5)
    found: list[np.ndarray] = [near]
    for q in joints[np.abs(misses(arm.forward_batch(joints), pose)).max(-1) < 1e-12]:
        if not (apart(np.array(found), q) < 1e-4).any():
            found.append(q)
    return np.array(found)


FAMILIES: Final = ("generic", "elbow", "wrist", "both", "45 degrees", "shoulder")


def joints_of(family: str, rng: np.random.Generator, n: int) -> np.ndarray:
    """Joints of a kind of poses: the singular ones are exact, or off by up to 0.05 rad. Shape (n, 6)."""
    q = rng.uniform(-math.pi, math.pi, (n, 6))
    off = rng.choice([0, 1e-9, 1e-6, 1e-4, 1e-3, 1e-2, 5e-2], (2, n)) * rng.choice([-1, 1], (2, n))
    if family in {"elbow", "both"}:
        q[:, 2] = off[0] + rng.choice([0, math.pi], n)
    if family in {"wrist", "both"}:
        q[:, 4] = off[1] + rng.choice([0, math.pi], n)
    if family == "45 degrees":
        q = np.round(q / (math.pi / 4)) * (math.pi / 4)
    if family == "shoulder":  # the point where axes 5 and 6 of a UR cross lies above axis 1, as far as it can
        for row in q:
            out = -0.425 * math.cos(row[1]) - 0.3922 * math.cos(row[1] + row[2])
            row[3] = math.asin(np.clip(-out / 0.0997, -1, 1)) - row[1] - row[2]
    return q
