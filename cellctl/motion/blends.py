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
from cellctl.motion import _topp
from cellctl.motion.arms import Arm
from cellctl.motion.knots import Knots, quintics
from cellctl.motion.tool_curves import ToolCurve, between
from cellctl.motion.tool_following import lead

Floats = NDArray[np.float64]
Slowness = Callable[[Floats, Floats, Floats], Floats]

_LOOKS: Final = 17  # places at which a distance is looked at, ever closer
_ROUNDS: Final = 6
_PLACES: Final = np.linspace(0.0, 1.0, 33)  # at which a blend is looked at
_UNEVEN: Final = 3.0  # one side of a blend is at most so much longer than the other one
_TRIES: Final = 12
_SHRUNK: Final = 0.8
#: Lengths of s of a blend, as parts of what it takes from both legs, among which the fastest is looked for.
_LENGTHS: Final = np.array([1.4, 1.3, 1.2, 1.1, 1.0, 0.9, 0.8, 0.7, 0.6])
#: How much more the jerk counts than if the speed were even: it rises before and falls behind. Found by trying.
_UNSTEADY: Final = 10.0
#: How much more a slow place counts, as a power: it slows what is before and behind. Found by trying.
_SLOWER: Final = 3.0
_SINGULAR: Final = 1e-6  # of the greatest singular value
_EXACT: Final = 1e-6  # of half a leg
_WHOLE: Final = 0.95
_SLACK: Final = 1e-9  # m
_SAME: Final = 1e-3  # rad: the joints on both sides of a corner are of one configuration


@dataclass(frozen=True, slots=True)
class Leg:
    """A move as joints along its way; its curve if the tool is led."""

    move: int
    knots: Knots
    curve: ToolCurve | None
    off: float = 0.0  # m, the tool from its curve

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


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a blend has to keep: limits of the joints, (4, 2, dof), and of the tool's speed and acceleration."""

    joints: Floats
    speed: float
    acceleration: float

    def fits(self, knots: Knots) -> bool:
        """Whether the joints stay within their positions."""
        low, high = knots.path.range()
        return bool((low >= self.joints[0, 0]).all() and (high <= self.joints[0, 1]).all())

    def slowness(self, first: Floats, second: Floats, third: Floats) -> Floats:
        """The least dt/ds at places of blends, by derivatives of the joints by s: (k, p, dof) to (k, p)."""
        most = np.minimum(-self.joints[1:, 0], self.joints[1:, 1])
        rates = (first, second, _UNSTEADY * third)
        parts = [(np.abs(each) / limit).max(axis=2) for each, limit in zip(rates, most, strict=True)]
        made: Floats = np.max([part ** (1 / (order + 1)) for order, part in enumerate(parts)], axis=0)
        return made

    def tool_slowness(self, first: Floats, second: Floats) -> Floats:
        """The same by derivatives of the tool point."""
        speeds = np.linalg.norm(first[..., :3], axis=2) / self.speed
        pushes = np.linalg.norm(second[..., :3], axis=2) / self.acceleration
        made: Floats = np.maximum(speeds, np.sqrt(pushes))
        return made


def blend(arm: Arm, one: Leg, other: Leg, radius: float, bounds: Bounds) -> Blend | None:
    """The blend around the corner between two legs; None where there is none, so that the arm has to stop."""
    corner = other.places(arm, np.zeros(1))[0]
    before, after = _room(arm, one, corner, radius, True), _room(arm, other, corner, radius, False)
    before, after = _clear(one, min(before, _UNEVEN * after)), _clear(other, min(after, _UNEVEN * before))
    if before + after <= _SLACK:
        return None
    led = one.curve is not None and other.curve is not None
    for _ in range(_TRIES):
        made = _led(arm, one, other, (before, after), bounds) if led else None
        made = made or _joined(one, other, (before, after), bounds)
        if bounds.fits(made.knots) and _reach(arm, made, corner) <= radius + _SLACK:
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


def _clear(leg: Leg, size: float) -> float:
    """Half of the leg, or so much less that what is left of it is no splinter, which would cost digits."""
    half = 0.5 * leg.knots.length
    return half if size > (1 - _EXACT) * half else min(size, _WHOLE * half)


def _led(arm: Arm, one: Leg, other: Leg, cut: tuple[float, float], bounds: Bounds) -> Blend | None:
    """In the space of the tool: None where the joints cannot follow."""
    if one.curve is None or other.curve is None:
        return None
    before, after = cut
    frame = other.curve.transforms(np.zeros(1))[0, :3, :3]
    ends = one.curve.seen_from(frame, one.knots.length - before), other.curve.seen_from(frame, after)
    back = np.linalg.pinv(arm.jacobian(other.knots.states[0, 0]), rcond=_SINGULAR).T

    def seen(first: Floats, second: Floats, third: Floats) -> Floats:
        slowness = bounds.slowness(first @ back, second @ back, third @ back)
        return np.maximum(slowness, bounds.tool_slowness(first, second))

    curve = between(frame, *ends, _fastest(*ends, before + after, seen), (False, False))
    start, end = one.knots.at(one.knots.length - before), other.knots.at(after)
    try:
        knots = lead(arm, curve, start[0]).knots
    except UsageError:
        return None
    if float(np.abs(knots.states[-1, 0] - end[0]).max()) > _SAME:
        return None
    states = np.concatenate([start[None], knots.states[1:-1], end[None]])
    return Blend(before, after, Knots(knots.s, states), curve)


def _joined(one: Leg, other: Leg, cut: tuple[float, float], bounds: Bounds) -> Blend:
    """In joint space."""
    before, after = cut
    states = np.stack([one.knots.at(one.knots.length - before), other.knots.at(after)])
    length = _fastest(states[0], states[1], before + after, bounds.slowness)
    return Blend(before, after, Knots(np.array([0.0, length]), states), None)


def _fastest(start: Floats, end: Floats, whole: float, slowness: Slowness) -> float:
    """The length of s from a state (3, n) to another one with which the way between is soonest over.

    The longer it is the longer the way holds to the directions at its ends, and the sharper it turns between; the
    shorter it is the more evenly it turns, and the sooner.
    """
    lengths: Floats = whole * _LENGTHS
    tables: Floats = np.concatenate([quintics(np.stack([start, end]), lengths[k : k + 1]) for k in range(len(lengths))])
    terms: NDArray[np.int64] = np.arange(_topp.TERMS)
    powers = np.power((_PLACES * lengths[:, None])[:, :, None], terms)
    rates: list[Floats] = []
    for order in (1, 2, 3):
        tables = np.multiply(tables[:, 1:], terms[1 : len(terms) - order + 1, None])
        rates.append(np.einsum("kpn,kni->kpi", powers[:, :, : len(terms) - order], tables))
    slow = np.power(np.power(slowness(*rates), _SLOWER).mean(axis=1), 1 / _SLOWER)
    return float(lengths[int((lengths * slow).argmin())])


def _reach(arm: Arm, made: Blend, corner: Floats) -> float:
    """How far the tool is from the corner at most (m)."""
    points = arm.forward_batch(made.knots.path.at(_PLACES * made.knots.length)[0])[:, :3, 3]
    return math.sqrt(float(np.square(points - corner).sum(axis=1).max()))
