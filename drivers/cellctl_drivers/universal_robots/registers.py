"""The Modbus server of the arm: addresses, enumerations, and one poll's worth of state.

Addresses: universal-robots.com, "Modbus Server - 16377" and "UR ModBus server data". Enumerations:
UniversalRobots/Universal_Robots_Client_Library, include/ur_client_library/ur/datatypes.h.
FC3 and FC4 read the same registers. 16-bit, two's complement where signed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from cellctl_drivers.universal_robots import mailbox

INPUTS = 0  # digital inputs: bits 0..7 box, 8 and 9 tool
OUTPUTS = 1
SET_OUTPUTS, CLEAR_OUTPUTS = 2, 3  # masks
GENERAL = 128  # general-purpose registers 128..255
GENERAL_COUNT = 128
VERSION = 256  # high, low
ROBOT_MODE = 258
POWER_ON = 260
PROTECTIVE_STOPPED = 261
EMERGENCY_STOPPED = 262
SAFETY_MODE = 266
JOINT_ANGLES = 270  # mrad, within one turn; base to wrist
JOINT_SPEEDS = 280  # mrad/s
JOINT_CURRENTS = 290  # mA
JOINT_TEMPERATURES = 300  # degC
JOINT_MODES = 310
JOINT_TURNS = 320  # revolution counts
TOOL_POSE = 400  # 0.1 mm, mrad, base frame
TOOL_SPEED = 410  # mm/s, mrad/s
TOOL_OFFSET = 420  # mm, mrad, on the flange

#: One read gives everything that is polled: from the program's answer to the last revolution count.
BLOCK = (mailbox.ANSWER, JOINT_TURNS + 6 - mailbox.ANSWER)
#: The same in parts, for a controller that refuses to read across registers it does not have.
PARTS = ((mailbox.ANSWER, mailbox.ANSWER_COUNT), (ROBOT_MODE, 1), (POWER_ON, 7), (JOINT_ANGLES, 6),
         (JOINT_SPEEDS, 6), (JOINT_TURNS, 6))  # fmt: skip
_STILL = 0.0015  # rad/s; the registers tell 0.001
JOINT_RUNNING, JOINT_POWER_OFF, JOINT_IDLE = 253, 239, 255


class RobotMode(IntEnum):
    """Register 258, and the words of the dashboard's ``robotmode``."""

    DISCONNECTED = 0
    CONFIRM_SAFETY = 1
    BOOTING = 2
    POWER_OFF = 3
    POWER_ON = 4
    IDLE = 5
    BACKDRIVE = 6
    RUNNING = 7
    UPDATING_FIRMWARE = 8


class SafetyMode(IntEnum):
    """Register 266, and the words of the dashboard's ``safetymode``."""

    NORMAL = 1
    REDUCED = 2
    PROTECTIVE_STOP = 3
    RECOVERY = 4
    SAFEGUARD_STOP = 5
    SYSTEM_EMERGENCY_STOP = 6
    ROBOT_EMERGENCY_STOP = 7
    VIOLATION = 8
    FAULT = 9


def signed(word: int) -> int:
    """A 16-bit register as two's complement."""
    return word - 0x10000 if word & 0x8000 else word


@lru_cache(maxsize=32)
def mode_name(number: int) -> str:
    """The robot mode in words; a number that is not known as itself."""
    return RobotMode(number).name if number in RobotMode.__members__.values() else f"mode {number}"


class ArmState(NamedTuple):
    """One poll. Angles in rad (mrad resolution), full turns included."""

    answer: mailbox.Answer
    robot_mode: int
    powered: bool
    protective_stopped: bool
    emergency_stopped: bool
    safety_mode: int
    joints: tuple[float, ...]
    speeds: tuple[float, ...]

    @property
    def turning(self) -> bool:
        """Whether a joint turns."""
        return max(self.speeds) > _STILL or min(self.speeds) < -_STILL


def read_state(words: Mapping[int, int]) -> ArmState:
    """The state in registers by address. Raises KeyError where one is missing."""
    return _state(lambda start, count: [words[start + index] for index in range(count)])


def read_block(words: Sequence[int]) -> ArmState:
    """The state in the registers of BLOCK."""
    first = BLOCK[0]
    return _state(lambda start, count: words[start - first : start - first + count])


def _state(several: Callable[[int, int], Sequence[int]]) -> ArmState:
    """The state, where ``several(start, count)`` gives registers."""
    power, _, _, _, _, _, safety_mode = several(POWER_ON, 7)
    protective, emergency = several(PROTECTIVE_STOPPED, 2)
    angles, turns = several(JOINT_ANGLES, 6), several(JOINT_TURNS, 6)
    return ArmState(
        answer=mailbox.read_answer(several(mailbox.ANSWER, mailbox.ANSWER_COUNT)),
        robot_mode=several(ROBOT_MODE, 1)[0],
        powered=bool(power),
        protective_stopped=bool(protective),
        emergency_stopped=bool(emergency),
        safety_mode=safety_mode,
        joints=tuple([signed(a) * 1e-3 + signed(n) * 2 * math.pi for a, n in zip(angles, turns, strict=True)]),
        speeds=tuple([signed(speed) * 1e-3 for speed in several(JOINT_SPEEDS, 6)]),
    )
