"""Meeting a moving target control cycle by control cycle, with what is measured of it on the way."""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike

from cellctl.errors import UsageError
from cellctl.motion.intercept import Interception, Interceptor, InterceptParameter
from cellctl.motion.otg import Otg, OutputParameter, Result
from cellctl.motion.trajectory import Trajectory


class Phase(IntEnum):
    """Where a pursuit is."""

    APPROACH = 0
    ALONG = 1
    AWAY = 2


class Pursuit:
    """A motion to a moving target, along with it and away, that follows what becomes known on the way.

    ``given`` is kept up to date: after each ``update`` it tells the state, the target and the times as they are then
    expected to be. Whatever is changed in it before the next one, the position of the target that was measured, say, is
    planned for anew from there. Where that is refused (UsageError) the last motion is still there, and goes on when the
    change is taken back.

    Where measurements scatter, each makes for a new approach. An axis that is within ``tolerance`` (in its unit; one
    number, or one an axis) of the target counts as being with it, so that the time of going along begins to run.
    """

    def __init__(self, given: InterceptParameter, delta_time: float = 0.001, *, tolerance: ArrayLike = 0.0) -> None:
        if not (delta_time > 0 and math.isfinite(delta_time)):
            raise UsageError(f"a control cycle of {delta_time} s", hint="It must be above zero.")
        self.given, self.delta_time = given, delta_time
        self.phase = Phase.APPROACH
        self._tolerance = np.broadcast_to(np.asarray(tolerance, np.float64), given.degrees_of_freedom)
        self._interceptor, self._otg = Interceptor(given.degrees_of_freedom), Otg(given.degrees_of_freedom, delta_time)
        self._met: Interception | None = None
        self._trajectory: Trajectory | None = None
        self._time = 0.0
        self._known: bytes | None = None

    @property
    def met(self) -> Interception | None:
        """The interception that is followed; its times count from when it was planned."""
        return self._met

    def update(self, output: OutputParameter) -> Result:
        """One control cycle on: the new state in ``output``. Raises UsageError."""
        changed = self._known != self._content()
        trajectory = self._plan() if changed or self._trajectory is None else self._trajectory
        self._time = (0.0 if changed else self._time) + self.delta_time
        output.state[:] = trajectory.at_time(self._time, jerk=True)
        output.time, output.new_calculation, output.trajectory = self._time, changed, trajectory
        self._trajectory = trajectory
        self._move_on(output)
        met = self._met
        early = met is not None and trajectory is met.trajectory and self._time < met.until  # it would go along yet
        self._known = None if early and self.phase is Phase.AWAY else self._content()
        return Result.WORKING if self._time < trajectory.duration or self.phase is not Phase.AWAY else Result.FINISHED

    def _plan(self) -> Trajectory:
        if self.phase is Phase.AWAY:
            return self._otg.calculate(self.given)
        self._met = self._interceptor.calculate(self.given)
        return self._met.trajectory

    def _move_on(self, output: OutputParameter) -> None:
        given, met = self.given, self._met
        given.data[:3] = output.state[:3]
        if self.phase is Phase.AWAY or met is None:
            return
        given.moving.advance(self.delta_time)
        given.earliest = max(0.0, given.earliest - self.delta_time)
        given.latest = max(0.0, given.latest - self.delta_time)
        met_now = self._time >= met.time
        if met_now or (np.abs(given.current_position - given.moving.position) < self._tolerance).all():
            self.phase = Phase.ALONG
        if self.phase is Phase.APPROACH:
            return
        given.dwell = max(0.0, min(given.dwell, met.until - self._time) if met_now else given.dwell - self.delta_time)
        if given.dwell == 0:
            self.phase = Phase.AWAY

    def _content(self) -> bytes:
        """All that a motion depends on; in the last phase the target does not matter any more."""
        given = self.given
        own = given.data.tobytes() + given.room.tobytes() + bytes([given.leaves])
        if self.phase is Phase.AWAY:
            return own
        pick = f"{given.earliest} {given.latest} {given.dwell} {given.pick.low} {given.pick.high} {given.moving.lasts}"
        return own + given.moving.data.tobytes() + given.moving.direction.tobytes() + pick.encode()
