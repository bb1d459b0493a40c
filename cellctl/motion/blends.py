"""Corners between moves, rounded off: within a radius around the corner, and without a jump of the curvature.

Between two led moves the tool goes from one line to the other in the plane of both, as it does between joint moves in
joint space. A blend takes at most half of each move.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cellctl.errors import UsageError
from cellctl.motion.arms import Arm
from cellctl.motion.knots import Knots
from cellctl.motion.tool_curves import ToolCurve, between
from cellctl.motion.tool_following import lead

Floats = NDArray[np.float64]

_LOOKS: Final = 17  # places at which a distance is looked at, three times ever closer
_ROUNDS: Final = 3
_PLACES: Final = np.linspace(0.0, 1.0, 33)  # at which a blend is looked at
_UNEVEN: Final = 3.0  # one side of a blend is at most so much longer than the other one
_TRIES: Final = 12
_SHRUNK: Final = 0.8
_SLACK: Final = 1e-9  # m
_SAME: Final = 1e-3  # rad: the joints on both sides of a corner are of one configuration


@dataclass(frozen=True, slots=True)
class Leg:
    """A move as joints along its way; its curve if the tool is led."""

    move: int
    knots: Knots
    curve: ToolCurve | None

    def places(self, arm: Arm, s: Floats) -> Floats:
        """Where the tool point is. Shape (n, 3)."""
        if self.curve is not None:
            points: Floats = self.curve.path.at(s)[0][:, :3]
            return points
        return arm.forward_batch(self.knots.path.at(s)[0])[:, :3, 3]


@dataclass(frozen=True, slots=True)
class Blend:
    """What is between two legs: how much of each it takes (m of s), and the joints; its curve if the tool is led."""

    before: float
    after: float
    knots: Knots
    curve: ToolCurve | None


def blend(arm: Arm, one: Leg, other: Leg, radius: float, fits: Callable[[Knots], bool]) -> Blend | None:
    """The blend around the corner between two legs; None where there is none, so that the arm has to stop.

    ``fits`` tells whether joints are within their limits.
    """
    corner = other.places(arm, np.zeros(1))[0]
    before, after = _room(arm, one, corner, radius, True), _room(arm, other, corner, radius, False)
    before, after = min(before, _UNEVEN * after), min(after, _UNEVEN * before)
    led = one.curve is not None and other.curve is not None
    for _ in range(_TRIES):
        made = _led(arm, one, other, before, after) if led else None
        made = made or _joined(one, other, before, after)
        if fits(made.knots) and _reach(arm, made, corner) <= radius + _SLACK:
            return made
        before, after = _SHRUNK * before, _SHRUNK * after
    return None


def _room(arm: Arm, leg: Leg, corner: Floats, radius: float, from_end: bool) -> float:
    """How much of a leg (of s) is within the radius, at most half."""
    length = leg.knots.length
    low, high = 0.0, 0.5 * length
    for _ in range(_ROUNDS):
        s = np.linspace(low, high, _LOOKS)
        away = np.linalg.norm(leg.places(arm, length - s if from_end else s) - corner, axis=1)
        outside = np.flatnonzero(away > radius)
        if len(outside) == 0:
            return high
        low, high = float(s[max(int(outside[0]) - 1, 0)]), float(s[outside[0]])
    return low


def _led(arm: Arm, one: Leg, other: Leg, before: float, after: float) -> Blend | None:
    """In the space of the tool: None where the joints cannot follow."""
    if one.curve is None or other.curve is None:
        return None
    frame = other.curve.transforms(np.zeros(1))[0, :3, :3]
    ends = one.curve.seen_from(frame, one.knots.length - before), other.curve.seen_from(frame, after)
    curve = between(frame, *ends, before + after, (False, False))
    start, end = one.knots.at(one.knots.length - before), other.knots.at(after)
    try:
        knots = lead(arm, curve, start[0]).knots
    except UsageError:
        return None
    if float(np.abs(knots.states[-1, 0] - end[0]).max()) > _SAME:
        return None
    states = np.concatenate([start[None], knots.states[1:-1], end[None]])
    return Blend(before, after, Knots(knots.s, states), curve)


def _joined(one: Leg, other: Leg, before: float, after: float) -> Blend:
    """In joint space."""
    states = np.stack([one.knots.at(one.knots.length - before), other.knots.at(after)])
    return Blend(before, after, Knots(np.array([0.0, before + after]), states), None)


def _reach(arm: Arm, made: Blend, corner: Floats) -> float:
    """How far the tool is from the corner at most (m)."""
    points = arm.forward_batch(made.knots.path.at(_PLACES * made.knots.length)[0])[:, :3, 3]
    return math.sqrt(float(np.square(points - corner).sum(axis=1).max()))
