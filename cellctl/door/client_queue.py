"""What waits to be sent to one client: every answer, events as far as there is room.

Nothing more is read from a client that leaves its answers unread, so what waits is bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

from cellctl.door.messages import encode_line

MOST_EVENTS = 1000  # lines that wait for a slow client
MOST_ANSWERS = 64  # that wait, while more is read from the client
LINGER = 1.0  # s for a client to take what waits when the door closes


class ClientQueue:
    """Sends lines to one client in order, dropping events beyond a bound and saying how many."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._lines: deque[tuple[bytes, bool]] = deque()  # and whether it is an answer
        self._answers = 0  # of them, and the one that is being sent
        self._room = asyncio.Event()
        self._wake = asyncio.Event()
        self._lost = 0
        self._closing = False
        writer.transport.set_write_buffer_limits(high=0)  # drain() then means: the kernel has it
        self._task = asyncio.create_task(self._send(), name="door client")
        self._task.add_done_callback(lambda _: self._room.set())

    def answer(self, line: bytes) -> None:
        """Queue an answer, or the error that a line is answered with."""
        if not self._task.done():  # or it has gone
            self._answers += 1
            self._queue(line, answer=True)

    async def room(self) -> None:
        """Wait until the client has taken its answers but for a few. Events do not count: a stop is read at once."""
        while self._answers >= MOST_ANSWERS and not self._task.done():
            self._room.clear()
            await self._room.wait()

    def event(self, line: bytes) -> None:
        """Queue an event, or count it as lost where the client is too slow."""
        if len(self._lines) >= MOST_EVENTS:
            self._lost += 1
            return
        if self._lost:
            self._queue(encode_line({"event": "lost", "count": self._lost}))
            self._lost = 0
        self._queue(line)

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

    def _queue(self, line: bytes, *, answer: bool = False) -> None:
        self._lines.append((line, answer))
        self._wake.set()

    async def _send(self) -> None:
        while True:
            while self._lines:
                line, answer = self._lines.popleft()
                self._writer.write(line)
                await self._writer.drain()
                self._answers -= answer
                self._room.set()
            if self._closing:
                return
            self._wake.clear()
            await self._wake.wait()
