"""Online trajectory generation: from any state to any state, jerk limited, in the least time.

Each axis has its own unit (m, rad, mm, counts ...); time is in s. Every array has one number an axis, shape (dof,).
An infinite ``max_jerk`` plans second order motions (the acceleration jumps), an infinite ``max_acceleration`` besides
it first order ones (the velocity jumps). The words are those of ruckig.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellctl.errors import UsageError
from cellctl.motion import _otg
from cellctl.motion.given import output
from cellctl.motion.refusals import BLOCKED, refusal
from cellctl.motion.trajectory import Limits, Trajectory

Floats = NDArray[np.float64]


_MOST_AXES: Final = 1000
_MIN_VELOCITY: Final = _otg.FIELD_NAMES.index("min_velocity")
_MIN_ACCELERATION: Final = _otg.FIELD_NAMES.index("min_acceleration")


class ControlInterface(IntEnum):
    """What the target is: a whole state, or velocity and acceleration wherever that is reached."""

    POSITION = 0
    VELOCITY = 1


class Synchronization(IntEnum):
    """How the axes arrive.

    TIME: all at the same time. PHASE: all along one straight line, which is kept exactly; refused where start, target
    and displacement are not parallel. NONE: each as soon as it can. TIME_IF_NECESSARY: together only where the target
    is not at rest.
    """

    TIME = 0
    PHASE = 1
    NONE = 2
    TIME_IF_NECESSARY = 3


class DurationDiscretization(IntEnum):
    """Which durations count: any, or whole control cycles, so that the last cycle meets the target exactly."""

    CONTINUOUS = 0
    DISCRETE = 1


class Result(IntEnum):
    """Whether the motion goes on."""

    WORKING = 0
    FINISHED = 1


class _Row:
    """A row of the request's numbers as an attribute: an array that can be read, written in place, or set whole."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.index = _otg.FIELD_NAMES.index(name)
        self.__doc__ = f"{name.replace('_', ' ').capitalize()} of each axis. Shape (dof,)."

    def __get__(self, given: InputParameter, owner: type | None = None) -> Floats:
        row: Floats = given.data[self.index]
        return row

    def __set__(self, given: InputParameter, value: ArrayLike) -> None:
        given.data[self.index] = _numbers(value, given.degrees_of_freedom, self.name)


class _Choices:
    """A row of choices as an attribute: set to one for all axes, or to one an axis. Read as integers, shape (dof,)."""

    def __init__(self, index: int, name: str, kind: type[IntEnum] | type[bool]) -> None:
        self.index, self.name, self.kind = index, name, kind
        self.__doc__ = f"{name.replace('_', ' ').capitalize()} of each axis ({kind.__name__}). Shape (dof,)."

    def __get__(self, given: InputParameter, owner: type | None = None) -> NDArray[np.intc]:
        row: NDArray[np.intc] = given.choices[self.index]
        return row

    def __set__(self, given: InputParameter, value: ArrayLike) -> None:
        row = np.atleast_1d(_numbers(value, given.degrees_of_freedom, self.name, kinds="iub"))
        known = [int(each) for each in self.kind] if issubclass(self.kind, IntEnum) else [0, 1]
        for unknown in row[~np.isin(row, known)]:
            raise UsageError(f"{self.name} {unknown:g} is no {self.kind.__name__}", hint=f"It is one of {known}.")
        given.choices[self.index] = row


class _Wall:
    """A position limit as an attribute: None or infinite where there is none."""

    def __init__(self, index: int, name: str) -> None:
        self.index, self.name = index, name

    def __get__(self, given: InputParameter, owner: type | None = None) -> Floats:
        row: Floats = given.room[self.index]
        return row

    def __set__(self, given: InputParameter, value: ArrayLike | None) -> None:
        free = -math.inf if self.index == 0 else math.inf
        wall = _numbers(free if value is None else value, given.degrees_of_freedom, self.name)
        if np.isnan(wall).any():
            raise UsageError(f"{self.name} has NaN in it")
        given.room[self.index] = wall


def _numbers(value: ArrayLike, dof: int, name: str, kinds: str = "fiu") -> Floats:
    array = np.asarray(value)
    if array.dtype.kind not in kinds:
        raise UsageError(f"{name} holds {array.dtype}, not numbers" if "f" in kinds else f"{name} cannot be {value!r}")
    if array.shape not in ((), (dof,)):
        raise UsageError(f"{name} has shape {array.shape}, not ({dof},)")
    return array.astype(np.float64)


