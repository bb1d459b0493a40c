"""What the tool does along a joint path, as axes of the path: so that its limits are kept and proven as theirs are.

``with_tool(path, arm)`` is the same path with eight more axes, whose slopes by s are those of the tool point: three for
its position (m), one for the length of its way (m), three for its turn about the axes of the base (rad), one for the
size of that (rad). A limit on the velocity of the fourth is one on the tool's linear speed, on that of the eighth on
its angular speed; limits on the accelerations of the others are by direction in the base.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cellctl.errors import UsageError
from cellctl.motion import _topp
from cellctl.motion.arms import Arm
from cellctl.motion.paths import Path, divided
from cellctl.motion.trajectory import Limits

Floats = NDArray[np.float64]

#: How many axes the tool has.
TOOL_AXES: Final = 8

_HALVINGS: Final = 8
_STEP: Final = 1e-4  # rad, m: for the change of the Jacobian along the path
_INSIDE: Final = 1e-12  # of a piece: as near to its ends as its own side is surely taken


def with_tool(path: Path, arm: Arm, *, tolerance: float = 1e-6) -> Path:
    """The path with the axes of the tool behind those of the joints.

    The tool's slopes are polynomials of the fourth degree in parts of the path, so short that the slopes are off by at
    most ``tolerance`` of the largest one, as far as it is seen at a quarter and three quarters of each part. Raises
    UsageError.
    """
    dof = path.degrees_of_freedom
    if dof != arm.degrees_of_freedom:
        raise UsageError(f"a path of {dof} axes for {arm.degrees_of_freedom} joints", where=arm.name)
    if dof + TOOL_AXES > _topp.MOST_AXES:
        raise UsageError(f"{dof + TOOL_AXES} axes are too many", hint=f"At most {_topp.MOST_AXES}.")
    if not tolerance > 0:
        raise UsageError(f"a tolerance of {tolerance}", hint="It must be above zero.")
    breaks = path.breaks
    for _ in range(_HALVINGS):
        slopes, miss = _fitted(path, arm, breaks)
        coarse = miss > tolerance
        if not coarse.any():
            break
        middle = 0.5 * (breaks[:-1] + breaks[1:])[coarse]
        breaks = np.sort(np.concatenate([breaks, middle]))
    else:
        raise UsageError(
            f"the tool's motion is not told to {tolerance:g} after {_HALVINGS} halvings",
            where=arm.name,
            hint="Allow a larger tolerance.",
        )
    return Path(breaks, np.concatenate([divided(path, breaks), _integrated(slopes, np.diff(breaks))], axis=2))


def with_tool_limits(
    limits: Limits,
    joints: int,
    *,
    linear_velocity: float = np.inf,
    angular_velocity: float = np.inf,
    linear_acceleration: float = np.inf,
    angular_acceleration: float = np.inf,
) -> Limits:
    """Limits of the joints with those of the tool behind them (m/s, rad/s, m/s², rad/s²).

    Speeds are limited as they are. An acceleration is limited in each of three directions to the part 1/√3, so that it
    is at most what is told here whatever its direction.
    """
    table = limits.as_array(joints)
    part = 1 / np.sqrt(3)
    speeds = np.full(TOOL_AXES, np.inf)
    speeds[3], speeds[7] = linear_velocity, angular_velocity
    pushes = np.full(TOOL_AXES, np.inf)
    pushes[:3], pushes[4:7] = linear_acceleration * part, angular_acceleration * part
    free = np.full(TOOL_AXES, np.inf)

    def joined(row: int, side: int, tool: Floats) -> Floats:
        return np.concatenate([table[row, side], tool])

    return Limits(
        joined(1, 1, speeds),
        joined(2, 1, pushes),
        joined(3, 1, free),
        min_velocity=joined(1, 0, -speeds),
        min_acceleration=joined(2, 0, -pushes),
        max_position=joined(0, 1, free),
        min_position=joined(0, 0, -free),
    )


def _slopes(path: Path, arm: Arm, s: Floats) -> tuple[Floats, Floats]:
    """The tool axes' slopes by s and their change. Shape (n, 8) each."""
    q, first, second = path.at(s, 2)
    size = np.maximum(np.linalg.norm(first, axis=1, keepdims=True), 1e-300)
    step = _STEP / size
    twist = np.einsum("nij,nj->ni", arm.jacobian_batch(q), first)
    ahead, behind = (arm.jacobian_batch(q + sign * step * first) for sign in (1, -1))
    change = np.einsum("nij,nj->ni", arm.jacobian_batch(q), second)
    change += np.einsum("nij,nj->ni", ahead - behind, first) / (2 * step)
    rows: list[Floats] = []
    changes: list[Floats] = []
    for part in (slice(0, 3), slice(3, 6)):
        w, dw = twist[:, part], change[:, part]
        length = np.linalg.norm(w, axis=1, keepdims=True)
        along = np.einsum("ni,ni->n", w, dw)[:, None]
        rows += [w, length]
        changes += [dw, np.divide(along, length, out=np.zeros_like(along), where=length > 0)]
    return np.concatenate(rows, axis=1), np.concatenate(changes, axis=1)


def _fitted(path: Path, arm: Arm, breaks: Floats) -> tuple[Floats, Floats]:
    """Slopes of each part by powers of its own [0, 1], shape (k, 5, 8); and how far they are off, as parts."""
    h = np.diff(breaks)
    inside = np.array([_INSIDE, 0.25, 0.5, 0.75, 1 - _INSIDE])
    f, df = _slopes(path, arm, (breaks[:-1, None] + h[:, None] * inside).reshape(-1))
    f, df = f.reshape(len(h), 5, -1), df.reshape(len(h), 5, -1) * h[:, None, None]
    rise, d0, d1, bulge = f[:, 4] - f[:, 0], df[:, 0], df[:, 4], f[:, 2] - 0.5 * (f[:, 0] + f[:, 4])
    cubic = np.stack([f[:, 0], d0, 3 * rise - 2 * d0 - d1, d0 + d1 - 2 * rise, np.zeros_like(rise)], axis=1)
    extra = 16 * (bulge - 0.125 * (d0 - d1))  # of x^2 (1 - x)^2, which neither value nor slope at the ends shows
    cubic[:, 2:] += extra[:, None] * np.array([1.0, -2.0, 1.0])[:, None]
    powers = np.array([0.25, 0.75])[:, None] ** np.arange(5)
    off = np.abs(np.einsum("pm,kmi->kpi", powers, cubic) - f[:, [1, 3]]).max(axis=1)
    largest = np.abs(f).max(axis=(0, 1))
    return cubic, (off / np.where(largest > 0, largest, 1.0)).max(axis=1)


def _integrated(slopes: Floats, h: Floats) -> Floats:
    """Axes that start at zero and have these slopes. Shape (k, 6, 8)."""
    made = np.zeros((len(h), _topp.TERMS, slopes.shape[2]))
    lengths = h[:, None] ** np.arange(5)
    made[:, 1:] = slopes / lengths[:, :, None] / np.arange(1, 6)[:, None]
    gained = np.einsum("kmi,km->ki", made[:, 1:], h[:, None] ** np.arange(1, 6))
    made[1:, 0] = np.cumsum(gained, axis=0)[:-1]
    return made
