"""Picking from a moving belt: the earliest time at which all axes can be with a target that moves, and the motion.

Being with the target means having its position, velocity and acceleration. The motion goes there, along with the
target for as long as told, and away: one trajectory, jerk limited throughout. The words are those of ``Otg``, whose
target is where the axes go after the pick. Times count from the current state.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cellctl.errors import UsageError
from cellctl.motion import _intercept
from cellctl.motion.intercept_refusals import refusal
from cellctl.motion.otg import Floats, InputParameter
from cellctl.motion.trajectory import Trajectory

_ROWS: Final = ("position", "velocity", "acceleration")


class MovingTarget(_intercept.Target):
    """What moves: position, velocity and acceleration of each axis at time zero, arrays of shape (dof,).

    It accelerates for ``accelerates_for`` s (for ever, unless told) and keeps its velocity then. ``direction`` is what
    the coordinate of the pick window is counted along: that is ``direction @ position``.
    """

    def __init__(self, degrees_of_freedom: int) -> None:
        self._motion: Trajectory | None = None
        self._coordinate: Trajectory | None = None

    @classmethod
    def along(
        cls,
        origin: ArrayLike,
        direction: ArrayLike,
        *,
        speed: float,
        acceleration: float = 0.0,
        final_speed: float | None = None,
    ) -> MovingTarget:
        """On a straight belt: now at ``origin``, with a speed that changes until it is ``final_speed``.

        Only the direction of ``direction`` counts. Without a final speed the acceleration never ends.
        """
        start = np.atleast_1d(np.asarray(origin, np.float64))
        way = np.atleast_1d(np.asarray(direction, np.float64))
        length = float(np.linalg.norm(way)) if way.shape == start.shape else 0.0
        if not 0 < length < math.inf:
            raise UsageError(f"a belt from {start.tolist()} along {way.tolist()}", hint="It needs a direction.")
        target = cls(len(start))
        target.direction[:] = way / length
        target.position = start
        target.run(speed, acceleration, final_speed)
        return target

    @classmethod
    def moving(cls, motion: Trajectory, coordinate: Trajectory | None = None) -> MovingTarget:
        """As a trajectory does; ``coordinate`` (one axis) tells where that is along the pick window."""
        target = cls(motion.degrees_of_freedom)
        target.follow(motion, coordinate)
        target._motion, target._coordinate = motion, coordinate
        return target

    def run(self, speed: float, acceleration: float = 0.0, final_speed: float | None = None) -> None:
        """Speed and acceleration along ``direction`` from now on, until the final speed."""
        target_speed = math.inf if final_speed is None else final_speed
        gain = target_speed - speed
        if (final_speed is not None and gain * acceleration < 0) or (acceleration == 0 and gain not in (0.0, math.inf)):
            raise UsageError(f"a belt of speed {speed:g} never comes to {target_speed:g} with {acceleration:g}")
        self.velocity = speed * self.direction
        self.acceleration = acceleration * self.direction
        self.accelerates_for = None if final_speed is None or acceleration == 0 else gain / acceleration

    @property
    def position(self) -> Floats:
        """Where it is. Shape (dof,)."""
        row: Floats = self.data[0]
        return row

    @position.setter
    def position(self, value: ArrayLike) -> None:
        self.data[0] = value

    @property
    def velocity(self) -> Floats:
        """How fast it is. Shape (dof,)."""
        row: Floats = self.data[1]
        return row

    @velocity.setter
    def velocity(self, value: ArrayLike) -> None:
        self.data[1] = value

    @property
    def acceleration(self) -> Floats:
        """How its velocity changes. Shape (dof,)."""
        row: Floats = self.data[2]
        return row

    @acceleration.setter
    def acceleration(self, value: ArrayLike) -> None:
        self.data[2] = value

    @property
    def accelerates_for(self) -> float | None:
        """How long it accelerates (s); None: for ever."""
        return None if math.isinf(self.lasts) else self.lasts

    @accelerates_for.setter
    def accelerates_for(self, value: float | None) -> None:
        if value is not None and not value >= 0:
            raise UsageError(f"a target that accelerates for {value} s", hint="It must be zero or above.")
        self.lasts = math.inf if value is None else float(value)

    @property
    def motion(self) -> Trajectory | None:
        """The trajectory that it moves as, if it does."""
        return self._motion

    @property
    def has_coordinate(self) -> bool:
        """Whether a pick window can be counted along something."""
        return self._coordinate is not None if self._motion is not None else bool(self.direction.any())

    def advance(self, time: float) -> None:
        """Where and how fast it is after ``time`` s becomes its present state."""
        if self._motion is not None:
            raise UsageError("a target that moves as a trajectory does cannot be advanced", hint="Give the new one.")
        ramp = min(time, self.lasts)
        gained = ramp * self.acceleration
        self.position += time * self.velocity + (time - 0.5 * ramp) * gained
        self.velocity += gained
        self.lasts = max(0.0, self.lasts - time)
        if self.lasts == 0:
            self.acceleration, self.lasts = 0.0, math.inf


class _Number:
    """A number of the pick as an attribute; infinite or zero where there is none."""

    def __init__(self, name: str, what: str, none: float) -> None:
        self.name, self.what, self.none, self.__doc__ = name, what, none, f"{what}."

    def __get__(self, given: InterceptParameter, owner: type | None = None) -> float:
        value: float = getattr(given.pick, self.name)
        return value

    def __set__(self, given: InterceptParameter, value: float | None) -> None:
        number = self.none if value is None else float(value)
        if math.isnan(number):
            raise UsageError(f"{self.what[0].lower()}{self.what[1:]} is NaN")
        setattr(given.pick, self.name, number)


class InterceptParameter(InputParameter):
    """A request: where the axes are, what they may do, the target that moves, when it may be met, and where to go then.

    ``moving`` is what is met. The axes go along with it for ``dwell`` s, all of them between ``earliest`` and
    ``latest`` (s) and, where the window is set, while the coordinate of ``moving`` lies between ``upstream_limit`` and
    ``downstream_limit``. After that they go to ``target_position`` (at ``target_velocity``, ``target_acceleration``);
    with ``leaves = False`` the motion ends with the target.
    """

    earliest = _Number("earliest", "The earliest time (s)", 0.0)
    latest = _Number("latest", "The latest time (s)", math.inf)
    dwell = _Number("dwell", "How long the axes go along with the target (s)", 0.0)
    upstream_limit = _Number("low", "The least coordinate of the pick window", -math.inf)
    downstream_limit = _Number("high", "The greatest coordinate of the pick window", math.inf)

    def __init__(self, degrees_of_freedom: int) -> None:
        self.pick = _intercept.Pick()
        self.moving = MovingTarget(degrees_of_freedom)

    @property
    def leaves(self) -> bool:
        """Whether the axes go on to their target afterwards."""
        return self.pick.leaves

    @leaves.setter
    def leaves(self, value: bool) -> None:
        self.pick.leaves = value

    @property
    def windowed(self) -> bool:
        """Whether there is a window along the belt."""
        return not (math.isinf(self.pick.low) and math.isinf(self.pick.high))

    def advance(self, met: Interception, time: float) -> None:
        """Makes the state after ``time`` s of a motion the current one, and lets the target and all times move on.

        To plan anew on the way: advance, correct ``moving`` by what was measured, calculate.
        """
        self.data[:3] = met.trajectory.at_time(float(time))
        self.moving.advance(time)
        self.earliest, self.latest = max(0.0, self.earliest - time), max(0.0, self.latest - time)
        self.dwell = min(self.dwell, max(0.0, met.until - time))


class Interception(NamedTuple):
    """A motion to a moving target, along with it, and away."""

    trajectory: Trajectory
    time: float  # when the axes are with the target (s)
    until: float  # when they leave it
    axis: int  # the axis that could not be there sooner; -1: the window was not open before


class Interceptor:
    """Plans interceptions for so many axes. It plans in memory of its own: one belongs to one thread."""

    def __init__(self, degrees_of_freedom: int) -> None:
        self.degrees_of_freedom = degrees_of_freedom
        self._planner = _intercept.Planner(degrees_of_freedom)

    def calculate(self, given: InterceptParameter, trajectory: Trajectory | None = None) -> Interception:
        """The earliest interception. ``trajectory`` is overwritten where there is one. Raises UsageError."""
        if trajectory is None:
            trajectory = Trajectory()
        try:
            return Interception(trajectory, *self._planner.plan(given, given.moving, given.pick, trajectory))
        except _intercept.InterceptError as error:
            raise refusal(given, error) from None