class InputParameter(_otg.Input):
    """A request: where the axes are, where they shall be, and what they may do on the way.

    Set arrays whole (``inp.target_position = [0.1, 0.2]``) or in place (``inp.target_position[0] = 0.1``). States start
    at zero, acceleration and jerk unlimited; ``max_velocity`` must be given (it may be infinite).
    """

    __slots__ = ()  # a name that is not one of these is a mistake

    current_position = _Row("current_position")
    current_velocity = _Row("current_velocity")
    current_acceleration = _Row("current_acceleration")
    target_position = _Row("target_position")
    target_velocity = _Row("target_velocity")
    target_acceleration = _Row("target_acceleration")
    max_velocity = _Row("max_velocity")
    max_acceleration = _Row("max_acceleration")
    max_jerk = _Row("max_jerk")
    control_interface = _Choices(0, "control_interface", ControlInterface)
    synchronization = _Choices(1, "synchronization", Synchronization)
    enabled = _Choices(2, "enabled", bool)
    min_position = _Wall(0, "min_position")
    max_position = _Wall(1, "max_position")

    @property
    def min_velocity(self) -> Floats | None:
        """Least velocity of each axis, shape (dof,); None: the negative of the greatest."""
        return None if self.mirrored_velocity else self.data[_MIN_VELOCITY]

    @min_velocity.setter
    def min_velocity(self, value: ArrayLike | None) -> None:
        self.mirrored_velocity = value is None
        if value is not None:
            self.data[_MIN_VELOCITY] = _numbers(value, self.degrees_of_freedom, "min_velocity")

    @property
    def min_acceleration(self) -> Floats | None:
        """Least acceleration of each axis, shape (dof,); None: the negative of the greatest."""
        return None if self.mirrored_acceleration else self.data[_MIN_ACCELERATION]

    @min_acceleration.setter
    def min_acceleration(self, value: ArrayLike | None) -> None:
        self.mirrored_acceleration = value is None
        if value is not None:
            self.data[_MIN_ACCELERATION] = _numbers(value, self.degrees_of_freedom, "min_acceleration")

    @property
    def minimum_duration(self) -> float | None:
        """The motion takes at least so long (s)."""
        return self.minimum or None

    @minimum_duration.setter
    def minimum_duration(self, value: float | None) -> None:
        self.minimum = 0.0 if value is None else float(value)

    @property
    def duration_discretization(self) -> DurationDiscretization:
        """Whether the motion takes a whole number of the control cycles that ``Otg`` was made with."""
        return DurationDiscretization(int(self.discrete))

    @duration_discretization.setter
    def duration_discretization(self, value: DurationDiscretization) -> None:
        self.discrete = DurationDiscretization(value) is DurationDiscretization.DISCRETE

    @property
    def duration(self) -> float | None:
        """The motion takes exactly so long (s); refused where no motion does."""
        return None if math.isnan(self.exact) else self.exact

    @duration.setter
    def duration(self, value: float | None) -> None:
        if value is not None and math.isnan(value):
            raise UsageError("a duration of NaN s")
        self.exact = math.nan if value is None else float(value)

    @property
    def limits(self) -> Limits:
        """The limits of the request, for ``Trajectory.certify``."""
        low_v, low_a = self.min_velocity, self.min_acceleration
        return Limits(
            max_velocity=self.max_velocity.copy(),
            max_acceleration=self.max_acceleration.copy(),
            max_jerk=self.max_jerk.copy(),
            min_velocity=None if low_v is None else low_v.copy(),
            min_acceleration=None if low_a is None else low_a.copy(),
            max_position=self.max_position.copy(),
            min_position=self.min_position.copy(),
        )


class OutputParameter:
    """The state after one control cycle. Arrays of shape (dof,), written in place by ``Otg.update``.

    ``trajectory`` is the planner's own, which a later plan overwrites: ``copy.copy`` keeps it.
    """

    def __init__(self, degrees_of_freedom: int) -> None:
        self.state = np.zeros((4, degrees_of_freedom))  # position, velocity, acceleration, jerk
        self.new_position, self.new_velocity, self.new_acceleration, self.new_jerk = self.state
        self.time = 0.0
        self.new_calculation = False
        self.trajectory: Trajectory | None = None

    def pass_to_input(self, given: InputParameter) -> None:
        """The next cycle starts where this one ended."""
        given.data[:3] = self.state[:3]


_STEP: Final = {True: Result.WORKING, False: Result.FINISHED}


