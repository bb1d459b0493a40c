"""Stretches of moves without a stop between them, and how they are run through from rest to rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cellctl.motion.arms import Arm
from cellctl.motion.knots import Knots
from cellctl.motion.otg import InputParameter, Otg, Synchronization
from cellctl.motion.parametrization import PathTrajectory, parametrize
from cellctl.motion.paths import Path, divided
from cellctl.motion.tool_bounds import AXES, ToolLimits, axes, limited
from cellctl.motion.tool_curves import ToolCurve
from cellctl.motion.trajectory import Certificate, Limits, Trajectory

Floats = NDArray[np.float64]

_FIT: Final = 1e-4  # of the tool's speed: so exactly its axes tell it
_HALVINGS: Final = 5
_GRID: Final = 100  # gridpoints for a section, and for each stretch of it
_EACH: Final = 16  # and for each piece at least, for there are many where the joints move fast
_MOST_GRID: Final = 4000


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a section: of one move, or the blend of two; with what limits it."""

    moves: tuple[int, ...]
    knots: Knots
    curve: ToolCurve | None
    joints: Limits
    tool: ToolLimits


class Section:
    """A path from stop to stop with all its limits, and the fastest run along it.

    ``path`` has the joints and, where the tool is limited, its axes behind them. Each piece of it has its limits and
    tells its moves; ``ends`` are the moves that end here, and where.
    """

    def __init__(
        self,
        path: Path,
        limits: tuple[Limits, ...],
        moves: tuple[tuple[int, ...], ...],
        ends: tuple[tuple[int, float], ...],
    ) -> None:
        self.path, self.limits, self.moves, self.ends = path, limits, moves, ends
        self.run = self._planned()

    @cached_property
    def certificate(self) -> Certificate:
        """Proven bounds of all axes; ``excess`` counts the limits of each piece there."""
        if isinstance(self.run, PathTrajectory):
            return self.run.certify(self.limits)
        return self.run.certify(self.limits[0])

    def time_at(self, s: float) -> float:
        """When it is at a place (s); beyond the end at the end."""
        if s >= self.path.breaks[-1]:
            return self.run.duration
        if isinstance(self.run, PathTrajectory):
            return self.run.time_at(s)
        axis = int(np.abs(self.path.coefficients[0, 1]).argmax())
        when = self.run.first_time_at_position(axis, float(self.path.at(s)[0][axis]))
        return 0.0 if when is None else when

    def place_at(self, time: float) -> float:
        """Where it is on the path at a time."""
        if isinstance(self.run, PathTrajectory):
            return float(self.run.along(time)[0])
        axis = int(np.abs(self.path.coefficients[0, 1]).argmax())
        gone = float(self.run.at_time(time)[0][axis]) - float(self.path.coefficients[0, 0, axis])
        return float(self.path.breaks[0]) + gone / float(self.path.coefficients[0, 1, axis])

    def rest(self, s: float) -> Section:
        """The remaining way from a place on, from rest."""
        path = self.path.part(s, float(self.path.breaks[-1]))
        first = len(self.limits) - len(path.degrees)
        return Section(path, self.limits[first:], self.moves[first:], tuple(end for end in self.ends if end[1] > s))

    def _planned(self) -> PathTrajectory | Trajectory:
        if self.path.judged == self.path.degrees_of_freedom and self.path.degrees.tolist() == [1]:
            return _straight(self.path, self.limits[0])
        stretches = 1 + sum(one != other for one, other in zip(self.moves, self.moves[1:], strict=False))
        wanted = max(_GRID * (1 + stretches), _EACH * len(self.moves))
        return parametrize(self.path, self.limits, gridpoints=min(wanted, _MOST_GRID))


def _straight(path: Path, limits: Limits) -> Trajectory:
    """One straight line of the joints: the fastest motion there is."""
    request = InputParameter(path.degrees_of_freedom)
    table = limits.as_array(path.degrees_of_freedom)
    request.current_position, request.target_position = path.at(path.breaks[[0, -1]])[0]
    request.min_velocity, request.max_velocity = table[1]
    request.min_acceleration, request.max_acceleration = table[2]
    request.max_jerk = table[3, 1]
    request.synchronization = Synchronization.PHASE
    return Otg(path.degrees_of_freedom).calculate(request)


def section(arm: Arm, stretches: Sequence[Stretch], ends: Sequence[tuple[int, float]]) -> Section:
    """One section of stretches that follow each other smoothly; ``ends`` count s over all of them."""
    tool = any(not each.tool.free for each in stretches)
    known: dict[tuple[int, ToolLimits], Limits] = {}
    breaks: list[Floats] = [np.zeros(1)]
    tables: list[Floats] = []
    limits: list[Limits] = []
    moves: list[tuple[int, ...]] = []
    for each in stretches:
        s, made = _table(arm, each, tool)
        dof = arm.degrees_of_freedom
        key = (id(each.joints), each.tool)
        if key not in known:
            known[key] = limited(each.joints, dof, each.tool) if tool else each.joints
        breaks.append(float(breaks[-1][-1]) + s[1:] - s[0])
        tables.append(made)
        limits += [known[key]] * len(made)
        moves += [each.moves] * len(made)
    path = Path._made(  # pyright: ignore[reportPrivateUsage]  # its pieces share their knots
        np.concatenate(breaks), np.ascontiguousarray(np.concatenate(tables)), arm.degrees_of_freedom
    )
    return Section(path, tuple(limits), tuple(moves), tuple(ends))


def _table(arm: Arm, stretch: Stretch, tool: bool) -> tuple[Floats, Floats]:
    """Breaks and coefficients of a stretch, with the axes of the tool if there are any."""
    path, s = stretch.knots.path, stretch.knots.s
    if not tool:
        return s, path.coefficients
    if stretch.tool.free:
        return s, np.concatenate([path.coefficients, np.zeros((*path.coefficients.shape[:2], AXES))], axis=2)
    straight = stretch.curve.straight if stretch.curve is not None else (False, False)

    def rates(places: Floats) -> Floats:
        flat = places.reshape(-1)
        if stretch.curve is not None:
            twist = stretch.curve.rates(flat)[1]
        else:
            q, dq = path.at(flat, 1)
            twist = np.einsum("nij,nj->ni", arm.jacobian_batch(q), dq)
        return twist.reshape(*places.shape, 6)

    made, miss = axes(rates, s, straight)
    for _ in range(_HALVINGS):
        coarse = miss > _FIT
        if not coarse.any():
            break
        s = np.sort(np.concatenate([s, 0.5 * (s[:-1] + s[1:])[coarse]]))
        made, miss = axes(rates, s, straight)
    return s, np.concatenate([divided(path, s), made], axis=2)
