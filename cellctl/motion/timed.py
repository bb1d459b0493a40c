"""Motions as few timed polynomials: what a controller with little memory can be given and play by itself.

Knots have a time and the position, velocity and acceleration of every axis; between two of them each axis is the one
quintic that fits both. Where a motion has pieces of constant jerk and knots where they meet, the quintics are exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellctl.errors import UsageError
from cellctl.motion import _topp
from cellctl.motion.knots import Knots
from cellctl.motion.parametrization import PathTrajectory
from cellctl.motion.trajectory import Certificate, Limits

Floats = NDArray[np.float64]

#: Where in a piece it is looked at how far the quintic is off.
_PLACES: Final = (0.15, 0.35, 0.5, 0.65, 0.85)
_MOST: Final = 100_000  # knots


class Run(Protocol):
    """A motion from time 0 to ``duration``: a ``Trajectory``, a ``PathTrajectory``."""

    @property
    def duration(self) -> float:
        """s."""
        ...

    def at_time(self, time: ArrayLike) -> tuple[Floats, ...]:
        """Position, velocity, acceleration; shape (n, dof) each."""
        ...


@dataclass(frozen=True, eq=False)
class TimedKnots:
    """A motion told by knots. Made by ``timed_knots``, or from what came over a wire."""

    times: Floats  #: s, rising from the start. Shape (k + 1,)
    states: Floats  #: position, velocity, acceleration. Shape (k + 1, 3, dof)

    @property
    def duration(self) -> float:
        """s."""
        return float(self.times[-1] - self.times[0])

    @cached_property
    def trajectory(self) -> PathTrajectory:
        """The quintics between the knots, as a motion that can be sampled and certified. Raises UsageError."""
        times, states = np.array(self.times, np.float64), np.array(self.states, np.float64)
        if times.ndim != 1 or len(times) < 2 or states.shape[:2] != (len(times), 3) or states.ndim != 3:
            raise UsageError(
                f"times {times.shape} and states {states.shape} make no motion",
                hint="They must be (k + 1,) and (k + 1, 3, dof), with k at least 1.",
            )
        spans = np.diff(times)
        if not (np.isfinite(times).all() and np.isfinite(states).all() and (spans > 0).all()):
            raise UsageError("a knot is not finite, or the times do not rise")
        path = Knots(times, states).path  # its parameter is the time itself, which runs at the speed 1
        table = np.zeros((len(spans), _topp.COLUMNS))
        table[:, 0], table[:, 1], table[:, 2], table[:, 3] = times[:-1] - times[0], spans, times[:-1], spans
        table[:, 4], table[:, 8] = 1.0, np.arange(len(spans))
        return PathTrajectory(path, table, self.duration)

    def certify(self, limits: Limits | None = None) -> Certificate:
        """Proven bounds of what will be played, as ``PathTrajectory`` gives them."""
        return self.trajectory.certify(limits)

    def rounded(self, time: float, position: float, velocity: float, acceleration: float) -> TimedKnots:
        """The knots as whole numbers of these steps (s and the axes' units) carry them over a wire.

        Each time is a whole number of steps after the one before, so that nothing adds up. Raises UsageError.
        """
        steps = np.array([position, velocity, acceleration])
        if not (time > 0 and (steps > 0).all() and np.isfinite(steps).all() and math.isfinite(time)):
            raise UsageError(f"steps of {time} s and {steps}", hint="They must be above zero.")
        times = np.round(self.times / time) * time
        return TimedKnots(times, np.round(self.states / steps[:, None]) * steps[:, None])


def timed_knots(
    run: Run, *, tolerance: float = 1e-5, longest: float = 0.1, shortest: float = 1e-3, at: ArrayLike = ()
) -> TimedKnots:
    """Few knots between which the quintics keep to a motion within ``tolerance`` (rad, m) on every axis.

    Pieces last between ``shortest`` and ``longest`` (s); each is halved until it keeps to the motion where it is looked
    at, at five places. ``at`` (n,) are times at which there shall be a knot whatever happens: where the jerk jumps, if
    that is known. Raises UsageError where the shortest pieces do not do.
    """
    if not (0 < shortest <= longest < math.inf and tolerance > 0):
        raise UsageError(
            f"pieces of {shortest} to {longest} s, a tolerance of {tolerance}",
            hint="All must be above zero, and the shortest not above the longest.",
        )
    duration = float(run.duration)
    if not 0 < duration < math.inf or duration / longest > _MOST:
        raise UsageError(f"a motion of {duration} s", hint=f"It must be above zero and below {longest * _MOST:g} s.")
    times = _edges(duration, longest, shortest, at)
    while True:
        states = np.stack(run.at_time(times)[:3], axis=1)
        made = TimedKnots(times, states)
        coarse = _deviation(run, made) > tolerance
        if not coarse.any():
            return made
        halves = 0.5 * (times[:-1] + times[1:])[coarse]
        if (np.diff(times)[coarse] / 2).min() < shortest or len(times) + len(halves) > _MOST:
            raise UsageError(
                f"pieces of {shortest:g} s do not keep to the motion within {tolerance:g}",
                hint="Allow shorter pieces or a larger tolerance.",
            )
        times = np.sort(np.concatenate([times, halves]))


def _edges(duration: float, longest: float, shortest: float, at: ArrayLike) -> Floats:
    """Knots to begin with: those asked for, and evenly between them."""
    wanted = np.asarray(at, np.float64).reshape(-1)
    if not ((wanted >= 0) & (wanted <= duration)).all():
        raise UsageError("a knot is asked for outside of the motion", hint=f"It lasts from 0 to {duration:.9g} s.")
    edges = [0.0]
    for each in np.unique(wanted).tolist():
        if each - edges[-1] >= shortest and duration - each >= shortest:
            edges.append(each)
    edges.append(duration)
    parts: list[Floats] = [
        np.linspace(one, other, max(1, math.ceil((other - one) / longest)) + 1)[:-1] for one, other in pairwise(edges)
    ]
    return np.append(np.concatenate(parts), duration)


def _deviation(run: Run, made: TimedKnots) -> Floats:
    """How far each piece is off at most where it is looked at. Shape (k,)."""
    spans = np.diff(made.times)
    times = (made.times[:-1, None] + spans[:, None] * np.array(_PLACES)).reshape(-1)
    off = np.abs(made.trajectory.at_time(times)[0] - run.at_time(times)[0]).max(axis=1)
    worst: Floats = off.reshape(len(spans), -1).max(axis=1)
    return worst
