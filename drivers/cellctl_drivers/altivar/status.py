"""What the drive says, read in one piece, and what that means for whoever wants to run the belt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cellctl.devices import Condition
from cellctl.units import show
from cellctl_drivers.altivar import registers as r
from cellctl_drivers.altivar.registers import State

_RAMP_ERROR = 0.2  # of the ramp time that the drive's steps may leave


@dataclass(frozen=True, slots=True)
class Sample:
    """Registers 8601 to 8606, read together."""

    command: int
    reference: int  # rpm
    status: int
    speed: int  # rpm, at the output
    before_ramp: int  # rpm
    error: int

    @classmethod
    def of(cls, words: Sequence[int]) -> Sample:
        """From the six words."""
        command, reference, status, speed, before_ramp, error = words
        return cls(command, r.signed(reference), status, r.signed(speed), r.signed(before_ramp), error)

    @property
    def state(self) -> State:
        """The CiA 402 state."""
        return r.state_of(self.status)

    @property
    def at_rest(self) -> bool:
        """No torque that would turn the motor, or no turning of it: and the output says zero."""
        return self.speed == 0 and self.state not in (State.QUICK_STOP, State.REACTION)


@dataclass(frozen=True, slots=True)
class Setup:
    """What the drive is set to, as far as the driver must rely on it."""

    timeout: float  # s, TTO
    on_loss: int  # SLL
    acceleration: float  # s, ACC
    deceleration: float  # s, DEC
    ramp_unit: float  # s that one count of ACC and DEC stands for, INR

    def differences(self, wanted: Setup) -> list[str]:
        """What is not as ``wanted``, in words."""
        found: list[str] = []
        if self.timeout != wanted.timeout:
            found.append(f"Modbus time-out (ttO) is {show(self.timeout, 'time')}, not {show(wanted.timeout, 'time')}")
        if self.on_loss != wanted.on_loss:
            found.append(f"its reaction to Modbus loss (SLL) is {self.on_loss}, not {wanted.on_loss}")
        if (self.acceleration, self.deceleration) != (wanted.acceleration, wanted.deceleration):
            found.append(
                f"its ramps (ACC, dEC) are {show(self.acceleration, 'time')} and {show(self.deceleration, 'time')},"
                f" not {show(wanted.acceleration, 'time')}"
            )
        return found


@dataclass(frozen=True, slots=True)
class Channels:
    """Who commands the drive now: the bits of CCC and CRC."""

    command: int
    reference: int

    def problem(self) -> tuple[str, str] | None:
        """What is wrong and what to do, None where Modbus has both."""
        for what, bits, setting in (
            ("commands", self.command, "[Cmd channel 1] (Cd1) to [Modbus]"),
            ("its speed", self.reference, "[Ref.1 channel] (Fr1) to [Modbus]"),
        ):
            if not bits & r.MODBUS_CHANNEL:
                taken = [name for bit, name in r.CHANNELS.items() if bits & (1 << bit)]
                return f"the drive takes {what} from {', '.join(taken) or 'nowhere'}, not from Modbus", f"Set {setting}"
        return None


def judge(
    sample: Sample, setup: Setup, wanted: Setup, channels: Channels, *, trip: int, ramp: float
) -> tuple[Condition, str, str]:
    """The drive's condition, why, and what to do: the first thing that a technician would have to clear.

    ``trip`` is LFT, read while the drive shows a fault; ``ramp`` (s) what the cell file asks for.
    """
    if sample.state in (State.FAULT, State.REACTION):
        fault = r.trip_of(trip)
        return Condition.FAULT, f"{fault.code}: {fault.text}", f"{fault.hint}; then Reset"
    if not sample.status & r.REMOTE:
        return Condition.NOT_READY, "an input forces local control (FLO)", "Turn the local/remote key to remote"
    if (problem := channels.problem()) is not None:
        return Condition.NOT_READY, *problem
    if not sample.status & r.MAINS:
        return Condition.NOT_READY, "no mains voltage (nLP)", "Switch the drive's mains on"
    if abs(wanted.acceleration - ramp) > _RAMP_ERROR * ramp:
        step = show(setup.ramp_unit, "time")
        text = f"the drive counts its ramps in steps of {step} (Inr), and the cell file asks for {show(ramp, 'time')}"
        return Condition.NOT_READY, text, "Set [Ramp increment] (Inr) to a smaller step"
    if differences := setup.differences(wanted):
        return Condition.NOT_READY, "; ".join(differences), "Reset sets it"
    return Condition.READY, "", ""