class Otg:
    """Plans motions of so many axes: whole ones with ``calculate``, or cycle by cycle with ``update``.

    It plans in memory of its own: one ``Otg`` belongs to one thread.
    """

    def __init__(self, degrees_of_freedom: int, delta_time: float = 0.001) -> None:
        if not (delta_time > 0 and math.isfinite(delta_time)):
            raise UsageError(f"a control cycle of {delta_time} s", hint="It must be above zero.")
        if not 1 <= degrees_of_freedom <= _MOST_AXES:
            raise UsageError(f"{degrees_of_freedom} degrees of freedom", hint=f"It must be from 1 to {_MOST_AXES}.")
        self.degrees_of_freedom = degrees_of_freedom
        self.delta_time = delta_time
        self._planner = _otg.Planner(degrees_of_freedom, delta_time)
        self._stepper = _otg.Stepper(degrees_of_freedom, delta_time, Trajectory(), Trajectory())

    def calculate(self, given: InputParameter, trajectory: Trajectory | None = None) -> Trajectory:
        """The fastest motion. ``trajectory`` is overwritten and given back where there is one. Raises UsageError."""
        self._check(given)
        if trajectory is None:
            trajectory = Trajectory()
        try:
            self._planner.plan(given, trajectory)
        except _otg.PlanError as error:
            raise self._refusal(given, error) from None
        return trajectory

    def update(self, given: InputParameter, output: OutputParameter) -> Result:
        """One control cycle on. Plans anew when ``given`` is not where the last cycle left it. Raises UsageError.

        It is FINISHED in the first cycle behind the end. From there on an axis goes on as its target says: with a
        target velocity it runs on, whatever its position limits, until it gets another target. After a refusal the
        last trajectory is still there, and goes on when the input is set back.
        """
        self._check(given)
        try:
            working = self._stepper.step(given, output.state)
        except _otg.PlanError as error:
            raise self._refusal(given, error) from None
        except ValueError as error:
            raise UsageError(str(error)) from None
        output.time = self._stepper.time
        output.new_calculation = self._stepper.planned
        output.trajectory = self._stepper.trajectory  # type: ignore[assignment]  # made in __init__, always ours
        return _STEP[working]

    def reset(self) -> None:
        """The next update plans anew."""
        self._stepper.reset()

    def blocked_intervals(self, given: InputParameter, dof: int) -> tuple[float, list[tuple[float, float]]]:
        """The least duration (s) of an axis alone, and the intervals of longer ones that it cannot do (open ends).

        Position limits are left aside. Raises UsageError.
        """
        self._check(given)
        if not 0 <= dof < self.degrees_of_freedom:
            raise UsageError(f"axis {dof} of {self.degrees_of_freedom}", hint="Axes count from 0.")
        try:
            return self._planner.blocked(given, dof)
        except _otg.PlanError as error:
            raise self._refusal(given, error) from None

    def durations(self, given: InputParameter, states: ArrayLike, out: Floats | None = None) -> Floats:
        """The least durations of many requests, shape (n,); NaN where one is invalid.

        ``states`` (n, 6, dof): current position, velocity, acceleration, target position, velocity, acceleration;
        limits and choices are those of ``given``. With (n, 11, dof) the limits too, as ``_otg.FIELD_NAMES``;
        with (n, 13, dof) also the position limits, lower and upper.
        """
        problems = np.ascontiguousarray(states, np.float64)
        if problems.ndim != 3 or problems.shape[1] not in (6, 11, 13) or problems.shape[2] != self.degrees_of_freedom:
            raise UsageError(f"states has shape {problems.shape}, not (n, 6, {self.degrees_of_freedom})")
        self._check(given)
        out = output(out, (len(problems),))
        self._planner.many(given, problems, out)
        return out

    def _check(self, given: InputParameter) -> None:
        if given.degrees_of_freedom != self.degrees_of_freedom:
            raise UsageError(f"an input of {given.degrees_of_freedom} axes for {self.degrees_of_freedom}")

    def _refusal(self, given: InputParameter, error: _otg.PlanError) -> UsageError:
        return refusal(given, error, self._blocked_text(given, *error.args[:2]))

    def _blocked_text(self, given: InputParameter, status: int, axis: int) -> str:
        if status != BLOCKED or axis < 0 or np.isfinite(given.room[:, axis]).any():
            return ""
        least, intervals = self._planner.blocked(given, axis)
        listed = "".join(f", not between {low:.9g} and {high:.9g} s" for low, high in intervals)
        return f" (this axis alone: from {least:.9g} s{listed})"
