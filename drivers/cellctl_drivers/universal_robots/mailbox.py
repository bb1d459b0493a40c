"""The register protocol between the driver and its program on the arm (``program.script``).

General-purpose registers of the Modbus server. The driver writes 128..152, the program 201..208:

    128        heartbeat: the driver counts it up (0..32767)
    129        motion permit: the session's number while motion is allowed, 0 once it is withdrawn
    130, 131   stop: how (1 controlled, 2 fast), and the number of the command that is to stop
    132        session that the command belongs to
    133        opcode
    134..145   six targets, int32, high word first: 0.1 mrad; positions 0.01 mm
    146, 148   speed and acceleration, int32: 0.1 mrad/s, 0.1 mrad/s²; on a straight line 0.01 mm/s, 0.01 mm/s²
    150        checksum over the number and 132..149
    152        number of the command, written last and alone: this starts it

    201        session of the program that runs
    202        heartbeat last seen
    203        1 at rest, 2 moving, 3 stopping
    204        permit: 0 withdrawn, 1 in force, 2 lapsed (heartbeat lost; must be withdrawn and given again)
    205, 206   number of the command accepted last, and finished last
    207        result of the one finished last
    208        counts up while the program runs

Sessions and command numbers are 1..32767, so that it does not matter whether a controller shows
registers signed. Only one command is under way at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

HEARTBEAT = 128
PERMIT = 129
STOP = 130
COMMAND = 132
NUMBER = 152
ANSWER = 201
ANSWER_COUNT = 8
HIGHEST = 32767  # of sessions, numbers and heartbeats

_COMMAND_WORDS = 18  # 132..149; the checksum follows
_MODULUS = 32749  # the greatest prime below 2**15
_ANGLE = 1e-4
_LENGTH = 1e-5


class Opcode(IntEnum):
    """What a command asks for."""

    JOINTS = 1  # joint move to joints
    JOINTS_TO_POSE = 2  # joint move to a pose
    LINE = 3  # straight line to a pose
    LINE_TO_JOINTS = 4  # straight line to where joints are


class Result(IntEnum):
    """How a command ended."""

    NONE = 0
    DONE = 1
    STOPPED = 2
    HEARTBEAT = 3
    PERMIT = 4
    CHECKSUM = 5
    SESSION = 6
    OPCODE = 7
    NOT_PERMITTED = 8


class Permit(IntEnum):
    """The motion permit as the program sees it."""

    WITHDRAWN = 0
    IN_FORCE = 1
    LAPSED = 2


#: In words, for people.
RESULTS = {
    Result.NONE: "no result",
    Result.DONE: "done",
    Result.STOPPED: "stopped on demand",
    Result.HEARTBEAT: "the arm stopped by itself, as the heartbeat was lost",
    Result.PERMIT: "the arm stopped by itself, as the motion permit was withdrawn",
    Result.CHECKSUM: "refused: the checksum is wrong",
    Result.SESSION: "refused: it belongs to another session",
    Result.OPCODE: "refused: unknown opcode",
    Result.NOT_PERMITTED: "refused: no motion permit",
}


@dataclass(frozen=True, slots=True)
class Command:
    """One move. ``target``: joints (rad) or a pose (m, rad), shape (6,); speeds in rad or m as the opcode says."""

    opcode: Opcode
    target: Sequence[float]
    speed: float
    acceleration: float

    def words(self, session: int, number: int) -> list[int]:
        """Registers 132..150. Raises OverflowError for a number that does not fit."""
        straight = self.opcode >= Opcode.LINE
        pose = self.opcode in (Opcode.JOINTS_TO_POSE, Opcode.LINE)
        rate = _LENGTH if straight else _ANGLE
        words = [session, int(self.opcode)]
        for index, value in enumerate(self.target):
            words += int32_words(round(value / (_LENGTH if pose and index < 3 else _ANGLE)))
        words += int32_words(round(self.speed / rate)) + int32_words(round(self.acceleration / rate))
        return [*words, checksum(number, words)]


class Answer(NamedTuple):
    """What the program says in 201..208."""

    session: int
    heartbeat: int
    state: int
    permit: int
    accepted: int
    finished: int
    result: int
    alive: int


def read_answer(words: Sequence[int]) -> Answer:
    """Registers 201..208 as an answer."""
    return Answer(*words)


def int32_words(value: int) -> list[int]:
    """A signed 32-bit number as two registers, high word first. Raises OverflowError."""
    data = value.to_bytes(4, "big", signed=True)
    return [int.from_bytes(data[:2], "big"), int.from_bytes(data[2:], "big")]


def checksum(number: int, words: Sequence[int]) -> int:
    """Over the command's number and registers 132..149 (0..65535 each); 0..32748."""
    total = number
    for word in words[:_COMMAND_WORDS]:
        total = (total * 31 + word) % _MODULUS
    return total


def following(number: int) -> int:
    """The next session, command number or heartbeat: 1..32767, then 1 again."""
    return number % HIGHEST + 1
