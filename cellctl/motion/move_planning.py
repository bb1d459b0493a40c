"""From moves to a motion: each move as joints along its way, corners rounded, and all as fast as the limits let it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cellctl.errors import UsageError
from cellctl.motion.arms import Arm
from cellctl.motion.blends import Blend, Bounds, Leg, blend
from cellctl.motion.given import row
from cellctl.motion.knots import Knots, straight
from cellctl.motion.lines import matrix
from cellctl.motion.move_refusals import beyond, lost, outside, unreachable
from cellctl.motion.moved import Motion
from cellctl.motion.moves import Circ, Lin, Move, MoveLimits, Ptp, Spline
from cellctl.motion.pose import Pose
from cellctl.motion.sections import Section, Stretch, section
from cellctl.motion.tool_bounds import ToolLimits
from cellctl.motion.tool_curves import ToolCurve, circle, line, through
from cellctl.motion.tool_following import Lost, lead
from cellctl.motion.trajectory import Limits

Floats = NDArray[np.float64]

_STILL: Final = 1e-9  # rad, m: joints that differ by less are the same
_TURN: Final = 0.1  # m by rad: how much way a turn of a joint counts as at least
_SWING: Final = 0.1  # rad between knots of a joint move whose tool is limited
_LOOKS: Final = 17  # places at which the way of a joint move is measured
_EDGE: Final = 1e-9  # rad, m: joints that are beyond a limit by less are at it
_LARGEST: Final = 1e6  # m, rad: a number of a pose
_LEAST: Final = 1e-9  # of a leg (of s): what is shorter is none


def plan_moves(arm: Arm, start: Sequence[float] | Floats, moves: Sequence[Move], limits: MoveLimits) -> Motion:
    """The motion of an arm from ``start`` at rest through moves to rest, as fast as the limits let it.

    Where a move has a blend the arm does not stop at its target; blends are shortened to half of the way between.
    Moves that go nowhere count as done. Raises UsageError that tells the move, where on its way, and why.
    """
    return _Planner(arm, limits).plan(row(start, "start", arm.name, width=arm.degrees_of_freedom), moves)


class _Planner:
    def __init__(self, arm: Arm, limits: MoveLimits) -> None:
        self.arm = arm
        self.limits = limits
        self.room = np.array(arm.joint_limits).T
        given = limits.joints.as_array(arm.degrees_of_freedom)[0]
        self.room = np.stack([np.maximum(self.room[0], given[0]), np.minimum(self.room[1], given[1])])
        self.room += np.array([[-_EDGE], [_EDGE]])
        self.tool = ToolLimits(
            limits.linear_velocity, limits.linear_acceleration, limits.angular_velocity, limits.angular_acceleration
        )
        self.narrowed = lru_cache(maxsize=None)(self._narrowed)

    def plan(self, start: Floats, moves: Sequence[Move]) -> Motion:
        refusal = beyond(self.arm, start, self.room, f"{self.arm.name}, start")
        if refusal is not None:
            raise refusal
        legs: list[Leg] = []
        radii: list[float] = []  # of the corner behind each leg
        joints = start
        for number, move in enumerate(moves):
            leg = self._leg(number, move, joints)
            if leg is not None:
                legs.append(leg)
                radii.append(move.blend)
                joints = leg.knots.states[-1, 0]
            elif radii:
                radii[-1] = min(radii[-1], move.blend)
        blends = self._blends(moves, legs, radii)
        sections = self._sections(moves, legs, blends)
        return Motion(self.arm, start, tuple(moves), sections, max((leg.off for leg in legs), default=0.0))

    # -- legs --------------------------------------------------------------------------------

    def _leg(self, number: int, move: Move, joints: Floats) -> Leg | None:
        """A move from joints on; None where it goes nowhere."""
        name = f"{self.arm.name}, moves[{number}] ({type(move).__name__})"
        if isinstance(move, Ptp):
            target = self._target(name, move, joints)
            if float(np.abs(target - joints).max()) < _STILL:
                return None
            return Leg(number, self._swung(joints, target), None)
        try:
            curve = _curve(self.arm.transform(joints), move)
        except UsageError as error:
            raise UsageError(error.message, where=name, hint=error.hint) from None
        if curve is None:
            return None
        try:
            knots, off, _ = lead(self.arm, curve, joints)
        except Lost as error:
            raise lost(name, curve, error) from None
        low, high = knots.path.range()
        if (low < self.room[0]).any() or (high > self.room[1]).any():
            refusal = outside(self.arm, name, knots, curve, self.room)
            if refusal is not None:
                raise refusal
        return Leg(number, knots, curve, off)

    def _target(self, name: str, move: Ptp, joints: Floats) -> Floats:
        if isinstance(move.target, Pose):
            transform = _transform(move.target)
            found = self.arm.nearest(move.target, joints.tolist())
            if found is None:
                raise unreachable(self.arm, name, transform, joints, self.room)
            target = np.array(found)
        else:
            target = row(move.target, "target", name, width=self.arm.degrees_of_freedom)
        refusal = beyond(self.arm, target, self.room, name)
        if refusal is not None:
            raise refusal
        return target

    def _swung(self, joints: Floats, target: Floats) -> Knots:
        """A joint move, s about as far as its tool goes."""
        s = np.linspace(0.0, 1.0, _LOOKS)[:, None]
        points = self.arm.forward_batch(joints + s * (target - joints))[:, :3, 3]
        way = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
        turn = target - joints
        made = straight(joints, target, max(way, _TURN * float(np.linalg.norm(turn))))
        parts = int(np.ceil(float(np.abs(turn).max()) / _SWING)) if self._tool_of_joints() else 1
        if parts == 1:
            return made
        states = np.repeat(made.states[:1], parts + 1, axis=0)
        share = np.linspace(0.0, 1.0, parts + 1)
        states[:, 0] = joints + share[:, None] * turn
        return Knots(share * made.length, states)

    def _tool_of_joints(self) -> bool:
        return self.limits.everywhere and not self.tool.free

    # -- corners -----------------------------------------------------------------------------

    def _blends(self, moves: Sequence[Move], legs: list[Leg], radii: list[float]) -> list[Blend | None]:
        made: list[Blend | None] = []
        for one, other, radius in zip(legs, legs[1:], radii, strict=False):
            joints, tool = self._limits(moves, (one.move, other.move))
            table = joints.as_array(self.arm.degrees_of_freedom)
            bounds = Bounds(np.concatenate([self.room[None], table[1:]]), tool.speed, tool.acceleration)
            made.append(blend(self.arm, one, other, radius, bounds) if radius > _LEAST else None)
        return made

    # -- sections ----------------------------------------------------------------------------

    def _sections(self, moves: Sequence[Move], legs: list[Leg], blends: list[Blend | None]) -> list[Section]:
        made: list[Section] = []
        stretches: list[Stretch] = []
        ends: list[tuple[int, float]] = []
        gone, begin = 0.0, 0.0
        for k, (leg, corner) in enumerate(zip(legs, [*blends, None], strict=False)):
            until = leg.knots.length - (corner.before if corner else 0.0)
            if until - begin > _LEAST * leg.knots.length:
                part = leg.knots.part(begin, until)
                stretches.append(self._stretch(moves, (leg.move,), part, leg.curve))
                gone += part.length
            if corner is None:
                made.append(section(self.arm, stretches, [*ends, (leg.move, math.inf)]))
                stretches, ends, gone, begin = [], [], 0.0, 0.0
                continue
            both = leg.move, legs[k + 1].move
            stretches.append(self._stretch(moves, both, corner.knots, corner.curve))
            ends.append((leg.move, gone + 0.5 * corner.knots.length))
            gone, begin = gone + corner.knots.length, corner.after
        return made

    def _stretch(
        self, moves: Sequence[Move], numbers: tuple[int, ...], knots: Knots, curve: ToolCurve | None
    ) -> Stretch:
        return Stretch(numbers, knots, curve, *self._limits(moves, numbers))

    def _limits(self, moves: Sequence[Move], numbers: tuple[int, ...]) -> tuple[Limits, ToolLimits]:
        parts = [moves[number] for number in numbers]
        speed = min((each.speed for each in parts if isinstance(each, Ptp)), default=1.0)
        push = min((each.acceleration for each in parts if isinstance(each, Ptp)), default=1.0)
        joints = self.narrowed(speed, push)
        tool = ToolLimits()
        if all(not isinstance(each, Ptp) for each in parts) or self.limits.everywhere:
            tool = self.tool
            for each in parts:
                if not isinstance(each, Ptp):
                    tool = tool.tightest(ToolLimits(each.speed, each.acceleration))
        return joints, tool

    def _narrowed(self, speed: float, push: float) -> Limits:
        table = self.limits.joints.as_array(self.arm.degrees_of_freedom)
        return Limits(
            speed * table[1, 1],
            push * table[2, 1],
            push * table[3, 1],
            min_velocity=speed * table[1, 0],
            min_acceleration=push * table[2, 0],
        )


def _curve(start: Floats, move: Lin | Circ | Spline) -> ToolCurve | None:
    """Where a move leads the tool; None where that is nowhere."""
    if isinstance(move, Circ):
        return circle(start, _transform(move.via), _transform(move.target))
    if isinstance(move, Spline):
        return through(start, [_transform(each) for each in move.targets])
    return line(start, _transform(move.target))


def _transform(pose: Pose) -> Floats:
    if not np.abs(pose).max() < _LARGEST:
        raise UsageError(f"the pose is {tuple(pose)}", hint=f"Its numbers must be finite, and below {_LARGEST:g}.")
    return matrix(pose)
