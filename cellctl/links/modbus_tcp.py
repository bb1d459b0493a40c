"""One Modbus TCP connection, shared by all clients of an address: strict transactions by number."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from cellctl.errors import BadAnswer, LinkDown, LinkError, NoAnswer
from cellctl.links.address import TcpAddress
from cellctl.links.modbus_pdu import Request, mbap
from cellctl.links.modbus_types import Counters
from cellctl.links.stream import ByteStream, Network

_HEADER = 7
_MOST = 260
_REMEMBERED = 256  # abandoned transactions whose late answers are told apart from strangers'
_SILENT = 3  # requests in a row without an answer: the connection is taken for dead


@dataclass(slots=True)
class _Pending:
    unit: int
    request: Request
    future: asyncio.Future[bytes]


class TcpLine:
    """Sends requests, several in flight if allowed, and matches answers by transaction number."""

    def __init__(self, network: Network, address: TcpAddress, in_flight: int) -> None:
        self.counters = Counters()
        self._network = network
        self._address = address
        self._slots = asyncio.Semaphore(in_flight)
        self._opening = asyncio.Lock()
        self._stream: ByteStream | None = None
        self._readers: set[asyncio.Task[None]] = set()  # the last one, and those that still close
        self._pending: OrderedDict[int, _Pending] = OrderedDict()
        self._abandoned: OrderedDict[int, None] = OrderedDict()
        self._last = 0
        self._unanswered = 0
        self._closed = False

    async def ask(self, unit: int, request: Request, timeout: float) -> bytes:
        """The answer's PDU. Raises LinkDown, NoAnswer or BadAnswer; a cancelled request harms no other."""
        async with self._slots:
            stream = self._stream
            if stream is None:
                stream = await self._open()
            loop = asyncio.get_running_loop()
            number = self._next_number()
            pending = _Pending(unit, request, loop.create_future())
            self._pending[number] = pending
            timer = loop.call_later(timeout, self._expire, pending, timeout)
            self.counters.sent += 1
            try:
                await self._send(stream, mbap(number, unit, request.pdu), again=not request.writes)
                return await pending.future
            finally:
                timer.cancel()
                if self._pending.pop(number, None) is not None:
                    self._forget(number)
                if pending.future.done() and not pending.future.cancelled():
                    pending.future.exception()  # seen, also where the caller was cancelled at the same instant

    def distrust(self) -> None:
        """Numbers keep answers apart: one that does not fit spoils no other."""

    async def aclose(self) -> None:
        """Close the connection; what is pending fails with LinkDown."""
        self._closed = True
        self._stream = None
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    # -- inside ------------------------------------------------------------------------------

    async def _open(self) -> ByteStream:
        async with self._opening:
            if self._stream is None:
                stream = await self._connect()
                self.counters.connects += 1
                self._unanswered = 0
                self._abandoned.clear()
                self._stream = stream
                reader = asyncio.get_running_loop().create_task(self._read(stream), name=f"read {self._address}")
                self._readers.add(reader)
                reader.add_done_callback(self._readers.discard)
            return self._stream

    async def _connect(self) -> ByteStream:
        if not self._closed:
            stream = await self._network.connect(self._address)
            if not self._closed:
                return stream
            await stream.aclose()
        raise LinkDown("the line is closed")

    async def _send(self, stream: ByteStream, frame: bytes, *, again: bool) -> None:
        try:
            await stream.send(frame)
        except LinkDown:
            if not again:
                raise
            if self._stream is stream:  # an idle connection that the device closed, not noticed yet
                self._stream = None
            await (await self._open()).send(frame)

    def _next_number(self) -> int:
        """1 … 65535: 0 is never asked with, so that an answer with 0 is known to be wrong."""
        self._last = self._last % 0xFFFF + 1
        return self._last

    def _expire(self, pending: _Pending, timeout: float) -> None:
        if pending.future.done():
            return
        self.counters.timeouts += 1
        self._unanswered += 1
        pending.future.set_exception(
            NoAnswer(f"no answer to {pending.request} within {timeout * 1000:.0f} ms", where=f"unit {pending.unit}")
        )
        if self._unanswered >= _SILENT and self._stream is not None:
            self._stream = None  # half open: the next request connects anew
            self._fail(
                LinkDown(f"{self._unanswered} requests in a row were not answered, and the connection is given up")
            )
            for reader in self._readers:
                reader.cancel()

    def _forget(self, number: int) -> None:
        self._abandoned[number] = None
        if len(self._abandoned) > _REMEMBERED:
            self._abandoned.popitem(last=False)

    async def _read(self, stream: ByteStream) -> None:
        buffer = b""
        problem: LinkError = LinkDown("the connection was closed")
        try:
            while data := await stream.receive():
                buffer = self._take(buffer + data)
            problem = LinkDown("the device closed the connection", hint="It is opened anew with the next request")
        except LinkError as error:
            problem = error
        finally:
            if self._stream is stream or self._stream is None:
                self._stream = None
                self._fail(problem)
            await stream.aclose()

    def _fail(self, problem: LinkError) -> None:
        pending = list(self._pending.values())
        self._pending.clear()
        for each in pending:
            if not each.future.done():
                each.future.set_exception(type(problem)(problem.message, hint=problem.hint))

    def _take(self, buffer: bytes) -> bytes:
        """Deal with every whole frame; returns the rest. Raises BadAnswer where the protocol is broken."""
        while len(buffer) >= _HEADER:
            length = int.from_bytes(buffer[4:6], "big") + 6
            if buffer[2:4] != b"\0\0" or not _HEADER < length <= _MOST:
                self.counters.bad += 1
                raise BadAnswer(
                    f"a frame that is no Modbus TCP: {buffer[:12].hex(' ')}",
                    hint="See what answers at this address: its port, a gateway's settings, another program",
                )
            if len(buffer) < length:
                break
            self._dispatch(buffer[0] << 8 | buffer[1], buffer[6], buffer[_HEADER:length])
            buffer = buffer[length:]
        return buffer

    def _dispatch(self, number: int, unit: int, pdu: bytes) -> None:
        pending = self._pending.get(number)
        if pending is None:
            self._stranger(number)
            return
        del self._pending[number]
        self._unanswered = 0
        if pending.future.done():
            self.counters.late += 1
        elif unit != pending.unit:
            self.counters.bad += 1
            pending.future.set_exception(BadAnswer(f"unit {unit} answered; unit {pending.unit} was asked"))
        else:
            pending.future.set_result(pdu)

    def _stranger(self, number: int) -> None:
        """An answer to nothing that is asked now: late, or with a number of its own."""
        if number in self._abandoned:
            del self._abandoned[number]
            self.counters.late += 1
            self._unanswered = 0
            return
        self.counters.stale += 1
        if number == 0 and self._pending:
            _, pending = self._pending.popitem(last=False)
            self.counters.bad += 1
            if not pending.future.done():
                problem = BadAnswer("an answer with transaction number 0: whose it is cannot be known")
                pending.future.set_exception(problem)
