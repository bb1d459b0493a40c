"""Trajectories: what a planner answers, and what can be done with it.

A trajectory has one axis a degree of freedom (dof), in whatever unit the axis was planned in, and seconds. Every axis
is a sequence of pieces of constant jerk, so positions are cubics and everything about them is known in closed form.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellctl.errors import UsageError
from cellctl.motion import _trajectory

Floats = NDArray[np.float64]
_FORMAT: Final = "cellctl-trajectory-1"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a motion may do at most: arrays of shape (dof,), or one number for all axes. Infinite: not limited.

    ``min_velocity`` and ``min_acceleration`` are the negatives of the upper limits where they are not given.
    """

    max_velocity: ArrayLike = math.inf
    max_acceleration: ArrayLike = math.inf
    max_jerk: ArrayLike = math.inf
    min_velocity: ArrayLike | None = None
    min_acceleration: ArrayLike | None = None
    max_position: ArrayLike = math.inf
    min_position: ArrayLike = -math.inf

    def as_array(self, dof: int) -> Floats:
        """Lower and upper limits of position, velocity, acceleration, jerk. Shape (4, 2, dof)."""
        table = np.empty((4, 2, dof))
        table[0, 0], table[0, 1] = self.min_position, self.max_position
        rows = (
            (self.min_velocity, self.max_velocity),
            (self.min_acceleration, self.max_acceleration),
            (None, self.max_jerk),
        )
        for row, (low, high) in enumerate(rows, 1):
            table[row, 1] = high
            table[row, 0] = -table[row, 1] if low is None else low
        return table


@dataclass(frozen=True, slots=True)
class Certificate:
    """Bounds that hold at every moment of a trajectory, rounding included; rows are lower and upper, shape (2, dof).

    ``excess`` is the largest violation of the limits that cannot be ruled out, relative to the wider of the limit's two
    sides, for a position also to the largest one that there is; negative or zero where all hold.
    """

    position: Floats
    velocity: Floats
    acceleration: Floats
    jerk: Floats
    excess: float

    def holds(self, tolerance: float = 1e-12) -> bool:
        """Whether the limits are kept, to a tolerance that is above rounding."""
        return self.excess <= tolerance


def excess_of(bounds: Floats, limits: Floats) -> float:
    """How far bounds may go beyond limits, as ``Certificate`` tells it. Shape (4, 2, dof) each."""
    sizes = np.where(np.isfinite(limits), np.abs(limits), 0.0).max(axis=1)
    reach = np.where(np.isfinite(bounds[0]), np.abs(bounds[0]), 0.0).max(axis=0)
    sizes[0] = np.maximum(sizes[0], reach)  # a position is rounded as the largest one is
    told = np.isfinite(limits)  # what is not limited is not broken, by whatever infinity
    above = np.subtract(bounds[:, 1], limits[:, 1], where=told[:, 1], out=np.full_like(bounds[:, 1], -math.inf))
    below = np.subtract(limits[:, 0], bounds[:, 0], where=told[:, 0], out=np.full_like(bounds[:, 0], -math.inf))
    over = np.maximum(above, below)
    return float((over / np.where(sizes > 0, sizes, 1.0)).max(initial=-math.inf))


