"""One Modbus RTU line, shared by all units on it: one request in flight, and nothing old is ever returned.

RTU answers carry no number. What keeps an old answer from being taken for a new one: after a request
that got no answer (or was cancelled) the line is left alone until its late answer has come or
cannot come any more; what arrives without being asked is thrown away and counted.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from cellctl import clock
from cellctl.errors import LinkDown, NoAnswer
from cellctl.links.address import SerialAddress
from cellctl.links.modbus_pdu import Request, read_request, rtu_frame
from cellctl.links.modbus_search import Search, answers_itself, reply_length
from cellctl.links.modbus_types import Counters, Table
from cellctl.links.stream import ByteStream, Network

_GAP_CHARACTERS = 3.5
_LEAST_GAP = 0.00175  # s: above 19200 baud the gap is fixed (Modbus over Serial Line V1.02, 2.5.1.1)
_BROKEN_OFF = 0.1  # s: an answer that began and then stops for so long is damaged
_LEAST_SETTLE = 0.2  # s
_FIRST_BACK_OFF, _MOST_BACK_OFF = 0.5, 5.0  # s


@dataclass(slots=True)
class _Unit:
    silent: int = 0  # requests in a row without an answer
    until: float = 0.0  # reads are not sent before


@dataclass(slots=True)
class _Owed:
    """A request whose answer may still come."""

    search: Search
    until: float


class RtuLine:
    """Sends one request at a time and finds its answer among whatever else the line carries."""

    def __init__(self, network: Network, address: SerialAddress) -> None:
        self.counters = Counters()
        self._network = network
        self._address = address
        self._character = address.character_time
        self._gap = max(_GAP_CHARACTERS * self._character, _LEAST_GAP if address.baud > 19200 else 0.0)
        self._lock = asyncio.Lock()
        self._stream: ByteStream | None = None
        self._free_from = 0.0  # the gap after the last byte that passed is over
        self._owed: _Owed | None = None
        self._last: _Owed | None = None
        self._echo: bool | None = None  # whether the line gives back what we send; None: not known yet
        self._units: dict[int, _Unit] = {}
        self._closed = False

    async def ask(self, unit: int, request: Request, timeout: float) -> bytes:
        """The answer's PDU. Raises LinkDown, NoAnswer or BadAnswer; a cancelled request harms no other.

        ``timeout`` counts from the request's last byte to the answer's first; time on the wire is added.
        """
        state = self._units.setdefault(unit, _Unit())
        self._check_back_off(unit, state, request)
        async with self._lock:
            self._check_back_off(unit, state, request)
            stream = await self._ready()
            try:
                frame = rtu_frame(unit, request.pdu)
                if self._echo is None and answers_itself(request):
                    await self._learn_echo(stream, unit, request, timeout)
                reply = await self._exchange(stream, frame, request, timeout)
            except LinkDown:
                await self._lose(stream)
                raise
            except NoAnswer:
                self._back_off(state)
                raise
            state.silent = 0
            return reply

    def distrust(self) -> None:
        """The last answer did not fit its question: the right one may still come."""
        self._owed = self._last

    async def aclose(self) -> None:
        """Close the port."""
        self._closed = True
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.aclose()

    # -- one transaction ---------------------------------------------------------------------

    async def _ready(self) -> ByteStream:
        """The open port, with nothing on it that is still owed."""
        if self._stream is None:
            self._stream = await self._connect()
            self.counters.connects += 1
            self._echo = None
        if self._owed is not None:
            try:
                await self._settle(self._stream, self._owed)
            except LinkDown:
                await self._lose(self._stream)
                raise
        return self._stream

    async def _connect(self) -> ByteStream:
        if not self._closed:
            stream = await self._network.connect(self._address)
            if not self._closed:
                return stream
            await stream.aclose()
        raise LinkDown("the line is closed")

    async def _lose(self, stream: ByteStream) -> None:
        self._stream = None
        await stream.aclose()

    async def _exchange(self, stream: ByteStream, frame: bytes, request: Request, timeout: float) -> bytes:
        wait = self._free_from - clock.now()
        if wait > 0:
            await clock.sleep(wait)
        if stream.drain():
            self.counters.stale += 1
        deadline = clock.now() + (len(frame) + reply_length(request)) * self._character + timeout
        search = Search(self.counters, frame, request, self._echo)
        self._owed = self._last = _Owed(search, deadline + max(timeout, _LEAST_SETTLE))
        self.counters.sent += 1
        try:
            async with asyncio.timeout_at(deadline) as limit:
                await stream.send(frame)
                search.buffer += await self._receive(stream)
                while (reply := search.reply()) is None:
                    if search.begun():
                        limit.reschedule(min(deadline, clock.now() + _BROKEN_OFF))
                    search.buffer += await self._receive(stream)
        except TimeoutError:
            self._owed = self._still_owed(search, deadline)
            self.counters.timeouts += 1
            problem = search.problem(timeout)
            self._echo = search.echo
            raise problem from None
        finally:
            self._free_from = clock.now() + self._gap
        self._echo = search.echo
        self._owed = None
        return reply

    def _still_owed(self, search: Search, deadline: float) -> _Owed | None:
        if not search.begun():
            return self._owed
        return None if search.whole() else _Owed(search, deadline)

    async def _settle(self, stream: ByteStream, owed: _Owed) -> None:
        """Wait until the answer that is still owed has come, or cannot come any more."""
        try:
            async with asyncio.timeout_at(owed.until):
                while owed.search.reply() is None:
                    owed.search.buffer += await self._receive(stream)
            self.counters.late += 1
        except TimeoutError:
            pass  # it will not come any more
        self._owed = None
        self._free_from = clock.now() + self._gap

    async def _receive(self, stream: ByteStream) -> bytes:
        data = await stream.receive()
        if not data:
            raise LinkDown("the port was closed", where=str(self._address))
        return data

    async def _learn_echo(self, stream: ByteStream, unit: int, request: Request, timeout: float) -> None:
        """Find out by a harmless read whether the line echoes: an echoed FC5 or FC6 looks like its answer."""
        table = Table.HOLDING if request.function == 6 else Table.COILS
        probe = read_request(table, request.address, 1)
        await self._exchange(stream, rtu_frame(unit, probe.pdu), probe, timeout)

    # -- units that do not answer ------------------------------------------------------------

    def _check_back_off(self, unit: int, state: _Unit, request: Request) -> None:
        left = state.until - clock.now()
        if left > 0 and not request.writes and len(self._units) > 1:
            self.counters.backed_off += 1
            raise NoAnswer(
                f"unit {unit} did not answer {state.silent} times; it is asked again in {left:.1f} s",
                hint="Other units of the line go on meanwhile",
            )

    def _back_off(self, state: _Unit) -> None:
        state.silent += 1
        if state.silent > 1:  # one lost answer is no dead unit
            delay = min(_MOST_BACK_OFF, _FIRST_BACK_OFF * 2 ** min(state.silent - 2, 10))
            state.until = clock.now() + delay
