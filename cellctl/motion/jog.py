"""Jogging: velocities commanded by hand, kept smooth and within limits."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from cellctl.errors import UsageError
from cellctl.motion.otg import ControlInterface, Floats, InputParameter, Otg, OutputParameter, Synchronization
from cellctl.motion.trajectory import Limits


class Jog:
    """Follows commanded velocities, axis by axis, with limited acceleration and jerk.

    ``command`` says how fast each axis shall run; ``update`` goes one control cycle on. An axis with a position limit
    in its way stops there by itself, in time. A command that is not repeated within ``hold`` s turns into zero: whoever
    lets go of the key, or loses the line, stops the motion. Arrays have shape (dof,); units are the caller's, and s.
    """

    def __init__(self, position: ArrayLike, limits: Limits, delta_time: float = 0.001, *, hold: float = 0.2) -> None:
        start = np.atleast_1d(np.asarray(position, np.float64))
        if not hold > 0:
            raise UsageError(f"a hold time of {hold} s", hint="It must be above zero.")
        dof = len(start)
        self._limits = limits.as_array(dof)
        _check(self._limits)
        if not np.isfinite(self._limits[2]).all():
            raise UsageError("a jog needs acceleration limits", hint="Set max_acceleration.")
        self._hold = hold
        self._silent = math.inf
        self._otg = Otg(dof, delta_time)
        self._input = InputParameter(dof)
        self._output = OutputParameter(dof)
        self._command = np.zeros(dof)
        given = self._input
        given.current_position = start
        given.synchronization = Synchronization.NONE
        given.min_acceleration, given.max_acceleration = self._limits[2]
        given.max_jerk = self._limits[3, 1]
        self._aim()

    @property
    def position(self) -> Floats:
        """Where the axes are. Shape (dof,)."""
        return self._input.current_position.copy()

    @property
    def velocity(self) -> Floats:
        """How fast they are. Shape (dof,)."""
        return self._input.current_velocity.copy()

    @property
    def moving(self) -> bool:
        """Whether an axis moves or speeds up."""
        return bool(self._input.current_velocity.any() or self._input.current_acceleration.any())

    def command(self, velocity: ArrayLike) -> None:
        """Run at these velocities, cut to the velocity limits. Raises UsageError where one is not a number."""
        wanted = np.broadcast_to(np.asarray(velocity, np.float64), self._command.shape)
        if np.isnan(wanted).any():
            raise UsageError(f"a jog velocity of NaN on axis {int(np.isnan(wanted).argmax())}")
        cut = np.clip(wanted, self._limits[1, 0], self._limits[1, 1])
        if not np.isfinite(cut).all():
            raise UsageError("an infinite jog velocity", hint="Set max_velocity, or command a finite one.")
        self._silent = 0.0
        if (cut != self._command).any():
            self._command[:] = cut
            self._aim()

    def stop(self) -> None:
        """Stop as fast as the limits allow."""
        self._command[:] = 0.0
        self._aim()

    def update(self) -> OutputParameter:
        """One control cycle on: the new state."""
        self._silent += self._otg.delta_time
        if self._silent > self._hold and self._command.any():
            self.stop()
        self._otg.update(self._input, self._output)
        self._output.pass_to_input(self._input)
        return self._output

    def _aim(self) -> None:
        """A command towards a position limit aims at it, at the speed commanded; else it is the target itself."""
        given = self._input
        low: Floats = self._limits[0, 0]
        high: Floats = self._limits[0, 1]
        wall = np.where(self._command > 0, high, low)
        ahead = np.where(self._command > 0, wall > given.current_position, wall < given.current_position)
        beyond = np.isfinite(wall) & (self._command != 0) & ~ahead
        towards = np.isfinite(wall) & (self._command != 0) & ahead
        speed = np.where(towards, np.abs(self._command), math.inf)
        given.control_interface = np.where(towards, ControlInterface.POSITION, ControlInterface.VELOCITY)
        given.target_position = np.where(towards, wall, given.current_position)
        given.target_velocity = np.where(towards | beyond, 0.0, self._command)
        given.max_velocity = speed
        self._otg.reset()


def _check(limits: Floats) -> None:
    """Raises UsageError where limits cannot be: shape (4, 2, dof), lower and upper of position, velocity and so on."""
    names = ("position", "velocity", "acceleration", "jerk")
    for name, (low, high) in zip(names, limits, strict=True):
        good = low <= high if name == "position" else (low <= 0) & (high >= 0)
        for axis in np.flatnonzero(~good):
            raise UsageError(
                f"min_{name} {low[axis]:g} and max_{name} {high[axis]:g}",
                where=f"axis {axis}",
                hint="The lower limit must not be above the upper one, nor zero outside of them (but for positions).",
            )
