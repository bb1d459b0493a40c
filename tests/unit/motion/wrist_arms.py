"""Arms with a spherical wrist as Denavit-Hartenberg tables, and what can be told of them without the compiled core."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from cellctl.motion import Arm
from cellctl.motion.model import RobotModel

RIGHT: Final = math.pi / 2

#: Rows (a, alpha, d, theta). The Puma's are those of Corke and Armstrong (1994); the others follow from the makers'
#: dimension drawings.
TABLES: Final = {
    "puma560": [(0, RIGHT, 0, 0), (0.4318, 0, 0, 0), (0.0203, -RIGHT, 0.15005, 0), (0, RIGHT, 0.4318, 0),
                (0, -RIGHT, 0, 0), (0, 0, 0, 0)],
    "kr6_r900": [(0.025, -RIGHT, 0.4, 0), (0.455, 0, 0, 0), (0.035, -RIGHT, 0, -RIGHT), (0, RIGHT, 0.42, 0),
                 (0, -RIGHT, 0, 0), (0, 0, 0.08, 0)],
    "irb120": [(0, -RIGHT, 0.29, 0), (0.27, 0, 0, -RIGHT), (0.07, -RIGHT, 0, 0), (0, RIGHT, 0.302, 0),
               (0, -RIGHT, 0, 0), (0, 0, 0.072, math.pi)],
    "irb1200": [(0, -RIGHT, 0.3991, 0), (0.448, 0, 0, -RIGHT), (0.042, -RIGHT, 0, 0), (0, RIGHT, 0.451, 0),
                (0, -RIGHT, 0, 0), (0, 0, 0.082, math.pi)],
    "lr_mate_200id": [(0.05, -RIGHT, 0.33, 0), (0.33, math.pi, 0, -RIGHT), (0.035, -RIGHT, 0, 0),
                      (0, RIGHT, -0.335, 0), (0, -RIGHT, 0, 0), (0, math.pi, -0.08, 0)],
    "tx60": [(0, -RIGHT, 0.375, 0), (0.29, 0, 0.02, -RIGHT), (0, RIGHT, 0, RIGHT), (0, -RIGHT, 0.31, 0),
             (0, RIGHT, 0, 0), (0, 0, 0.07, 0)],
}  # fmt: skip

KINDS: Final = ("parallel 2-3", "meeting 1-2", "parallel 1-2", "meeting 2-3", "skew")


def made_up(kind: str, seed: int, *, square: bool = False) -> list[tuple[float, ...]]:
    """A table of an arm that nobody builds: axes at any angle to each other; ``square``: but in the wrist."""
    rng = np.random.default_rng(seed)

    def length() -> float:
        return float(rng.uniform(0.1, 0.6))

    def angle() -> float:
        return float(rng.uniform(0.4, 2.7) * rng.choice([-1, 1]))

    rows = [[length(), angle(), length(), angle()] for _ in range(6)]
    if kind == "parallel 2-3":
        rows[1][1] = float(rng.choice([0, math.pi]))
    elif kind == "meeting 1-2":
        rows[0][0] = 0
    elif kind == "parallel 1-2":
        rows[0][1] = float(rng.choice([0, math.pi]))
    elif kind == "meeting 2-3":
        rows[1][0] = 0
    rows[3][0] = rows[4][0] = rows[4][2] = 0
    if square:
        rows[3][1], rows[4][1] = RIGHT, -RIGHT
    return [tuple(row) for row in rows]


def mirrored(seed: int) -> list[tuple[float, ...]]:
    """The first three axes meet; the other three lie as they like."""
    rng = np.random.default_rng(seed)
    rows = [[float(x) for x in rng.uniform(0.2, 0.6, 4)] for _ in range(6)]
    for row in rows:
        row[1] += 0.5
    rows[0][0] = rows[1][0] = rows[1][2] = 0
    return [tuple(row) for row in rows]


def model(table: list[tuple[float, ...]]) -> RobotModel:
    return RobotModel.from_dh("arm", table)


def solver(table: list[tuple[float, ...]]) -> Arm:
    arm = Arm(model(table))
    assert arm.solver == "wrist"
    return arm


def frames(table: list[tuple[float, ...]], joints: np.ndarray) -> np.ndarray:
    """The frames before each joint, and the flange's. Joints (..., 6) to (..., 7, 4, 4)."""
    joints = np.asarray(joints, float)
    out = np.zeros((*joints.shape[:-1], 7, 4, 4))
    out[..., 0, :, :] = np.eye(4)
    for i, (a, alpha, d, theta) in enumerate(table):
        c, s = np.cos(joints[..., i] + theta), np.sin(joints[..., i] + theta)
        ca, sa = math.cos(alpha), math.sin(alpha)
        link = np.zeros((*joints.shape[:-1], 4, 4))
        link[..., 0, 0], link[..., 0, 1], link[..., 0, 2], link[..., 0, 3] = c, -s * ca, s * sa, a * c
        link[..., 1, 0], link[..., 1, 1], link[..., 1, 2], link[..., 1, 3] = s, c * ca, -c * sa, a * s
        link[..., 2, 1], link[..., 2, 2], link[..., 2, 3], link[..., 3, 3] = sa, ca, d, 1
        out[..., i + 1, :, :] = out[..., i, :, :] @ link
    return out


def forward(table: list[tuple[float, ...]], joints: np.ndarray) -> np.ndarray:
    return frames(table, joints)[..., 6, :, :]


def jacobian(at: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Columns z x (point - origin), z, from the frames of ``frames``. Shape (..., 6, 6)."""
    axes, origins = at[..., :6, :3, 2], at[..., :6, :3, 3]
    moves = np.cross(axes, point[..., None, :] - origins)
    return np.swapaxes(np.concatenate([moves, axes], axis=-1), -1, -2)


def misses(at: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """The way (m) and the turn (rad, right where it is small) from frames to a pose. Shape (..., 6)."""
    turn = pose[..., :3, :3] @ np.swapaxes(at[..., :3, :3], -1, -2)
    vector = np.stack(
        [turn[..., 2, 1] - turn[..., 1, 2], turn[..., 0, 2] - turn[..., 2, 0], turn[..., 1, 0] - turn[..., 0, 1]], -1
    )
    far = np.trace(turn, axis1=-2, axis2=-1) < 1
    return np.concatenate([pose[..., :3, 3] - at[..., :3, 3], vector / 2 + far[..., None]], axis=-1)


def apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The largest difference of angles (rad), full turns aside."""
    return np.abs(np.remainder(a - b + math.pi, 2 * math.pi) - math.pi).max(axis=-1)


def searched(table: list[tuple[float, ...]], pose: np.ndarray, rng: np.random.Generator, seeds: int) -> np.ndarray:
    """Ways to reach a pose as damped Newton steps find them from random joints. Shape (k, 6), with repeats."""
    joints = rng.uniform(-math.pi, math.pi, (seeds, 6))
    for _ in range(60):
        at = frames(table, joints)
        miss = misses(at[:, 6], pose)
        j = jacobian(at, at[:, 6, :3, 3])
        damping = 0.1 * (miss**2).sum(-1)[:, None, None] * np.eye(6)
        step = np.linalg.solve(np.swapaxes(j, -1, -2) @ j + damping + 1e-13 * np.eye(6),
                               np.einsum("nij,ni->nj", j, miss)[..., None])[..., 0]  # fmt: skip
        joints += np.clip(step, -0.5, 0.5)
    return joints[np.abs(misses(forward(table, joints), pose)).max(-1) < 1e-11]
