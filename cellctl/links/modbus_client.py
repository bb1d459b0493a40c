"""The Modbus client that drivers use."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from cellctl import clock
from cellctl.errors import BadAnswer, LinkError, Refused, UsageError
from cellctl.links.modbus_pdu import (
    Request,
    answer_values,
    coil_request,
    identify_request,
    identity_objects,
    read_request,
    read_write_request,
    write_request,
)
from cellctl.links.modbus_search import DamagedAnswer
from cellctl.links.modbus_spans import Span, join, pick
from cellctl.links.modbus_types import BUSY, GATEWAY_TARGET, STILL_WORKING, Counters, Table

T = TypeVar("T")
_MOST_OBJECTS = 256
_OBJECTS = {0: "vendor", 1: "product", 2: "revision", 3: "url", 4: "name", 5: "model", 6: "application"}
_LATER = (STILL_WORKING, BUSY, GATEWAY_TARGET)
_FIRST_PAUSE = 0.05  # s, doubled each time


class Line(Protocol):
    """What carries transactions: a TCP connection or a serial bus."""

    counters: Counters

    async def ask(self, unit: int, request: Request, timeout: float) -> bytes:
        """The answer's PDU."""
        ...

    def distrust(self) -> None:
        """The last answer did not fit its question."""
        ...


class ModbusClient:
    """One unit on a line that other clients may share. Made by ``Links.modbus``; connects on first use.

    Every request raises LinkDown (cannot connect, or the connection died: at once), NoAnswer (the
    deadline passed; what a write did is not known), BadAnswer (the answer does not fit the
    request) or Refused (a Modbus exception, its number in ``code``). A write is never repeated. A read
    is, once where its answer came damaged, and until the deadline where the device says that it is busy.
    """

    def __init__(
        self, line: Line, name: str, unit: int, timeout: float, release: Callable[[], Awaitable[None]]
    ) -> None:
        self.name = name
        self.unit = unit
        self.timeout = timeout
        self._line = line
        self._release = release
        self._closed = False

    @property
    def counters(self) -> Counters:
        """What the line has seen (all of its clients together)."""
        return self._line.counters

    async def read(self, table: Table, address: int, count: int) -> list[int]:
        """``count`` cells from ``address`` on (as on the wire, from 0): registers 0 … 65535, or bits 0 and 1."""
        request = read_request(table, address, count)
        try:
            return await self._ask(request, answer_values)
        except DamagedAnswer:
            self.counters.retried += 1
            return await self._ask(request, answer_values)
        except Refused as refused:
            if refused.code not in _LATER:
                raise
            return await self._read_later(request, refused)

    async def read_holding(self, address: int, count: int = 1) -> list[int]:
        """FC3."""
        return await self.read(Table.HOLDING, address, count)

    async def read_input(self, address: int, count: int = 1) -> list[int]:
        """FC4."""
        return await self.read(Table.INPUT, address, count)

    async def read_coils(self, address: int, count: int = 1) -> list[int]:
        """FC1."""
        return await self.read(Table.COILS, address, count)

    async def read_discrete(self, address: int, count: int = 1) -> list[int]:
        """FC2."""
        return await self.read(Table.DISCRETE, address, count)

    async def read_spans(self, table: Table, spans: Sequence[Span], *, gap: int = 0) -> list[list[int]]:
        """Several (address, count) at once, in the order asked for: neighbours are joined into one read.

        ``gap``: how many cells between two spans may be read with them; the device must have them.
        """
        joined = join(spans, 2000 if table.bits else 125, gap)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self.read(table, *span)) for span in joined]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        reads = [(span, task.result()) for span, task in zip(joined, tasks, strict=True)]
        return [pick(span, reads) for span in spans]

    async def write(self, address: int, *values: int) -> None:
        """Write holding registers from ``address`` on: FC6 for one value, FC16 for more."""
        await self._ask(write_request(address, values), answer_values)

    async def write_coil(self, address: int, *on: bool) -> None:
        """Switch coils from ``address`` on: FC5 for one, FC15 for more."""
        await self._ask(coil_request(address, on), answer_values)

    async def read_write(self, read_address: int, count: int, write_address: int, *values: int) -> list[int]:
        """FC23: write ``values``, then read ``count`` holding registers, in one transaction."""
        return await self._ask(read_write_request(read_address, count, write_address, values), answer_values)

    async def identify(self) -> dict[str, str]:
        """FC43/14: vendor, product, revision … as the device tells them; {} where it has no such function."""
        objects: dict[int, str] = {}
        first = 0
        try:
            for _ in range(_MOST_OBJECTS):
                more, first = await self._ask(identify_request(2, first), identity_objects)
                objects.update(more)
                if not first:
                    break
        except Refused:
            return {}
        return {_OBJECTS.get(number, f"object {number}"): text for number, text in objects.items()}

    async def aclose(self) -> None:
        """Let go of the line; it closes with its last client."""
        if not self._closed:
            self._closed = True
            await self._release()

    async def _ask(self, request: Request, understand: Callable[[Request, bytes], T]) -> T:
        line = self._line
        try:
            if self._closed:
                raise UsageError("the client is closed")
            pdu = await line.ask(self.unit, request, self.timeout)
            try:
                answer = understand(request, pdu)
            except BadAnswer:
                line.counters.bad += 1
                line.distrust()  # at once, before any other request goes out
                raise
        except Refused as error:
            line.counters.answered += 1
            line.counters.refused += 1
            error.where = self.name
            raise
        except LinkError as error:
            error.where = self.name
            raise
        line.counters.answered += 1
        return answer

    async def _read_later(self, request: Request, refused: Refused) -> list[int]:
        """Ask a busy device again, with growing pauses, until the deadline."""
        deadline, pause = clock.now() + self.timeout, _FIRST_PAUSE
        while clock.now() + pause < deadline:
            await clock.sleep(pause)
            pause *= 2
            self.counters.retried += 1
            try:
                return await self._ask(request, answer_values)
            except Refused as again:
                if again.code not in _LATER:
                    raise
                refused = again
        raise refused
