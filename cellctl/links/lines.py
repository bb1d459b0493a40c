"""Text lines out of a byte stream, for telnet and dashboard protocols."""

from __future__ import annotations

import asyncio

from cellctl.errors import BadAnswer, LinkDown, NoAnswer
from cellctl.links.stream import ByteStream


class LineReader:
    """Splits what comes into lines. What was received and not taken yet is kept, also on cancellation."""

    def __init__(self, stream: ByteStream, *, end: bytes = b"\n", name: str = "") -> None:
        """``end`` ends a line; a ``\\r`` before it is dropped too."""
        self._stream = stream
        self._end = end
        self._name = name
        self._buffer = b""

    async def line(self, timeout: float | None = None, limit: int = 4096) -> bytes:
        """The next line without its end. Raises NoAnswer, BadAnswer (over ``limit`` bytes), LinkDown."""
        try:
            async with asyncio.timeout(timeout):
                while (at := self._buffer.find(self._end)) < 0:
                    await self._more(limit)
        except TimeoutError:
            raise NoAnswer(f"no line within {timeout} s", where=self._name) from None
        if at > limit:
            raise BadAnswer(f"a line of {at} bytes; {limit} are the limit", where=self._name)
        line, self._buffer = self._buffer[:at], self._buffer[at + len(self._end) :]
        return line.removesuffix(b"\r")

    async def until(self, mark: bytes, timeout: float | None = None, limit: int = 4096) -> bytes:
        """Everything up to and with ``mark`` (a prompt such as ``User: ``). Raises as ``line`` does."""
        try:
            async with asyncio.timeout(timeout):
                while (at := self._buffer.find(mark)) < 0:
                    await self._more(limit)
        except TimeoutError:
            got = self._buffer[-40:]
            raise NoAnswer(f"{mark!r} did not come within {timeout} s, but {got!r}", where=self._name) from None
        at += len(mark)
        found, self._buffer = self._buffer[:at], self._buffer[at:]
        return found

    def drain(self) -> bytes:
        """Take all that has come, without waiting."""
        rest, self._buffer = self._buffer + self._stream.drain(), b""
        return rest

    async def _more(self, limit: int) -> None:
        if len(self._buffer) > limit:
            raise BadAnswer(f"{len(self._buffer)} bytes without a line end; {limit} are the limit", where=self._name)
        data = await self._stream.receive()
        if not data:
            raise LinkDown("closed by the other end", where=self._name)
        self._buffer += data
