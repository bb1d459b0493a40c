"""Messages of the primary and secondary interfaces (30001, 30002), both ways.

Layouts: UniversalRobots/Universal_Robots_Client_Library, include/ur_client_library/primary/. Big endian;
every package is an int32 length (itself included), a uint8 type, and the rest.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

ROBOT_STATE = 16
ROBOT_MESSAGE = 20
TEXT, VERSION, ERROR_CODE, KEY, RUNTIME_EXCEPTION = 0, 3, 6, 7, 10
SOURCE = -2  # the runtime machine
READ_ONLY = (210, 0)  # C210A0: the socket is read-only in local control

_MODE = struct.Struct(">Q7?BBdddB")
_JOINT = struct.Struct(">dddffffB")


def package(kind: int, body: bytes) -> bytes:
    """One package on the wire."""
    return struct.pack(">iB", len(body) + 5, kind) + body


def robot_message(kind: int, body: bytes, time: float) -> bytes:
    """A robot message; ``time`` in s."""
    return package(ROBOT_MESSAGE, struct.pack(">QbB", int(time * 1e6), SOURCE, kind) + body)


def text(words: str, time: float) -> bytes:
    """What textmsg() writes."""
    return robot_message(TEXT, words.encode(), time)


def key(title: str, words: str, time: float) -> bytes:
    """Such as PROGRAM_XXX_STARTED and the program's name."""
    return robot_message(KEY, struct.pack(">iiB", 0, 0, len(title)) + title.encode() + words.encode(), time)


def error_code(code: tuple[int, int], words: str, time: float) -> bytes:
    """A report such as C210A0, at level 3 (fault)."""
    return robot_message(ERROR_CODE, struct.pack(">iiiII", *code, 3, 0, 0) + words.encode(), time)


def runtime_exception(line: int, column: int, words: str, time: float) -> bytes:
    """A program that did not compile or could not go on."""
    return robot_message(RUNTIME_EXCEPTION, struct.pack(">ii", line, column) + words.encode(), time)


def version(time: float) -> bytes:
    """The first message on a connection."""
    name, date = b"URControl", b"24-06-2024, 00:00:00"
    return robot_message(VERSION, bytes([len(name)]) + name + struct.pack(">BBii", 5, 17, 0, 0) + date, time)


def state(
    time: float,
    *,
    powered: bool,
    emergency: bool,
    protective: bool,
    running: bool,
    paused: bool,
    mode: int,
    joints: Sequence[float],
    speeds: Sequence[float],
    joint_mode: int,
) -> bytes:
    """The state message that is sent ten times a second: mode data and joint data."""
    flags = (True, True, powered, emergency, protective, running, paused)
    mode_data = _MODE.pack(int(time * 1e6), *flags, mode, 0, 1.0, 1.0, 1.0, 0)
    joint_data = b"".join(
        _JOINT.pack(q, q, qd, 0.0, 48.0, 30.0, 30.0, joint_mode) for q, qd in zip(joints, speeds, strict=True)
    )
    return package(ROBOT_STATE, package(0, mode_data) + package(1, joint_data))
