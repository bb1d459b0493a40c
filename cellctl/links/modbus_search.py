"""Finds the answer to one RTU request in what the line brought, whatever stands before it.

RTU frames have no start mark. An answer is what begins with the unit's number, has a length that its
function asks for, and a right CRC; noise before it, our own echo, and other units' frames are passed over.
"""

from __future__ import annotations

from cellctl.errors import BadAnswer, NoAnswer
from cellctl.links.modbus_pdu import Request, crc_holds, reply_size
from cellctl.links.modbus_types import Counters

_LEAST_FRAME = 5  # unit, function, one byte, CRC
_MOST_FRAME = 256  # V1.02, 2.5.1


class DamagedAnswer(BadAnswer):
    """The answer began and its CRC is wrong, or it broke off: noise on the line."""


class Search:
    """The search for one answer. ``echo``: whether the line gives back what is sent; None: not known yet."""

    def __init__(self, counters: Counters, frame: bytes, request: Request, echo: bool | None) -> None:
        self.buffer = b""
        self.echo = echo
        self._counters = counters
        self._frame = frame
        self._unit = frame[0]
        self._request = request
        self._echo_gone = False
        self._others: set[int] = set()  # units that sent frames of their own

    def reply(self) -> bytes | None:
        """The PDU of the first whole frame of our unit, taken from the buffer; what it says is not checked."""
        self._strip_echo()
        if self.echo and not self._echo_gone and answers_itself(self._request):
            return None  # our own request must come back first
        while (found := self._whole_frame()) is not None:
            start, size = found
            frame, self.buffer = self.buffer[start : start + size], self.buffer[start + size :]
            if frame[0] != self._unit:
                self._others.add(frame[0])
                self._counters.foreign += 1
                continue
            if start:
                self._counters.resynchronised += 1
            if not self._echo_gone:
                self.echo = None if self.echo else False  # missing where there was one: found out again
            return frame[1:-2]
        return None

    def begun(self) -> bool:
        """Whether something that looks like our answer has begun."""
        if self._begin() < 0:
            return False
        return self._echo_gone or not self._frame.startswith(self.buffer)

    def whole(self) -> bool:
        """Whether as many bytes came as the answer has, though they make no sense."""
        at = self._begin()
        return at >= 0 and len(self.buffer) - at >= reply_length(self._request)

    def problem(self, timeout: float) -> NoAnswer | BadAnswer:
        """What to say when the time (s) is over."""
        if self.echo and not self._echo_gone:
            self.echo = None  # another adapter perhaps: it is found out again
        if self.begun():
            self._counters.bad += 1
            return DamagedAnswer(
                f"a damaged answer to {self._request}: {self.buffer[:16].hex(' ')}",
                hint="Check termination, shield and baud rate of the line",
            )
        if self._others:
            self._counters.bad += 1
            units = ", ".join(map(str, sorted(self._others)))
            return BadAnswer(
                f"unit {units} answered; unit {self._unit} was asked", hint="Check the units' numbers on the line"
            )
        heard = f"; {len(self.buffer)} bytes of noise came" if self.buffer else ""
        return NoAnswer(f"no answer to {self._request} within {timeout * 1000:.0f} ms{heard}")

    def _begin(self) -> int:
        function = self._request.function
        places = [self.buffer.find(bytes([self._unit, code])) for code in (function, function | 0x80)]
        return min((place for place in places if place >= 0), default=-1)

    def _strip_echo(self) -> None:
        if self._echo_gone or (not self.echo and answers_itself(self._request)):
            return
        at = self.buffer.find(self._frame)
        if at >= 0:
            self.buffer = self.buffer[at + len(self._frame) :]
            self._echo_gone = self.echo = True
            self._counters.echoes += 1

    def _whole_frame(self) -> tuple[int, int] | None:
        buffer = self.buffer
        function = self._request.function
        for start in range(len(buffer) - _LEAST_FRAME + 1):
            # Behind other bytes only what we wait for counts: bytes within a frame may look like another's.
            if start and (buffer[start] != self._unit or buffer[start + 1] & 0x7F != function):
                continue
            size = reply_size(buffer[start:] if start else buffer)
            if size and start + size <= len(buffer) and crc_holds(buffer[start : start + size]):
                return start, size
        self.buffer = buffer[-2 * _MOST_FRAME :]  # a line that babbles costs no more than this
        return None


def reply_length(request: Request) -> int:
    """How many bytes the good answer's frame has (for FC43 the most it can have)."""
    if request.function in (1, 2):
        return 5 + (request.count + 7) // 8
    if request.function in (3, 4, 23):
        return 5 + 2 * request.count
    return 8 if request.writes else 255


def answers_itself(request: Request) -> bool:
    """Whether this request, heard back, could be taken for its own answer (FC5, FC6, a few FC1 and FC2)."""
    function, address = request.function, request.address
    return function in (5, 6) or (function in (1, 2) and address >> 8 == 3 and 17 <= request.count <= 24)
