"""In-Sight native mode: commands, statuses, cells. The camera's "register table".

Sources: Cognex, In-Sight Explorer help, "Native Mode Communications" and the pages of the basic
commands (GO, SO, SE, SW, GV, SI, SF, SS, GF, LF, GI, RT); how firmware answers SE8 is from
FLo-ABB/CognexNativePy. What could not be checked against those is marked [U] where it is used.
"""

from __future__ import annotations

import re
from typing import NamedTuple

PORT = 23
TERMINATOR = "\r\n"
#: Longest line that either side takes. A job file name or a text cell has 255 characters at most.
MAX_LINE = 1024

# -- log-in ------------------------------------------------------------------------------------
BANNER = "Welcome to In-Sight(tm)"
ASK_USER = "User: "
ASK_PASSWORD = "Password: "
LOGGED_IN = "User Logged In"
REFUSED = "Invalid Password"  # [U] the words; that another prompt follows is how telnet log-ins behave

# -- statuses ----------------------------------------------------------------------------------
OK = 1
UNKNOWN = 0
BAD_ARGUMENT = -1
NOT_EXECUTED = -2
HELD_OFFLINE = -5
NO_ACCESS = -6

STATUS: dict[int, str] = {
    UNKNOWN: "the command is unknown to the camera",
    BAD_ARGUMENT: "the cell, tag or number does not exist",
    NOT_EXECUTED: "the camera could not carry the command out",
    -3: "the checksum is wrong",
    -4: "the camera is out of memory",
    HELD_OFFLINE: "the camera is held offline by a person or by a discrete input",
    NO_ACCESS: "the user does not have full access",
}

#: What a cell shows whose formula failed (and what GV gives for it).
ERROR_VALUE = "#ERR"
#: Lines after the status that GI answers.
INFO_LINES = 5

MAX_ROW = 399
_CELL = re.compile(r"([A-Za-z])(\d{3})")
_LIKE_A_CELL = re.compile(r"[A-Za-z]\d+")
_TAG = re.compile(r"[A-Za-z_][\w.]{0,127}")


class Cell(NamedTuple):
    """A cell of the job's spreadsheet: column letter A–Z, row 0–399."""

    column: str
    row: int

    def __str__(self) -> str:
        return f"{self.column}{self.row:03d}"


def parse_cell(text: str) -> Cell | None:
    """``B002`` as a cell, in either case; None for anything else."""
    match = _CELL.fullmatch(text)
    if match is None or int(match[2]) > MAX_ROW:
        return None
    return Cell(match[1].upper(), int(match[2]))


def is_reference(text: str) -> bool:
    """Whether ``text`` names a cell (``B002``) or could be a symbolic tag (``Part.Code``)."""
    if _LIKE_A_CELL.fullmatch(text):
        return parse_cell(text) is not None
    return _TAG.fullmatch(text) is not None


def same_job(one: str, other: str) -> bool:
    """Whether two job file names mean the same job: case and the ending ``.job`` do not matter."""
    return _bare(one) == _bare(other)


def _bare(job: str) -> str:
    return job.casefold().removesuffix(".job")
