"""When a motion is where on its path: the fastest run along a path within the limits of its axes.

``parametrize`` gives a ``PathTrajectory``, which is on the path exactly and keeps the limits at every moment, not only
on a grid; ``certify`` proves it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellctl.errors import UsageError
from cellctl.motion import _topp
from cellctl.motion.given import output
from cellctl.motion.paths import Path
from cellctl.motion.trajectory import Certificate, Limits, excess_of

Floats = NDArray[np.float64]
Groups = NDArray[np.intc]

#: As ToppStatus in ext/topp_grid.h.
_START: Final = 1
_END: Final = 2
_ENDLESS: Final = 3

#: Of time in the columns of ToppPiece in ext/topp_profile.h.
_POWERS: Final = (1.0, 1.0, 0.0, 0.0, -1.0, -2.0, -2.0, -3.0, 0.0)
_GRID: Final = (4, 100_000)
_JERK_GRID: Final = (4, 20_000)
_BISECTIONS: Final = 50
_LEAST: Final = 20  # gridpoints between two stops of a motion of limited jerk


class PathTrajectory:
    """A motion along a path from time 0 to ``duration`` (s), as ``Trajectory`` is one of free axes.

    In each piece of time the square of the speed along the path is a quadratic in s; so positions, velocities and
    accelerations are known in closed form. Before the start it is at the start, behind the end it stays at the end.
    """

    __slots__ = ("_table", "duration", "path")

    def __init__(self, path: Path, table: Floats, duration: float) -> None:
        self.path = path
        self.duration = duration
        self._table = table

    @property
    def degrees_of_freedom(self) -> int:
        """How many axes."""
        return self.path.degrees_of_freedom

    def at_time(
        self, time: float | ArrayLike, out: tuple[Floats, ...] | None = None, *, jerk: bool = False
    ) -> tuple[Floats, ...]:
        """Position, velocity, acceleration (and jerk) at one time, shape (dof,), or at many, shape (n, dof)."""
        times = np.asarray(time, np.float64, order="C")
        parts = 4 if jerk else 3
        if times.ndim > 1 or np.isnan(times).any():
            raise UsageError(f"time has the shape {times.shape} or NaN in it", hint="It must be a number or (n,).")
        if out is not None and len(out) != parts:
            raise UsageError(f"out has {len(out)} arrays, not {parts}")
        shape = (*times.shape, self.degrees_of_freedom)
        made = tuple(output(None if out is None else out[k], shape, f"out[{k}]") for k in range(parts))
        _topp.run(self.path, self._table, times.reshape(-1), made if jerk else (*made, None))
        return made

    def along(self, time: float | ArrayLike) -> Floats:
        """The place s on the path and its first three derivatives by time. Shape (4,) or (4, n)."""
        times = np.asarray(time, np.float64, order="C")
        if times.ndim > 1 or np.isnan(times).any():
            raise UsageError(f"time has the shape {times.shape} or NaN in it", hint="It must be a number or (n,).")
        return _topp.clock(self._table, times.reshape(-1)).reshape(4, *times.shape)

    def sample(self, delta_time: float) -> tuple[Floats, Floats, Floats, Floats]:
        """Times (n,), and position, velocity, acceleration (n, dof) from the start to the end inclusive."""
        if not (delta_time > 0 and math.isfinite(delta_time)):
            raise UsageError(f"a step of {delta_time} s", hint="It must be above zero.")
        times = np.append(np.arange(0.0, self.duration, delta_time), self.duration)
        position, velocity, acceleration = self.at_time(times)
        return times, position, velocity, acceleration

    def scaled(self, factor: float) -> PathTrajectory:
        """The same path in ``factor`` times the time: velocities fall by it, accelerations by its square."""
        if not (factor > 0 and math.isfinite(factor)):
            raise UsageError(f"a time factor of {factor}", hint="It must be above zero.")
        table = self._table * factor ** np.array(_POWERS)
        return PathTrajectory(self.path, table, self.duration * factor)

    def time_at(self, s: float) -> float:
        """The first time (s) at which it is at a place on the path."""
        starts = self._table[:, 2]
        row = max(int(np.searchsorted(starts, s, "left")) - 1, 0)
        low = float(self._table[row, 0])
        high = low + float(self._table[row, 1])
        for _ in range(_BISECTIONS):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if float(self.along(middle)[0]) < s else (low, middle)
        return high

    def bounding_box(self) -> Floats:
        """Least and greatest position of each axis, proven. Shape (2, dof)."""
        return self.path.range()

    def certify(self, limits: Limits | Sequence[Limits] | None = None) -> Certificate:
        """Rigorous bounds over the whole duration, from Bernstein coefficients and rounded outward, not from samples.

        The bounds of the velocity always include zero. Where the acceleration jumps, as it does without a jerk limit,
        those of the jerk are infinite. Limits may be told for each piece of the path, as ``parametrize`` takes them.
        """
        room = self.path.range()[None]
        bounds = np.concatenate([room, _topp.bounds(self.path, self._table)])
        tables, group = _grouped(self.path, Limits() if limits is None else limits)
        if group is None:
            return Certificate(bounds[0], bounds[1], bounds[2], bounds[3], excess_of(bounds, tables[0]))
        excess, first = -math.inf, 0
        for number, rows in groupby(group[self._table[:, -1].astype(np.intp)].tolist()):
            until = first + sum(1 for _ in rows)
            part = np.concatenate([room, _topp.bounds(self.path, self._table[first:until])])
            excess, first = max(excess, excess_of(part, tables[number])), until
        return Certificate(bounds[0], bounds[1], bounds[2], bounds[3], excess)


def parametrize(
    path: Path,
    limits: Limits | Sequence[Limits],
    *,
    gridpoints: int = 500,
    start_velocity: float = 0.0,
    end_velocity: float = 0.0,
) -> PathTrajectory:
    """The fastest motion along ``path`` within ``limits``, on a grid of about so many points.

    ``start_velocity`` and ``end_velocity`` are speeds along the path, ds/dt. The more points, the nearer to the fastest
    motion there is; the limits are kept with any number. Where the jerk is limited, the motion goes from rest to rest,
    and stops too where the curvature of the path jumps (``path.bends``). Limits may be told for each piece of the path,
    one after the other. Raises UsageError.
    """
    tables, group = _grouped(path, limits)
    for table in tables:
        _check_limits(table)
    jerk = bool(np.isfinite(tables[:, 3]).any())
    _check(gridpoints, start_velocity, end_velocity, jerk)
    _check_room(path, tables)
    gridpoints, table = int(gridpoints), np.ascontiguousarray(tables[:, 1:])
    try:
        if jerk:
            made, duration = _smoothest(path, table, group, gridpoints)
        else:
            made, duration = _topp.fastest(path, table, group, gridpoints, start_velocity, end_velocity)
    except _topp.PathError as error:
        raise _refusal(error, start_velocity, end_velocity) from None
    if not 0 < duration < math.inf:
        raise UsageError(f"the motion would take {duration} s", hint="Check the units of the path and of the limits.")
    return PathTrajectory(path, made, duration)


def _smoothest(path: Path, limits: Floats, group: Groups | None, gridpoints: int) -> tuple[Floats, float]:
    """From rest to rest between all places where a motion of limited jerk stops, one after the other."""
    stops = [0, *np.flatnonzero(path.stops).tolist(), len(path.degrees)]
    tables: list[Floats] = []
    duration = 0.0
    for first, last in pairwise(stops):
        share = float(path.breaks[last] - path.breaks[first]) / path.length
        table, lasts = _topp.smoothest(path, limits, group, max(_LEAST, round(gridpoints * share)), first, last)
        table[:, 0] += duration
        duration += lasts
        tables.append(table)
    return (tables[0] if len(tables) == 1 else np.concatenate(tables)), duration


def _grouped(path: Path, limits: Limits | Sequence[Limits]) -> tuple[Floats, Groups | None]:
    """The limits that there are as arrays, shape (k, 4, 2, dof), and which of them each piece has; None: the first."""
    given = (limits,) if isinstance(limits, Limits) else tuple(limits)
    if len(given) not in {1, len(path.degrees)}:
        raise UsageError(f"{len(given)} limits for {len(path.degrees)} pieces of a path")
    numbers: dict[int, int] = {}
    group = np.array([numbers.setdefault(id(each), len(numbers)) for each in given], np.intc)
    firsts = {id(each): each for each in given}
    try:
        tables = np.stack([firsts[key].as_array(path.degrees_of_freedom) for key in numbers])
    except (TypeError, ValueError) as error:
        raise UsageError(f"the limits do not fit {path.degrees_of_freedom} axes: {error}") from error
    return tables, group if len(numbers) > 1 else None


def _check_limits(table: Floats) -> None:
    signs = (("velocity", 1, False), ("acceleration", 2, True), ("jerk", 3, True))
    if (table[1:, 1] > 0).all() and (table[1:, 0] < 0).all():
        return
    for name, k, strict in signs:
        low, high = table[k]
        good = (low < 0) & (high > 0) if strict else (low <= 0) & (high >= 0)
        if not good.all():
            axis = int(np.argmin(good))
            raise UsageError(
                f"{name} limits {low[axis]:g} to {high[axis]:g}", where=f"axis {axis}",
                hint=f"The lower must be below zero{'' if strict else ' or zero'}, the upper above.",
            )  # fmt: skip


def _check(gridpoints: int, start: float, end: float, jerk: bool) -> None:
    least, most = _JERK_GRID if jerk else _GRID
    if not least <= gridpoints <= most:
        raise UsageError(f"{gridpoints} gridpoints", hint=f"It must be {least} to {most}.")
    for name, value in (("start_velocity", start), ("end_velocity", end)):
        if not 0 <= value < 1e50:
            raise UsageError(f"{name} is {value}", hint="It must be finite and not negative.")
        if value > 0 and jerk:
            raise UsageError(f"{name} is {value:g}: with a jerk limit the motion goes from rest to rest")


def _check_room(path: Path, tables: Floats) -> None:
    if not np.isfinite(tables[:, 0]).any():
        return
    least, most = tables[:, 0, 0].max(axis=0), tables[:, 0, 1].min(axis=0)
    low, high = path.range()
    over = (low < least) | (high > most)
    if over.any():
        axis = int(np.argmax(over))
        raise UsageError(
            f"the path goes from {low[axis]:.9g} to {high[axis]:.9g}, beyond the position limits "
            f"{least[axis]:.9g} to {most[axis]:.9g}",
            where=f"axis {axis}",
            hint="Move the waypoints.",
        )


def _refusal(error: _topp.PathError, start: float, end: float) -> UsageError:
    status, least, greatest = error.args
    if status == _START:
        low, high = math.sqrt(max(0.0, least)), math.sqrt(max(0.0, greatest))
        hint = f"Between {low:.9g} and {high:.9g} the rest of the path can be followed."
        return UsageError(f"start_velocity {start:.9g} does not fit the path", hint=hint)
    if status == _END:
        return UsageError(f"end_velocity {end:.9g} is too fast there", hint=f"At most {math.sqrt(greatest):.9g}.")
    if status == _ENDLESS:
        if end > 0:
            return UsageError(f"end_velocity {end:.9g} cannot be reached on this path", hint="Lower it.")
        return UsageError(
            "a velocity limit of zero keeps an axis from following the path", hint="Allow both directions."
        )
    return UsageError("nothing limits the speed on a part of the path", hint="Limit the velocity or the acceleration.")
