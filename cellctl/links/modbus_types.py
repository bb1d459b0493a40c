"""The words of Modbus that clients, servers and emulators share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

#: Modbus exception codes by number (Modbus Application Protocol V1.1b3, section 7).
EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "server device failure",
    5: "acknowledge, still working",
    6: "server device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target device failed to respond",
}
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE, BUSY = 1, 2, 3, 4, 6
STILL_WORKING = 5
GATEWAY_TARGET = 11


class Table(Enum):
    """The four data tables; the value is the function code that reads it."""

    COILS = 1
    DISCRETE = 2
    HOLDING = 3
    INPUT = 4

    __hash__ = object.__hash__  # each is itself alone; Enum's own hash is slow, and every read looks one up

    @property
    def bits(self) -> bool:
        """Whether its cells are single bits (else 16-bit registers)."""
        return self in (Table.COILS, Table.DISCRETE)


class ModbusRefusal(Exception):
    """Raised by a bank: the device answers with this exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code} ({EXCEPTIONS.get(code, 'unknown')})")
        self.code = code


class NoReply(Exception):
    """Raised by a bank: the device is dead or deaf, and nothing is sent."""


class RegisterBank(Protocol):
    """What a Modbus server shows of one unit. Called in the loop: it must not block.

    Addresses are as on the wire (from 0); bits are 0 or 1. Both raise ``ModbusRefusal`` for what
    the device would refuse, ``NoReply`` for what it would leave unanswered.
    """

    def read(self, table: Table, address: int, count: int) -> Sequence[int]:
        """``count`` cells from ``address`` on."""
        ...

    def write(self, table: Table, address: int, values: Sequence[int]) -> None:
        """Take all of ``values`` from ``address`` on, or refuse and take none (COILS or HOLDING)."""
        ...


@dataclass(slots=True)
class Counters:
    """What a line has seen since it was made."""

    sent: int = 0  # requests that went out
    answered: int = 0  # good answers, refusals included
    refused: int = 0  # Modbus exceptions
    timeouts: int = 0  # requests without an answer in time
    late: int = 0  # answers that came after their deadline, drained
    stale: int = 0  # frames nobody asked for (unknown transaction id, frames before the request)
    bad: int = 0  # answers that do not belong to the question or break the protocol
    resynchronised: int = 0  # answers found behind bytes that belong to nothing
    echoes: int = 0  # our own requests heard back (RS-485)
    foreign: int = 0  # frames of other units
    retried: int = 0  # reads asked again
    backed_off: int = 0  # reads refused here because the unit was silent a moment ago
    connects: int = 0
