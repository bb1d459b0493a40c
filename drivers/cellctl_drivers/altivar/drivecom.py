"""The emulated drive's state chart (CiA 402, "DRIVECOM"): what each control word does in each state.

Schneider S1A10386, pages 34 to 36. Changes that wait for standstill are made up for when somebody
looks (``settle``), so that nothing ticks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from cellctl_drivers.altivar import registers as r
from cellctl_drivers.altivar.registers import Display, State
from cellctl_drivers.altivar.shaft import Shaft

_BASE = {
    State.SWITCH_ON_DISABLED: 0x40,
    State.READY: 0x21,
    State.SWITCHED_ON: 0x23,
    State.ENABLED: 0x27,
    State.QUICK_STOP: 0x07,
    State.REACTION: 0x0F,
    State.FAULT: 0x08,
}
_HALT = 1 << 8
_COAST_TIME = 2.0  # s from nominal speed to rest without current; a belt brakes a motor quickly
_RAMP, _FAST = r.ON_LOSS["ramp"], r.ON_LOSS["fast_stop"]
_FREEWHEEL = r.ON_LOSS["freewheel"]


class Drivecom:
    """State, control word, reference and fault of one drive, and the shaft that it turns."""

    def __init__(self, shaft: Shaft, settings: Mapping[int, int]) -> None:
        self.shaft = shaft
        self.settings = settings
        self.state = State.SWITCH_ON_DISABLED
        self.word = 0
        self.reference = 0  # rpm
        self.mains = True
        self.remote = True  # False while an input forces local control
        self.alarm = False
        self.weak_above: float | None = None  # rpm that the motor cannot pass (a load that is too heavy)
        self.last_fault = 0  # LFT; stays after the reset
        self.error = 0  # ERRD; does not
        self.lasting: set[int] = set()  # faults whose cause has not gone: no reset helps
        self._stopping = False
        self._fast = False
        self._coasting = False

    # -- what comes from outside ----------------------------------------------------------------

    def command(self, word: int, now: float) -> None:
        """Take a control word."""
        self.settle(now)
        rising = word & ~self.word & r.FAULT_RESET
        self.word = word
        if self.state is State.FAULT:
            if rising and not self.lasting:
                self.state, self.error = State.SWITCH_ON_DISABLED, 0
        elif self.remote and self.state is not State.REACTION:
            self._transit(word, now)
            self.settle(now)

    def refer(self, rpm: int, now: float) -> None:
        """Take a speed reference."""
        self.settle(now)
        self.reference = rpm
        self.drive(now)

    def trip(self, code: int, reaction: int, now: float) -> None:
        """Fall into a fault; ``reaction`` is the stop's number as in SLL."""
        self.settle(now)
        self.last_fault, self.error = code, r.trip_of(code).error
        if self.state in (State.ENABLED, State.QUICK_STOP) and reaction != _FREEWHEEL:
            self.state, self._stopping, self._fast = State.REACTION, True, reaction == _FAST
            self.drive(now)
        else:
            self._coast(now)
            self.state = State.FAULT
        self.settle(now)

    def set_mains(self, on: bool, now: float) -> None:
        """Mains voltage comes or goes; an enabled drive trips on its loss."""
        self.settle(now)
        self.mains = on
        if not on and self.state in (State.ENABLED, State.QUICK_STOP):
            self.trip(22, _FREEWHEEL, now)
        elif not on and self.state is State.SWITCHED_ON:
            self.state = State.READY

    def force_local(self, on: bool, now: float) -> None:
        """An input takes control away from the bus: the motor stops, and the chart begins anew."""
        self.settle(now)
        self.remote = not on
        if self.state not in (State.FAULT, State.REACTION):
            self._halt_and(State.SWITCH_ON_DISABLED, now)

    def power_off(self, now: float) -> None:
        """All is gone but the turning of the shaft."""
        self._coast(now)
        self.state, self.word, self.reference, self.error = State.SWITCH_ON_DISABLED, 0, 0, 0

    # -- the chart --------------------------------------------------------------------------------

    def settle(self, now: float) -> None:
        """Make the changes that waited for standstill."""
        if not self.shaft.at_rest(now):
            return
        if self.state is State.ENABLED and self._stopping:
            self.state = State.SWITCHED_ON
        elif self.state is State.QUICK_STOP and self.settings[r.QSTD] == 2:
            self.state = State.SWITCH_ON_DISABLED
        elif self.state is State.REACTION:
            self.state = State.FAULT
        if self.state is not State.ENABLED:
            self._stopping = self._fast = self._coasting = False

    def _transit(self, word: int, now: float) -> None:
        if not word & 0b0010:
            self._halt_and(State.SWITCH_ON_DISABLED, now)
        elif not word & 0b0100:
            self._quick_stop(now)
        elif self.state is State.QUICK_STOP:
            pass  # left only by disabling the voltage
        elif word & 0b0111 == r.SHUTDOWN:
            self._halt_and(State.READY, now)
        elif self.mains and self.state is not State.SWITCH_ON_DISABLED:
            self._switch_on(bool(word & 0b1000), now)

    def _halt_and(self, state: State, now: float) -> None:
        if self.state in (State.ENABLED, State.QUICK_STOP):
            self._coast(now)
        self.state = state

    def _quick_stop(self, now: float) -> None:
        if self.state is State.ENABLED:
            self.state, self._fast = State.QUICK_STOP, True
            self.drive(now)
        elif self.state is not State.QUICK_STOP:
            self.state = State.SWITCH_ON_DISABLED

    def _switch_on(self, enable: bool, now: float) -> None:
        if enable:
            self.state, self._stopping, self._coasting = State.ENABLED, False, False
            self.drive(now)
        elif self.state is not State.ENABLED:
            self.state = State.SWITCHED_ON
        elif self.settings[r.DOTD] == 1:
            self._stopping = True
            self.drive(now)
        else:
            self._halt_and(State.SWITCHED_ON, now)

    # -- the motor --------------------------------------------------------------------------------

    def drive(self, now: float) -> None:
        """Ramp to the speed that the state asks for, where it asks for one."""
        if self.state is State.ENABLED and not self._stopping:
            target = self.target() * math.tau / 60
            faster = abs(target) > abs(self.shaft.speed(now))
            self.shaft.go(target, self._rate(r.ACC if faster else r.DEC), now)
        elif self.state in (State.ENABLED, State.QUICK_STOP, State.REACTION):
            self.shaft.go(0.0, self._rate(r.DEC), now)

    def _coast(self, now: float) -> None:
        if not self.shaft.at_rest(now):
            self._coasting = True
            self.shaft.go(0.0, self._nominal() / _COAST_TIME, now)

    def target(self) -> float:
        """The speed in rpm that the reference comes to, within high speed and what the motor can."""
        if self.word & _HALT:
            return 0.0
        limits = [self.settings[r.HSP] * 6 / self.settings[r.PPN]]
        if self.weak_above is not None:
            limits.append(self.weak_above)
        return math.copysign(min(abs(self.reference), *limits), self.reference)

    def _nominal(self) -> float:
        return math.tau * self.settings[r.FRS] / 10 / self.settings[r.PPN]

    def _rate(self, ramp: int) -> float:
        time = self.settings[ramp] * r.RAMP_UNIT[self.settings[r.INR]]
        if self._fast and ramp == r.DEC:
            divisor = self.settings[r.DCF]
            time = time / divisor if divisor else 0.0
        return self._nominal() / time if time else 0.0

    # -- what it shows ----------------------------------------------------------------------------

    def rpm(self, now: float) -> float:
        """The output speed."""
        return self.shaft.speed(now) * 60 / math.tau

    def limited(self) -> bool:
        """Whether the motor runs into its current limit on the way to the reference."""
        weak = self.weak_above
        return self.state is State.ENABLED and weak is not None and abs(self.reference) > weak

    def status(self, now: float) -> int:
        """The status word, ETAD and ETA."""
        reached = self.state is State.ENABLED and not self._stopping and self.shaft.on_target(now)
        bits = (
            (self.mains, r.MAINS),
            (self.alarm, r.ALARM),
            (self.remote, r.REMOTE),
            (reached and not self.limited(), r.REACHED),
            (self.limited(), r.LIMITED),
            (self.shaft.speed(now) < 0, r.REVERSE),
        )
        return _BASE[self.state] | sum(bit for on, bit in bits if on)

    def display(self, now: float) -> Display:
        """What the drive's own display shows."""
        if self.state in (State.FAULT, State.REACTION):
            return Display.FAULT
        if not self.mains:
            return Display.NO_LINE_VOLTAGE
        if self.state is State.QUICK_STOP:
            return Display.FAST_STOP
        if self.state is not State.ENABLED:
            return Display.FREEWHEEL if self.state is State.SWITCH_ON_DISABLED or self._coasting else Display.READY
        if self.limited() and self.shaft.on_target(now):
            return Display.CURRENT_LIMIT
        if self.shaft.on_target(now):
            return Display.RUNNING
        slower = abs(self.shaft.ramp.target) < abs(self.shaft.speed(now))
        return Display.DECELERATING if slower else Display.ACCELERATING
