"""The controller: power, safety, and the one program that may run.

What each stop does: a protective or safeguard stop pauses the program and brakes the arm on its
path; when a safeguard stop ends, the program goes on by itself, as it does on the robot without
a safeguard reset; after a protective stop it stays paused. An emergency stop ends the program and
takes the power from the arm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from cellctl import clock
from cellctl_drivers.universal_robots import registers
from cellctl_drivers.universal_robots.emulated import messages
from cellctl_drivers.universal_robots.emulated.arm import EmulatedArm
from cellctl_drivers.universal_robots.emulated.builtins import builtins_of
from cellctl_drivers.universal_robots.registers import RobotMode, SafetyMode
from cellctl_drivers.universal_robots.urscript import Machine, ScriptError, compile_program

UNLOCK_AFTER = 5.0  # s (dashboard manual, "unlock protective stop")
_RELAPSE = 0.5  # s until a protective stop comes back whose cause is still there


@dataclass(slots=True)
class Timing:
    """How long things take, s. The robot's own are several seconds each; measured ones vary with the arm."""

    power_on: float = 2.0
    brake_release: float = 1.0
    boot: float = 60.0


class Controller:
    """The state behind all three servers. Methods are what a person, the cell or a client can do to it."""

    def __init__(self, arm: EmulatedArm, switched: Callable[[int, bool], None]) -> None:
        self.arm = arm
        self.timing = Timing()
        self.mode = RobotMode.IDLE
        self.safety = SafetyMode.NORMAL
        self.remote = True
        self.general = [0] * registers.GENERAL_COUNT
        self.inputs = 0
        self.outputs = 0
        self.program_name = ""
        self.machine: Machine | None = None
        self.on_message: Callable[[bytes], None] = lambda message: None
        self.on_local: Callable[[], None] = lambda: None
        self._switched = switched
        self._builtins = builtins_of(self)
        self._stopped_at = 0.0  # when the protective stop came
        self._cause_there = False
        self._timer: asyncio.TimerHandle | None = None

    # -- power -------------------------------------------------------------------------------

    @property
    def powered(self) -> bool:
        """Whether the joints have power."""
        return self.mode in (RobotMode.POWER_ON, RobotMode.IDLE, RobotMode.RUNNING)

    def power_on(self, then: Callable[[], None] = lambda: None) -> None:
        """Power the arm; its brakes stay on."""
        if self.mode is RobotMode.POWER_OFF and not self.emergency:
            self.mode = RobotMode.POWER_ON
            self._later(self.timing.power_on, lambda: self._powered_on(then))

    def release_brakes(self) -> None:
        """From idle to running; powers the arm first where it is off."""
        if self.mode is RobotMode.POWER_OFF:
            self.power_on(self.release_brakes)
        elif self.mode is RobotMode.IDLE and not self.emergency:
            self._later(self.timing.brake_release, lambda: self._set_mode(RobotMode.RUNNING))

    def power_off(self) -> None:
        """Stop the program and take the power away."""
        self.stop_program()
        self._forget_timer()
        self.mode = RobotMode.POWER_OFF

    def restart(self, boot: float | None = None) -> None:
        """The cabinet was switched off and on: registers are cleared, booting takes ``boot`` s."""
        self.power_off()
        self.general = [0] * registers.GENERAL_COUNT
        self.safety = SafetyMode.NORMAL
        self.mode = RobotMode.BOOTING
        self._later(self.timing.boot if boot is None else boot, lambda: self._set_mode(RobotMode.POWER_OFF))

    # -- safety ------------------------------------------------------------------------------

    @property
    def emergency(self) -> bool:
        """Whether an emergency stop is pressed."""
        return self.safety in (SafetyMode.ROBOT_EMERGENCY_STOP, SafetyMode.SYSTEM_EMERGENCY_STOP)

    @property
    def running(self) -> bool:
        """Whether a program runs (a paused one does not)."""
        return self.machine is not None and not self.machine.paused

    def press_estop(self) -> None:
        """The button on the teach pendant."""
        self.power_off()
        self.safety = SafetyMode.ROBOT_EMERGENCY_STOP

    def release_estop(self) -> None:
        """The button is turned out again: the arm stays off."""
        if self.emergency:
            self.safety = SafetyMode.NORMAL

    def protective_stop(self, *, cause_stays: bool = False) -> None:
        """The arm felt a collision. ``cause_stays``: unlocked, it comes again."""
        if self.safety is SafetyMode.NORMAL:
            self.safety = SafetyMode.PROTECTIVE_STOP
            self._stopped_at, self._cause_there = clock.now(), cause_stays
            self._pause()

    def clear_cause(self) -> None:
        """A person freed the arm."""
        self._cause_there = False

    def unlock_protective_stop(self) -> bool:
        """Release it; False within 5 s of its coming. The program stays paused."""
        if self.safety is SafetyMode.PROTECTIVE_STOP:
            if clock.now() < self._stopped_at + UNLOCK_AFTER:
                return False
            self.safety = SafetyMode.NORMAL
            if self._cause_there:
                self._later(_RELAPSE, lambda: self.protective_stop(cause_stays=True))
        return True

    def open_safeguard(self) -> None:
        """The safeguard input is off."""
        if self.safety is SafetyMode.NORMAL:
            self.safety = SafetyMode.SAFEGUARD_STOP
            self._pause()

    def close_safeguard(self) -> None:
        """The safeguard input is back: a paused program goes on."""
        if self.safety is SafetyMode.SAFEGUARD_STOP:
            self.safety = SafetyMode.NORMAL
            if self.machine is not None:
                self.machine.resume()
                self.arm.resume()

    def set_local(self) -> None:
        """Local control is chosen on the teach pendant: script sockets are closed."""
        self.remote = False
        self.on_local()

    def set_remote(self) -> None:
        """Remote control is chosen."""
        self.remote = True

    # -- the program -------------------------------------------------------------------------

    def upload(self, source: str) -> None:
        """Compile a program and run it in place of the one that runs."""
        try:
            program = compile_program(source, self._builtins)
        except ScriptError as error:
            self._tell_error(error)
            return
        if self.mode is not RobotMode.RUNNING or self.safety is not SafetyMode.NORMAL:
            self.log("The program was not started: the robot is not running")
            return
        self.stop_program()
        self.program_name = program.name
        self.machine = Machine(program, on_end=self._program_over, on_thread_end=self.arm.thread_ended)
        self.on_message(messages.key("PROGRAM_XXX_STARTED", program.name, clock.now()))
        self.machine.start()

    def stop_program(self) -> bool:
        """End the program and brake; False where none runs."""
        machine, self.machine = self.machine, None
        if machine is None:
            return False
        machine.halt()
        self.arm.halt()
        self.on_message(messages.key("PROGRAM_XXX_STOPPED", self.program_name, clock.now()))
        return True

    def pause_program(self) -> bool:
        """Pause it; False where none runs."""
        if not self.running:
            return False
        self._pause()
        return True

    def close(self) -> None:
        """Leave nothing running."""
        if self.machine is not None:
            self.machine.halt()
        self._forget_timer()
        self.arm.close()

    # -- what programs call ------------------------------------------------------------------

    def read_register(self, address: int) -> int:
        """General-purpose registers, digital inputs and outputs, robot and safety mode."""
        if 0 <= address - registers.GENERAL < registers.GENERAL_COUNT:
            return self.general[address - registers.GENERAL]
        known = {
            registers.INPUTS: self.inputs,
            registers.OUTPUTS: self.outputs,
            registers.ROBOT_MODE: int(self.mode),
            registers.SAFETY_MODE: int(self.safety),
        }
        if address not in known:
            raise ScriptError(f"read_port_register: no register {address}")
        return known[address]

    def write_register(self, address: int, value: int) -> None:
        """Registers 128..255; values -32768..65535."""
        if not 0 <= address - registers.GENERAL < registers.GENERAL_COUNT or not -0x8000 <= value <= 0xFFFF:
            raise ScriptError(f"write_port_register: {value} into register {address}")
        self.general[address - registers.GENERAL] = value & 0xFFFF

    def input(self, index: int) -> bool:
        """A standard digital input."""
        return bool(self.inputs >> _bit(index) & 1)

    def output(self, index: int) -> bool:
        """A standard digital output."""
        return bool(self.outputs >> _bit(index) & 1)

    def set_input(self, index: int, on: bool) -> None:
        """The plant switches an input: 0..7 standard, 8 and 9 at the tool."""
        self.inputs = self.inputs | 1 << index if on else self.inputs & ~(1 << index)

    def set_output(self, index: int, on: bool) -> None:
        """Switch a standard digital output."""
        if self.output(index) != on:
            self.outputs ^= 1 << index
            self._switched(index, on)

    def log(self, text: str) -> None:
        """A line in the log, sent to every client."""
        self.on_message(messages.text(text, clock.now()))

    # -- inside ------------------------------------------------------------------------------

    def _pause(self) -> None:
        if self.machine is not None:
            self.machine.pause()
            self.arm.pause()

    def _program_over(self, error: ScriptError | None) -> None:
        self.machine = None
        self.arm.halt()
        if error is not None:
            self._tell_error(error)
        self.on_message(messages.key("PROGRAM_XXX_STOPPED", self.program_name, clock.now()))

    def _tell_error(self, error: ScriptError) -> None:
        self.on_message(messages.runtime_exception(error.line, error.column, error.text, clock.now()))

    def _powered_on(self, then: Callable[[], None]) -> None:
        self.mode = RobotMode.IDLE
        then()

    def _set_mode(self, mode: RobotMode) -> None:
        self.mode = mode

    def _later(self, seconds: float, action: Callable[[], object]) -> None:
        self._forget_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, action)

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def _bit(index: int) -> int:
    if not 0 <= index <= 7:
        raise ScriptError(f"no digital input or output {index}")
    return index
