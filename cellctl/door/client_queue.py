"""What waits to be sent to one client: answers always, events as far as there is room."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

from cellctl.door.messages import encode_line

MOST_EVENTS = 1000  # lines that wait for a slow client
LINGER = 1.0  # s for a client to take what waits when the door closes


class ClientQueue:
    """Sends lines to one client in order, dropping events beyond a bound and saying how many."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._lines: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._lost = 0
        self._closing = False
        writer.transport.set_write_buffer_limits(high=0)  # drain() then means: the kernel has it
        self._task = asyncio.create_task(self._send(), name="door client")

    def answer(self, line: bytes) -> None:
        """Queue an answer; the number of requests in flight bounds these."""
        self._lines.append(line)
        self._wake.set()

    def event(self, line: bytes) -> None:
        """Queue an event, or count it as lost where the client is too slow."""
        if len(self._lines) >= MOST_EVENTS:
            self._lost += 1
            return
        if self._lost:
            self._lines.append(encode_line({"event": "lost", "count": self._lost}))
            self._lost = 0
        self.answer(line)

    async def aclose(self) -> None:
        """Send what waits, for a moment at most, and close the connection."""
        self._closing = True
        self._wake.set()
        try:
            async with asyncio.timeout(LINGER):
                await self._task
        except (TimeoutError, ConnectionError):
            pass  # it does not read, or has gone: there is nobody to tell
        self._writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _send(self) -> None:
        while True:
            while self._lines:
                self._writer.write(self._lines.popleft())
                await self._writer.drain()
            if self._closing:
                return
            self._wake.clear()
            await self._wake.wait()
