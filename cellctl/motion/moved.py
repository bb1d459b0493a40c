"""A planned motion of an arm through moves: where it is when, what is proven of it, and what limits it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellctl.errors import UsageError
from cellctl.motion.arms import Arm
from cellctl.motion.given import output
from cellctl.motion.paths import SAME, Path
from cellctl.motion.sections import Section
from cellctl.motion.tool_bounds import AXES, LINEAR
from cellctl.motion.trajectory import Certificate

if TYPE_CHECKING:
    from cellctl.motion.moves import Move

Floats = NDArray[np.float64]

_LOOKS: Final = 200  # times of a move at which it is looked at what limits it
_AT: Final = 0.95  # of a limit: from here on it counts as what limits
_RARE: Final = 0.005  # of the time
_QUANTITIES: Final = ("velocity", "acceleration", "jerk")
_OF_THE_TOOL: Final = {
    0: "tool speed", LINEAR: "tool angular speed",
    **dict.fromkeys(range(1, LINEAR), "tool acceleration"),
    **dict.fromkeys(range(LINEAR + 1, AXES), "tool angular acceleration"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MotionCertificate(Certificate):
    """Bounds of the joints that hold at every moment, shape (2, dof); ``excess`` counts the limits of each move, those
    of the tool too. The tool's greatest speeds (m/s, rad/s) are proven where it is limited, NaN where it never is.
    """

    linear_velocity: float
    angular_velocity: float


class Motion:
    """A motion of all joints from time 0 to ``duration`` (s), as ``plan_moves`` makes it.

    ``at_time`` is that of ``PathTrajectory``. It is at rest at both ends, and at each target without a blend.
    ``deviation`` (m) is how far a led tool is off its way at most, as measured between all knots of the joints.
    """

    def __init__(
        self, arm: Arm, start: Floats, moves: tuple[Move, ...], sections: Sequence[Section], deviation: float
    ) -> None:
        self.arm, self.moves, self.deviation = arm, moves, deviation
        self._start, self._sections = start, tuple(sections)
        durations = [each.run.duration for each in self._sections]
        self._begins = np.concatenate([[0.0], np.cumsum(durations)])
        self.duration = float(self._begins[-1])

    @property
    def degrees_of_freedom(self) -> int:
        """How many joints."""
        return self.arm.degrees_of_freedom

    @cached_property
    def path(self) -> Path:
        """The way of the joints, one section behind the other."""
        dof, breaks, tables = self.degrees_of_freedom, [np.zeros(1)], list[Floats]()
        for each in self._sections:
            breaks.append(float(breaks[-1][-1]) + each.path.breaks[1:] - each.path.breaks[0])
            tables.append(each.path.coefficients[:, :, :dof])
        if not tables:
            table = np.zeros((1, 6, dof))
            table[0, 0] = self._start
            return Path([0.0, 1.0], table)
        made = np.ascontiguousarray(np.concatenate(tables))
        return Path._made(np.concatenate(breaks), made)  # pyright: ignore[reportPrivateUsage]  # checked in parts

    @cached_property
    def ends(self) -> Floats:
        """When each move is over (s); one with a blend in the middle of that. Shape (n,)."""
        made = np.full(len(self.moves), np.nan)
        for begin, each in zip(self._begins.tolist(), self._sections, strict=False):
            for move, s in each.ends:
                made[move] = begin + each.time_at(s)
        last = 0.0
        for k, end in enumerate(made.tolist()):
            made[k] = last = last if math.isnan(end) else end
        return made

    def at_time(
        self, time: float | ArrayLike, out: tuple[Floats, ...] | None = None, *, jerk: bool = False
    ) -> tuple[Floats, ...]:
        """Position, velocity, acceleration (and jerk) at one time, shape (dof,), or at many, shape (n, dof)."""
        times = np.asarray(time, np.float64, order="C")
        parts, dof = 4 if jerk else 3, self.degrees_of_freedom
        if times.ndim > 1 or np.isnan(times).any():
            raise UsageError(f"time has the shape {times.shape} or NaN in it", hint="It must be a number or (n,).")
        if out is not None and len(out) != parts:
            raise UsageError(f"out has {len(out)} arrays, not {parts}")
        shape = (*times.shape, dof)
        made = tuple(output(None if out is None else out[k], shape, f"out[{k}]") for k in range(parts))
        if not self._sections:
            for k, each in enumerate(made):
                each[...] = self._start if k == 0 else 0.0
            return made
        at = np.clip(np.searchsorted(self._begins, times, "right") - 1, 0, len(self._sections) - 1)
        numbers: list[int] = np.unique(at).tolist()
        for number in numbers:
            here = at == number
            run = self._sections[number].run
            places = np.clip(times[here] - self._begins[number], 0.0, run.duration)
            for each, values in zip(made, run.at_time(places, jerk=True), strict=False):
                each[here] = values[:, :dof]
        return made

    @cached_property
    def certificate(self) -> MotionCertificate:
        """What is proven of it, not sampled."""
        dof = self.degrees_of_freedom
        bounds = np.stack([np.stack([self._start, self._start]), *np.zeros((3, 2, dof))])
        excess, speeds = -math.inf, [math.nan, math.nan]
        for each in self._sections:
            own = each.certificate
            rows = np.stack([own.position, own.velocity, own.acceleration, own.jerk])
            bounds[:, 0] = np.minimum(bounds[:, 0], rows[:, 0, :dof])
            bounds[:, 1] = np.maximum(bounds[:, 1], rows[:, 1, :dof])
            excess = max(excess, own.excess)
            if rows.shape[2] > dof:
                speeds = [float(np.fmax(speeds[k], rows[1, 1, dof + at])) for k, at in enumerate((0, LINEAR))]
        return MotionCertificate(bounds[0], bounds[1], bounds[2], bounds[3], excess, speeds[0], speeds[1])

    def limiting(self) -> list[list[tuple[str, float]]]:
        """For each move what limits it for which part of its time, the greatest part first.

        Such as ``("shoulder acceleration", 0.61)``: a limit counts where it is reached to 95 %, as looked at 200 times.
        """
        ends = self.ends
        begins = np.concatenate([[0.0], ends[:-1]]) if len(ends) else ends
        return [self._limited(a, b) for a, b in zip(begins.tolist(), ends.tolist(), strict=True)]

    def rest(self, time: float) -> Motion:
        """The remaining way from where it is at ``time`` on, from rest, planned anew on the same path.

        The moves are the same ones; those that are over end at 0.
        """
        if not 0 <= time < math.inf:
            raise UsageError(f"a time of {time} s", hint="It must be zero or above.")
        start = self.at_time(time)[0]
        number = int(np.searchsorted(self._begins, time, "right")) - 1
        if number >= len(self._sections):
            return Motion(self.arm, start, self.moves, (), self.deviation)
        here = self._sections[number]
        s = here.place_at(time - float(self._begins[number]))
        left = [here.rest(s)] if here.path.breaks[-1] - s > SAME * here.path.length else []
        return Motion(self.arm, start, self.moves, (*left, *self._sections[number + 1 :]), self.deviation)

    def _limited(self, begin: float, end: float) -> list[tuple[str, float]]:
        if not end > begin:
            return []
        counts: dict[str, int] = {}
        times = begin + (end - begin) * (np.arange(_LOOKS) + 0.5) / _LOOKS
        at = np.clip(np.searchsorted(self._begins, times, "right") - 1, 0, len(self._sections) - 1)
        numbers: list[int] = np.unique(at).tolist()
        for number in numbers:
            for name in self._reached(self._sections[number], times[at == number] - self._begins[number]):
                counts[name] = counts.get(name, 0) + 1
        parts = [(name, count / _LOOKS) for name, count in counts.items() if count > _RARE * _LOOKS]
        return sorted(parts, key=lambda part: (-part[1], part[0]))

    def _reached(self, section: Section, times: Floats) -> list[str]:
        """The limit that is nearest to being reached at each of some times, if it is."""
        _, *rates = section.run.at_time(times, jerk=True)
        width = section.path.degrees_of_freedom
        tables = {id(each): each.as_array(width)[1:] for each in section.limits}
        pieces = np.clip(
            np.searchsorted(section.path.breaks, [section.place_at(t) for t in times], "right") - 1,
            0, len(section.limits) - 1,
        )  # fmt: skip
        names: list[str] = []
        numbers: list[int] = pieces.tolist()
        for k, piece in enumerate(numbers):
            table = tables[id(section.limits[piece])]
            values = np.stack([rate[k] for rate in rates])
            parts = np.where(values >= 0, values / table[:, 1], values / table[:, 0])
            quantity, axis = np.unravel_index(int(parts.argmax()), parts.shape)
            if parts[quantity, axis] >= _AT:
                names.append(self._name(int(quantity), int(axis)))
        return names

    def _name(self, quantity: int, axis: int) -> str:
        dof = self.degrees_of_freedom
        if axis < dof:
            return f"{self.arm.model.joints[axis].name} {_QUANTITIES[quantity]}"
        return _OF_THE_TOOL[axis - dof]
