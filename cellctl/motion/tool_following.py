"""Joints that lead the tool along a curve: in one configuration, and as exactly as is asked for."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellctl.errors import UsageError
from cellctl.motion.arms import Arm, Joints
from cellctl.motion.knots import Knots
from cellctl.motion.paths import Path
from cellctl.motion.tool_curves import ToolCurve

Floats = NDArray[np.float64]

#: How far the tool may be off its curve (m, rad), where it is looked at.
WAY: Final = 5e-6
TURN: Final = 1e-4

_STEP: Final = 0.05  # m of s between knots at first
_LOOKED: Final = (0.2, 0.5, 0.8)  # places between two knots where the tool is looked at
_CUT: Final = 0.4871  # where a stretch is divided: not in its middle, where symmetric ways are singular
_ROUNDS: Final = 40
_MOST: Final = 4000  # knots
_SHORT: Final = 1e-7  # of the curve: a stretch is not divided further
_FURTHER: Final = 1e-4  # of the curve: so far behind it is looked at why the joints could not follow
_JUMP: Final = 0.5  # rad or m from knot to knot: more is another configuration
_DIFFERENCE: Final = 1e-5  # rad: for the change of the Jacobian
_SINGULAR: Final = 1e-6  # of the greatest singular value


class Led(NamedTuple):
    """Joints along a curve, and how far the tool is off it at most, as measured: way (m) and turn (rad)."""

    knots: Knots
    way: float
    turn: float


class Lost(UsageError):
    """The joints cannot follow the curve beyond s; ``joints`` are the last ones that could."""

    def __init__(self, message: str, s: float, joints: Floats, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.s = s
        self.joints = joints


@lru_cache(maxsize=16)
def unlimited(arm: Arm) -> Arm:
    """The arm without joint limits; itself where it has no closed form."""
    if arm.solver == "numeric":
        return arm
    free = [math.inf] * arm.degrees_of_freedom
    return Arm(arm.model.limited([-each for each in free], free), arm.tool)


def lead(arm: Arm, curve: ToolCurve, seed: Floats) -> Led:
    """Joints along a curve from ``seed``, which is at its start. Joint limits are left aside. Raises Lost."""
    free = unlimited(arm)
    s = _first_places(curve)
    for _ in range(_ROUNDS):
        made = _tried(free, curve, seed, s)
        if isinstance(made, Led):
            return made
        s = made
    raise Lost(f"the way is not followed after {_ROUNDS} divisions", 0.0, seed, "Move it away from singular poses.")


def _tried(arm: Arm, curve: ToolCurve, seed: Floats, s: Floats) -> Led | Floats:
    """Joints through these places, or more places where they are too few. Raises Lost."""
    posed, first, second = curve.rates(s)
    joints, count, ended = arm.follow(posed, seed, jump=_JUMP, places=s)
    if count < len(s):
        if count == 0 or s[count] - s[count - 1] < _SHORT * curve.length or len(s) > _MOST:
            last = joints[count - 1] if count else seed
            raise _lost(arm, curve, float(s[count]), last, "jump" in ended)
        return _divided(s, np.arange(len(s) - 1) == count - 1)
    knots = Knots(s, _states(arm, joints, first, second))
    way, turn = _off(arm, curve, knots)
    coarse = (way > WAY) | (turn > TURN)
    if not coarse.any():
        return Led(knots, float(way.max()), float(turn.max()))
    short = coarse & (np.diff(s) < _SHORT * curve.length)
    if len(s) > _MOST or short.any():
        at = int(np.where(short, way, 0.0).argmax()) if short.any() else int(way.argmax())
        raise Lost(
            f"the joints keep to the way to {way[at] * 1e6:.3g} µm only: it passes too near to a singular pose",
            float(s[at]), joints[at], "Stay further away from it, or use Ptp.",
        )  # fmt: skip
    return _divided(s, coarse)


def _first_places(curve: ToolCurve) -> Floats:
    parts: list[Floats] = []
    breaks: list[float] = curve.breaks.tolist()
    for a, b in pairwise(breaks):
        part: Floats = np.linspace(a, b, max(2, math.ceil((b - a) / _STEP)) + 1)
        parts.append(part[:-1])
    return np.append(np.concatenate(parts), curve.length)


def _divided(s: Floats, coarse: NDArray[np.bool_]) -> Floats:
    added = s[:-1][coarse] + _CUT * np.diff(s)[coarse]
    return np.sort(np.concatenate([s, added]))


def _states(arm: Arm, joints: Floats, first: Floats, second: Floats) -> Floats:
    """Joints and their derivatives by s, from those of the tool. Shape (n, 3, dof)."""
    jacobians = arm.jacobian_batch(joints)
    dq = _solved(jacobians, first)
    size = np.maximum(np.abs(dq).max(axis=1, keepdims=True), 1e-9)
    step = _DIFFERENCE / size
    ahead, behind = arm.jacobian_batch(joints + step * dq), arm.jacobian_batch(joints - step * dq)
    turning = np.einsum("nij,nj->ni", ahead - behind, dq) / (2 * step)
    return np.stack([joints, dq, _solved(jacobians, second - turning)], axis=1)


def _solved(jacobians: Floats, rates: Floats) -> Floats:
    """Joint rates that give the tool these; where the arm is singular the least ones of those that come nearest."""
    made = np.full((len(rates), jacobians.shape[2]), np.inf)
    if jacobians.shape[1] == jacobians.shape[2]:
        with contextlib.suppress(np.linalg.LinAlgError):
            made[:] = np.linalg.solve(jacobians, rates[:, :, None])[:, :, 0]
    most = np.abs(rates).max(axis=1) / _SINGULAR
    wild = ~(np.abs(made).max(axis=1) <= most)
    if wild.any():
        inverses = np.linalg.pinv(jacobians[wild], rcond=_SINGULAR)
        made[wild] = np.einsum("nij,nj->ni", inverses, rates[wild])
    return made


def _off(arm: Arm, curve: ToolCurve, knots: Knots) -> tuple[Floats, Floats]:
    """How far the tool is off the curve between each two knots: way (m) and turn (rad)."""
    places = (knots.s[:-1, None] + np.diff(knots.s)[:, None] * np.array(_LOOKED)).reshape(-1)
    return _distances(arm, curve, knots.path, places, len(_LOOKED))


def _distances(arm: Arm, curve: ToolCurve, path: Path, places: Floats, each: int) -> tuple[Floats, Floats]:
    tools, wanted = arm.forward_batch(path.at(places)[0]), curve.transforms(places)
    way = np.linalg.norm(tools[:, :3, 3] - wanted[:, :3, 3], axis=1)
    turn = np.linalg.norm(tools[:, :3, :3] - wanted[:, :3, :3], axis=(1, 2)) / math.sqrt(2)
    return way.reshape(-1, each).max(axis=1), turn.reshape(-1, each).max(axis=1)


def _lost(arm: Arm, curve: ToolCurve, s: float, joints: Floats, jump: bool) -> Lost:
    further = min(s + _FURTHER * curve.length, curve.length)  # not on the rim of the reach
    ways = [] if arm.solver == "numeric" else arm.inverse(curve.transforms(np.array([further]))[0], joints.tolist())
    if ways or (jump and arm.solver == "numeric"):
        return _singular(arm, s, joints, ways)
    found = arm.solve(curve.transforms(np.array([curve.length]))[0], joints, tries=20)
    beyond = f": its end is {found.way * 1e3:.3g} mm and {found.turn:.3g} rad beyond" if not found.reached else ""
    return Lost(f"the way leaves the reach{beyond}", s, joints, "Move it into the reach, or use a shorter tool.")


def _singular(arm: Arm, s: float, joints: Floats, ways: Sequence[Joints]) -> Lost:
    told = "the joints would have to jump"
    if ways:
        steps = np.array([np.abs(_turned(np.array(each) - joints)) for each in ways])
        least = steps[int(steps.max(axis=1).argmin())]
        told = f"{arm.model.joints[int(least.argmax())].name} would have to jump by {least.max():.3g}"
    hint = "Move the way away from the singular pose, or use Ptp there."
    return Lost(f"the way leads through a singular pose: {told}", s, joints, hint)


def _turned(steps: Floats) -> Floats:
    """Turns without whole ones."""
    made: Floats = (steps + math.pi) % math.tau - math.pi
    return made
