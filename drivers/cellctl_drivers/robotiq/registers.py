"""The gripper's two blocks of registers, bit by bit, and what its fault codes mean.

Source: Robotiq 2F-85 & 2F-140 instruction manual, chapters 4.3 (robot output), 4.4 (robot input) and 4.7
(Modbus RTU, with the byte examples that the tests use). Bytes are numbered from 0, high byte first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

OUTPUT, INPUT = 0x03E8, 0x07D0  # robot output (written) and robot input (read)
WORDS = 3
BLOCK = 8  # registers that each block has; those after the third are reserved and read 0

CLOSED = 255  # the position request that closes fully
MIN_SPEED, MAX_SPEED = 0.020, 0.150  # m/s over rSP 0 to 255
MIN_FORCE, MAX_FORCE = 20.0, 235.0  # N over rFR 0 to 255


class Activation(IntEnum):
    """gSTA."""

    RESET = 0
    ACTIVATING = 1
    ACTIVE = 3


class Object(IntEnum):
    """gOBJ; it means something only while gGTO is 1."""

    MOVING = 0
    OPENING_CONTACT = 1
    CLOSING_CONTACT = 2
    AT_POSITION = 3


@dataclass(frozen=True, slots=True)
class Fault:
    """A value of gFLT. ``reset``: it goes only by a rising edge of rACT, which strokes the fingers."""

    text: str
    hint: str
    reset: bool = False


ACTION_DELAYED, NOT_ACTIVATED, SILENCE = 0x05, 0x07, 0x09
FAULTS = {
    0x00: Fault("no fault", ""),
    0x05: Fault("action delayed: it must be activated again first", "Reset activates it"),
    0x07: Fault("the activation bit must be set first", "Reset activates it"),
    0x08: Fault("too hot", "Let it cool; shorten its duty"),
    0x09: Fault("no communication for 1 s", "Check the RS-485 cable and what stopped the controller"),
    0x0A: Fault("supply below its minimum", "Check its 24 V supply and cable", reset=True),
    0x0B: Fault("automatic release under way", "Find what asked for it", reset=True),
    0x0C: Fault("internal fault", "Switch it off and on; if it stays, send it in", reset=True),
    0x0D: Fault("activation failed", "Clear the fingers' way", reset=True),
    0x0E: Fault("overcurrent", "Find what the fingers press against", reset=True),
    0x0F: Fault("automatic release done", "Make sure the hand is empty", reset=True),
}


def fault_of(code: int) -> Fault:
    """The words for a value of gFLT."""
    return FAULTS.get(code) or Fault(f"fault {code:#x}", "See the gripper's manual", reset=code >= 0x0A)


@dataclass(frozen=True, slots=True)
class Request:
    """Robot output: what is asked of the gripper."""

    activate: bool = False  # rACT
    go: bool = False  # rGTO
    release: bool = False  # rATR, automatic release
    closing: bool = False  # rARD, its direction
    position: int = 0  # rPR
    speed: int = 0  # rSP
    force: int = 0  # rFR

    @classmethod
    def of(cls, words: Sequence[int]) -> Request:
        """From the first three words of the block."""
        action = words[0] >> 8
        return cls(
            bool(action & 0x01), bool(action & 0x08), bool(action & 0x10), bool(action & 0x20),
            words[1] & 0xFF, words[2] >> 8, words[2] & 0xFF,
        )  # fmt: skip

    def words(self) -> tuple[int, int, int]:
        """As it is written."""
        action = self.activate << 0 | self.go << 3 | self.release << 4 | self.closing << 5
        return action << 8, self.position, self.speed << 8 | self.force


@dataclass(frozen=True, slots=True)
class Status:
    """Robot input: what the gripper says."""

    activated: bool = False  # gACT, echo of rACT
    going: bool = False  # gGTO, echo of rGTO
    activation: Activation = Activation.RESET  # gSTA
    object: Object = Object.MOVING  # gOBJ
    fault: int = 0  # gFLT
    requested: int = 0  # gPR, echo of rPR
    position: int = 0  # gPO
    current: float = 0.0  # A, gCU

    @classmethod
    def of(cls, words: Sequence[int]) -> Status:
        """From the three words. gSTA 2 is not used by the device and counts as activating."""
        state = words[0] >> 8
        activation = (state >> 4) & 3
        return cls(
            bool(state & 0x01),
            bool(state & 0x08),
            Activation.ACTIVATING if activation == 2 else Activation(activation),
            Object(state >> 6),
            (words[1] >> 8) & 0x0F,
            words[1] & 0xFF,
            words[2] >> 8,
            (words[2] & 0xFF) / 100,
        )

    def words(self) -> tuple[int, int, int]:
        """As it is read."""
        state = self.activated | self.going << 3 | self.activation << 4 | self.object << 6
        return state << 8, self.fault << 8 | self.requested, self.position << 8 | round(self.current * 100)

    @property
    def ready(self) -> bool:
        """Whether it takes positions now."""
        return self.activation is Activation.ACTIVE and not fault_of(self.fault).reset


def speed_count(speed: float) -> int:
    """rSP for ``speed`` m/s, the nearest that the gripper has."""
    return _count(speed, MIN_SPEED, MAX_SPEED)


def speed_of(count: int) -> float:
    """The finger speed in m/s for rSP."""
    return MIN_SPEED + (MAX_SPEED - MIN_SPEED) * count / 255


def force_count(force: float) -> int:
    """rFR for ``force`` N, the nearest that the gripper has."""
    return _count(force, MIN_FORCE, MAX_FORCE)


def _count(value: float, low: float, high: float) -> int:
    return min(max(round((value - low) / (high - low) * 255), 0), 255)
