"""Through given waypoints in the least time, jerk limited, all axes together.

The velocities and accelerations at the waypoints are searched for; between two of them each axis moves as ``Otg`` plans
it. The first motion is there at once, and every round of the search keeps the best one so far.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellctl.errors import UsageError
from cellctl.motion._otg import PlanError
from cellctl.motion._waypoints import Search
from cellctl.motion.otg import ControlInterface, InputParameter
from cellctl.motion.refusals import refusal
from cellctl.motion.trajectory import Trajectory

Floats = NDArray[np.float64]

_LIMITS: Final = ("max_velocity", "min_velocity", "max_acceleration", "min_acceleration", "max_jerk")
_MOST: Final = 10_000  # waypoints


class WaypointSearch:
    """A motion through waypoints that gets better round by round; it is whole at any time.

    ``given`` tells where the motion starts and ends, and the limits, which must be finite; ``intermediate_positions``
    what is passed between, shape (n, dof). The same ``seed`` finds the same motion. Raises UsageError where there is
    none.

    A round takes a time that grows with the number of waypoints: about 0.4 ms for ten of them and six axes.
    """

    def __init__(self, given: InputParameter, intermediate_positions: ArrayLike, *, seed: int = 1) -> None:
        self.waypoints = _waypoints(given, intermediate_positions)  #: start, waypoints, target; shape (n + 2, dof)
        if not 0 <= seed < 2**63:
            raise UsageError(f"a seed of {seed}", hint="It must be from 0 to 2^63 - 1.")
        walled = bool(np.isfinite(given.room).any())
        self._search = Search(self.waypoints, _ends(given), _limits(given), walled, 2 * seed + 1)
        try:
            self._search.begin()
        except PlanError as error:
            raise refusal(given, error, "") from None

    def improve(self, rounds: int = 20) -> bool:
        """So many rounds on, or until ``end``; whether the motion has become shorter."""
        if rounds < 0:
            raise UsageError(f"{rounds} rounds", hint="It must be zero or above.")
        return self._search.improve(rounds)

    def end(self) -> None:
        """From another thread: ends ``improve`` after the round that it is in."""
        self._search.end()

    @property
    def rounds(self) -> int:
        """How many rounds there have been."""
        return self._search.rounds

    @property
    def duration(self) -> float:
        """Of the best motion so far (s)."""
        return self._search.duration

    @property
    def times(self) -> Floats:
        """When that motion is at the start, the waypoints and the target (s). Shape (n + 2,)."""
        return self._search.states()[1]

    @property
    def trajectory(self) -> Trajectory:
        """The best motion so far."""
        made = Trajectory()
        self._search.fill(made)
        return made


def through(given: InputParameter, intermediate_positions: ArrayLike, rounds: int = 20) -> Trajectory:
    """The motion through waypoints that so many rounds of ``WaypointSearch`` find. Raises UsageError."""
    search = WaypointSearch(given, intermediate_positions)
    search.improve(rounds)
    return search.trajectory


def _waypoints(given: InputParameter, intermediate_positions: ArrayLike) -> Floats:
    """All points of the motion; one that repeats the one before is left out."""
    between = np.asarray(intermediate_positions, np.float64)
    dof = given.degrees_of_freedom
    if between.size == 0:
        between = between.reshape(0, dof)
    if between.ndim != 2 or between.shape[1] != dof:
        raise UsageError(f"intermediate_positions has shape {between.shape}, not (n, {dof})")
    if len(between) > _MOST:
        raise UsageError(f"{len(between)} intermediate_positions; at most {_MOST} are taken")
    low, high = given.room
    for index, axis in np.argwhere(~((between >= low) & (between <= high) & np.isfinite(between))):
        value = between[index, axis]
        raise UsageError(
            f"intermediate_positions[{index}] is {value:.9g}, not from {low[axis]:.9g} to {high[axis]:.9g}",
            where=f"axis {axis}",
            hint="It must be a finite number between min_position and max_position.",
        )
    points = np.concatenate([given.current_position[None], between, given.target_position[None]])
    keep = np.r_[True, (np.diff(points, axis=0) != 0).any(axis=1)]
    keep[-1] = True  # the target stays, so that a start at it may come to rest
    return np.ascontiguousarray(points[keep])


def _ends(given: InputParameter) -> Floats:
    return np.stack(
        [given.current_velocity, given.current_acceleration, given.target_velocity, given.target_acceleration]
    )


def _limits(given: InputParameter) -> Floats:
    if not given.enabled.all() or (given.control_interface != ControlInterface.POSITION).any():
        raise UsageError("a motion through waypoints with an axis that is switched off, or that wants a velocity only")
    table = np.empty((7, given.degrees_of_freedom))
    limits = given.limits
    for row, name in enumerate(_LIMITS):
        value = getattr(limits, name)
        table[row] = -table[row - 1] if value is None else value
        for axis in np.flatnonzero(~np.isfinite(table[row])):
            raise UsageError(f"{name} is {table[row, axis]}", where=f"axis {axis}", hint="It must be finite here.")
    table[5:] = given.room
    return table
