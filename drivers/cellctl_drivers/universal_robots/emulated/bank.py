"""The Modbus server's registers, coils and refusals (tables in registers.py)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cellctl.links import ModbusRefusal, Table
from cellctl_drivers.universal_robots import registers
from cellctl_drivers.universal_robots.emulated.controller import Controller
from cellctl_drivers.universal_robots.registers import RobotMode, SafetyMode

_SIZE = 776  # the registers in one piece; what lies between the known ones reads as 0
_ILLEGAL_ADDRESS = 2
_STATE_COILS = range(registers.POWER_ON, registers.POWER_ON + 6)
_TURN = 2 * math.pi


class Bank:
    """What clients read and write. FC3 and FC4 read the same words; coils and discrete inputs the same bits."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._words = [0] * _SIZE
        self._shown: tuple[float, ...] | None = None  # what the joints' registers tell
        self._shown_mode = controller.mode
        self._words[registers.VERSION : registers.VERSION + 2] = [5, 17]
        for joint in range(6):
            self._words[registers.JOINT_TEMPERATURES + joint] = 30

    def read(self, table: Table, address: int, count: int) -> Sequence[int]:
        """Raises ModbusRefusal(2) beyond the map."""
        if table.bits:
            return [self._bit(address + index) for index in range(count)]
        if address + count > _SIZE:
            raise ModbusRefusal(_ILLEGAL_ADDRESS)
        self._refresh(address, address + count)
        return self._words[address : address + count]

    def write(self, table: Table, address: int, values: Sequence[int]) -> None:
        """General-purpose registers and outputs; anything else is refused (2)."""
        if table.bits:
            writable = [self._output_of_coil(address + index) for index in range(len(values))]
            for (number, sense), value in zip(writable, values, strict=True):
                if sense is None or value:
                    self._controller.set_output(number, bool(value) if sense is None else sense)
            return
        first = address - registers.GENERAL
        if first >= 0 and first + len(values) <= registers.GENERAL_COUNT:
            self._controller.general[first : first + len(values)] = values
        elif address in (registers.OUTPUTS, registers.SET_OUTPUTS, registers.CLEAR_OUTPUTS) and len(values) == 1:
            self._write_outputs(address, values[0])
        else:
            raise ModbusRefusal(_ILLEGAL_ADDRESS)

    # -- inside ------------------------------------------------------------------------------

    def _write_outputs(self, address: int, word: int) -> None:
        for number in range(8):
            on = bool(word >> number & 1)
            if address == registers.OUTPUTS:
                self._controller.set_output(number, on)
            elif on:
                self._controller.set_output(number, address == registers.SET_OUTPUTS)

    def _output_of_coil(self, address: int) -> tuple[int, bool | None]:
        """Output number of a coil, and what writing 1 does: None sets what is written, True sets, False clears."""
        for first, sense in ((16, None), (32, True), (48, False)):
            if first <= address < first + 8:
                return address - first, sense
        raise ModbusRefusal(_ILLEGAL_ADDRESS)

    def _bit(self, address: int) -> int:
        controller = self._controller
        if 0 <= address < 16:
            return controller.inputs >> address & 1
        if address < 32:
            return controller.outputs >> (address - 16) & 1
        if address < 160:
            return 0
        if address in _STATE_COILS:
            self._refresh(registers.POWER_ON, registers.POWER_ON + 6)
            return self._words[address]
        raise ModbusRefusal(_ILLEGAL_ADDRESS)

    def _refresh(self, start: int, end: int) -> None:
        words, controller = self._words, self._controller
        if start < 34:
            words[registers.INPUTS], words[registers.OUTPUTS] = controller.inputs, controller.outputs
        if start < registers.VERSION and end > registers.GENERAL:
            words[registers.GENERAL : registers.VERSION] = controller.general
        if start < registers.TOOL_POSE and end > registers.ROBOT_MODE:
            self._refresh_state()
        if end > registers.TOOL_POSE:
            self._refresh_tool()

    def _refresh_state(self) -> None:
        words, controller = self._words, self._controller
        safety = controller.safety
        words[registers.ROBOT_MODE] = controller.mode
        words[registers.POWER_ON] = int(controller.powered)
        words[registers.PROTECTIVE_STOPPED] = int(safety is SafetyMode.PROTECTIVE_STOP)
        words[registers.EMERGENCY_STOPPED] = int(controller.emergency)
        words[registers.SAFETY_MODE] = safety
        joints = controller.arm.joints()
        if joints == self._shown and not controller.arm.moving and controller.mode is self._shown_mode:
            return
        self._shown, self._shown_mode = joints, controller.mode
        mode = joint_mode(controller)
        for index, (angle, speed) in enumerate(zip(joints, controller.arm.speeds(), strict=True)):
            turns = math.floor(angle / _TURN)
            words[registers.JOINT_ANGLES + index] = round((angle - turns * _TURN) * 1000) & 0xFFFF
            words[registers.JOINT_TURNS + index] = turns & 0xFFFF
            words[registers.JOINT_SPEEDS + index] = round(speed * 1000) & 0xFFFF
            words[registers.JOINT_MODES + index] = mode

    def _refresh_tool(self) -> None:
        pose, tool = self._controller.arm.tool_pose(), self._controller.arm.tool
        for index in range(6):
            place = index < 3
            self._words[registers.TOOL_POSE + index] = round(pose[index] * (1e4 if place else 1e3)) & 0xFFFF
            self._words[registers.TOOL_OFFSET + index] = round(tool[index] * 1e3) & 0xFFFF


def joint_mode(controller: Controller) -> int:
    """The mode that all joints report."""
    if controller.mode is RobotMode.RUNNING:
        return registers.JOINT_RUNNING
    return registers.JOINT_IDLE if controller.powered else registers.JOINT_POWER_OFF