class Trajectory(_trajectory.Trajectory):
    """A motion of all axes from time 0 to ``duration`` (s). Made by ``Otg.calculate``, or from other trajectories.

    ``at_time(t)`` gives position, velocity and acceleration (and with ``jerk=True`` the jerk) at one time, shape
    (dof,), or at many, shape (n, dof); with ``out=(p, v, a)`` nothing is allocated. Behind the end the motion
    goes on with its final acceleration; before the start it stands at its initial state.
    """

    __slots__ = ()

    def __reduce__(self) -> tuple[Callable[[dict[str, Any]], Trajectory], tuple[dict[str, Any]]]:
        return type(self).from_dict, (self.to_dict(),)

    def __repr__(self) -> str:
        return f"Trajectory({self.degrees_of_freedom} axes, {self.duration:.9g} s)"

    @property
    def breaks(self) -> Floats:
        """When the jerk of some axis jumps, start and end included (s). Shape (k,)."""
        pieces, ends = self._pieces()
        starts = [table[:, 0] for table in pieces]
        times: Floats = np.unique(np.concatenate([*starts, ends[:, 0], [0.0, self.duration]]))
        return times

    def bounding_box(self) -> Floats:
        """Least and greatest position of each axis. Shape (2, dof)."""
        least, _, greatest, _ = self.position_extrema()
        return np.array([least, greatest])

    def sample(self, delta_time: float) -> tuple[Floats, Floats, Floats, Floats]:
        """Times (n,), and position, velocity, acceleration (n, dof) from the start to the end inclusive."""
        if not (delta_time > 0 and math.isfinite(delta_time)):
            raise UsageError(f"a step of {delta_time} s", hint="It must be above zero.")
        times = np.append(np.arange(0.0, self.duration, delta_time), self.duration)
        position, velocity, acceleration = self.at_time(times)
        return times, position, velocity, acceleration

    def certify(self, limits: Limits | None = None) -> Certificate:
        """Rigorous bounds over the whole duration, from closed forms and rounded outward, not from samples.

        The trajectory is taken as it is stored; the bounds hold for it in exact arithmetic, and for what ``at_time``
        answers.
        """
        bounds = self.bounds()
        wanted = (limits or Limits()).as_array(self.degrees_of_freedom)
        return Certificate(bounds[0], bounds[1], bounds[2], bounds[3], excess_of(bounds, wanted))

    def scaled(self, factor: float) -> Self:
        """The same path in ``factor`` times the time: velocities fall by it, accelerations by its square."""
        if not (factor > 0 and math.isfinite(factor)):
            raise UsageError(f"a time factor of {factor}", hint="It must be above zero.")
        pieces, ends = self._pieces()
        powers = factor ** np.array([1.0, 1.0, 0.0, -1.0, -2.0, -3.0])
        end_powers = factor ** np.array([1.0, 0.0, -1.0, -2.0])
        scaled = type(self)()
        scaled._build(
            [table * powers for table in pieces],
            ends * end_powers,
            self.duration * factor,
            self.independent_min_durations * factor,
        )
        return scaled

    def then(self, other: _trajectory.Trajectory, *, tolerance: float = 1e-9) -> Self:
        """This motion and then the other one, which must start in the state that this one ends in.

        ``tolerance`` is the largest jump allowed in position, velocity or acceleration, relative to the larger of 1 and
        the values themselves.
        """
        if other.degrees_of_freedom != self.degrees_of_freedom:
            raise UsageError(f"{self.degrees_of_freedom} axes and {other.degrees_of_freedom} cannot be joined")
        for name, end, start in zip(
            ("position", "velocity", "acceleration"), self.at_time(self.duration), other.at_time(0.0), strict=True
        ):
            gap = np.abs(end - start) / np.maximum(1.0, np.maximum(np.abs(end), np.abs(start)))
            if self.degrees_of_freedom and gap.max() > tolerance:
                axis = int(gap.argmax())
                raise UsageError(
                    f"{name} of axis {axis} jumps from {end[axis]:.9g} to {start[axis]:.9g}",
                    hint="The second motion must start where the first one ends.",
                )
        return self._joined(other)

    def _joined(self, other: _trajectory.Trajectory) -> Self:
        first, ends = self._pieces()
        second, last = other._pieces()
        tables: list[Floats] = []
        for one, end, two in zip(first, ends, second, strict=True):
            moved = two + np.array([self.duration, 0.0, 0.0, 0.0, 0.0, 0.0])
            t, p, v, a = (float(each) for each in end)
            rest = self.duration - t  # an axis that was not synchronised has gone on alone
            gap = np.array([[t, rest, p, v, a, 0.0]]) if rest > 0 else np.empty((0, 6))
            tables.append(np.ascontiguousarray(np.concatenate([one, gap, moved])))
        shifted = last + np.array([self.duration, 0.0, 0.0, 0.0])
        joined = type(self)()
        least = self.independent_min_durations + other.independent_min_durations
        joined._build(tables, shifted, self.duration + other.duration, least)
        return joined

    def to_dict(self) -> dict[str, Any]:
        """Everything as numbers and lists, ready for JSON; floats survive exactly."""
        pieces, ends = self._pieces()
        return {
            "format": _FORMAT,
            "duration": self.duration,
            "ends": ends.tolist(),
            "pieces": [table.tolist() for table in pieces],
            "independent_min_durations": self.independent_min_durations.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of ``to_dict``. Raises UsageError where the data is not a trajectory."""
        if not isinstance(data, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]  # it comes from a file
            raise UsageError(f"not a trajectory: {type(data).__name__}, not what to_dict gave")
        if data.get("format") != _FORMAT:
            raise UsageError(f"not a trajectory: format {data.get('format')!r}, not {_FORMAT!r}")
        try:
            tables = [_table(rows, 6) for rows in data["pieces"]]
            ends = _table(data["ends"], 4)
            least = np.array(data["independent_min_durations"], np.float64)
            duration = float(data["duration"])
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f"not a trajectory: {error}") from error
        _check(tables, ends, least, duration)
        trajectory = cls()
        trajectory._build(tables, ends, duration, least)
        return trajectory


def _table(rows: Sequence[Sequence[float]], width: int) -> Floats:
    return np.ascontiguousarray(np.array(rows, np.float64).reshape(len(rows), width))


def _check(tables: list[Floats], ends: Floats, least: Floats, duration: float) -> None:
    if len(ends) != len(tables) or least.shape != (len(tables),):
        raise UsageError(f"not a trajectory: {len(tables)} axes, {len(ends)} ends, {len(least)} durations")
    whole = [*tables, ends, least, np.array([duration])]
    if not all(np.isfinite(each).all() for each in whole):
        raise UsageError("not a trajectory: a number is not finite")
    if duration < 0 or (len(ends) and duration < ends[:, 0].max()):
        raise UsageError(f"not a trajectory: a duration of {duration:g} s, shorter than an axis takes")
    for axis, table in enumerate(tables):
        if (table[:, 1] < 0).any() or (np.diff(table[:, 0]) < 0).any():
            raise UsageError(f"not a trajectory: the pieces of axis {axis} are not in order")
