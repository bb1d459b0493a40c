"""The tool's limits on stretches of a joint path, as axes behind those of the joints.

Each stretch has axes of its own, for an axis that only carries a limit need not go on smoothly into the next one: the
tool's speed, its acceleration along and across the way, and the same of its turn. So a bound proven for the axes is
one for the tool. Where the tool goes straight its acceleration has one axis and the whole limit; where it turns aside,
the limit is an octagon in the plane of the turn, within the circle.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cellctl.motion import _topp
from cellctl.motion.trajectory import Limits

Floats = NDArray[np.float64]
#: Velocity and angular velocity of the tool by s at places (k, n): shape (k, n, 6).
Rates = Callable[[Floats], Floats]

#: Speed; along, across, two between, out of the plane.
LINEAR: Final = 6
#: Speed; about three axes.
ANGULAR: Final = 4
AXES: Final = LINEAR + ANGULAR

_OCTAGON: Final = 0.91  # of the limit: the corners of the octagon and the part out of its plane are within
_ACROSS: Final = 0.17
_CUBE: Final = 1 / math.sqrt(3) - 1e-9
_FITTED: Final = np.linspace(0.0, 1.0, _topp.TERMS - 1)
_LOOKED: Final = np.array([0.1, 0.6])
_TURN: Final = 0.2  # m by rad: below this a slope is none
_POWERS: Final = np.arange(_topp.TERMS - 1)
_FIT: Final = np.linalg.inv(_FITTED[:, None] ** _POWERS)


@dataclass(frozen=True, slots=True)
class ToolLimits:
    """What the tool may do at most (m/s, m/s², rad/s, rad/s²)."""

    speed: float = math.inf
    acceleration: float = math.inf
    turn_speed: float = math.inf
    turn_acceleration: float = math.inf

    @property
    def free(self) -> bool:
        """Whether nothing is limited."""
        return math.isinf(min(self.speed, self.acceleration, self.turn_speed, self.turn_acceleration))

    def tightest(self, other: ToolLimits) -> ToolLimits:
        """What both allow."""
        return ToolLimits(
            min(self.speed, other.speed),
            min(self.acceleration, other.acceleration),
            min(self.turn_speed, other.turn_speed),
            min(self.turn_acceleration, other.turn_acceleration),
        )


def limited(joints: Limits, dof: int, tool: ToolLimits) -> Limits:
    """Limits of the joints' velocity, acceleration and jerk with those of the tool's axes behind them."""
    table = joints.as_array(dof)
    speeds, pushes, free = (np.full(AXES, math.inf) for _ in range(3))
    speeds[0], speeds[LINEAR] = tool.speed, tool.turn_speed
    pushes[1:5], pushes[5] = _OCTAGON * tool.acceleration, _ACROSS * tool.acceleration
    pushes[LINEAR + 1 :] = _CUBE * tool.turn_acceleration
    low = [np.concatenate([table[row, 0], -each]) for row, each in ((1, speeds), (2, pushes))]
    high = [np.concatenate([table[row, 1], each]) for row, each in ((1, speeds), (2, pushes), (3, free))]
    return Limits(high[0], high[1], high[2], min_velocity=low[0], min_acceleration=low[1])


def axes(rates: Rates, s: Floats, straight: tuple[bool, bool]) -> tuple[Floats, Floats]:
    """Coefficients of the tool's axes between places s, shape (k, 6, AXES), each starting at zero; and how far their
    slopes are off, as a part of the largest, where that is looked at. Shape (k,).
    """
    h = np.diff(s)
    places = s[:-1, None] + h[:, None] * np.concatenate([_FITTED, _LOOKED])
    twist = rates(places)
    slopes = np.concatenate([_linear(twist[..., :3], straight[0]), _angular(twist[..., 3:], straight[1])], axis=2)
    fitted, looked = slopes[:, : len(_FITTED)], slopes[:, len(_FITTED) :]
    powers = np.einsum("pn,kni->kpi", _FIT, fitted)
    off = np.abs(np.einsum("np,kpi->kni", _LOOKED[:, None] ** _POWERS, powers) - looked)
    largest = max(float(np.abs(twist[..., :3]).max()), _TURN * float(np.abs(twist[..., 3:]).max()), 1e-300)
    miss = np.maximum(off[..., :LINEAR].max(axis=(1, 2)), _TURN * off[..., LINEAR:].max(axis=(1, 2))) / largest
    made = np.zeros((len(h), _topp.TERMS, AXES))
    made[:, 1:] = powers / (h[:, None] ** _POWERS * (1 + _POWERS))[:, :, None]
    return made, miss


def _linear(v: Floats, straight: bool) -> Floats:
    """The slopes of the linear axes. Shape (k, n, 3) to (k, n, LINEAR)."""
    made = np.zeros((*v.shape[:2], LINEAR))
    made[..., 0] = np.linalg.norm(v, axis=2)
    if straight:
        made[..., 1] = _OCTAGON * made[..., 0]
        return made
    frame = _frames(v)
    along, across, out = (np.einsum("kni,ki->kn", v, frame[:, each]) for each in range(3))
    made[..., 1], made[..., 2] = along, across
    made[..., 3], made[..., 4] = math.sqrt(0.5) * (along + across), math.sqrt(0.5) * (along - across)
    made[..., 5] = out
    return made


def _angular(w: Floats, straight: bool) -> Floats:
    """The slopes of the angular axes. Shape (k, n, 3) to (k, n, ANGULAR)."""
    made = np.zeros((*w.shape[:2], ANGULAR))
    made[..., 0] = np.linalg.norm(w, axis=2)
    if straight:
        made[..., 1] = _CUBE * made[..., 0]
    else:
        made[..., 1:] = w
    return made


def _frames(v: Floats) -> Floats:
    """Along and across the way of each stretch, and out of the plane. Shape (k, 3, 3), rows of length 1."""
    middle = v[:, len(_FITTED) // 2]
    along = _unit(middle, np.array([1.0, 0.0, 0.0]))
    bend: Floats = v[:, len(_FITTED) - 1] - v[:, 0]
    bend = bend - np.einsum("ki,ki->k", bend, along)[:, None] * along
    least: Floats = np.eye(3)[np.abs(along).argmin(axis=1)]
    least = least - np.einsum("ki,ki->k", least, along)[:, None] * along
    size = np.linalg.norm(bend, axis=1, keepdims=True)
    across = _unit(np.where(size > 1e-9 * np.linalg.norm(middle, axis=1, keepdims=True), bend, least), along[0])
    return np.stack([along, across, np.cross(along, across)], axis=1)


def _unit(v: Floats, other: Floats) -> Floats:
    size = np.linalg.norm(v, axis=1, keepdims=True)
    made: Floats = np.where(size > 0, v / np.where(size > 0, size, 1.0), other)
    return made
