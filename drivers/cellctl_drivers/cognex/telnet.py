"""Telnet (RFC 854): lines of text, with option bytes taken out and every option refused."""

from __future__ import annotations

import asyncio

from cellctl.errors import BadAnswer, LinkDown
from cellctl.links import ByteStream

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240


class OptionFilter:
    """Splits what comes on a telnet line into text and options, however it is cut into pieces."""

    def __init__(self) -> None:
        self._state = "text"
        self._verb = 0

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """The text in ``data``, and the bytes to send back (a refusal of each option asked or offered)."""
        if self._state == "text" and IAC not in data:
            return data, b""
        text, reply = bytearray(), bytearray()
        for byte in data:
            self._step(byte, text, reply)
        return bytes(text), bytes(reply)

    def _step(self, byte: int, text: bytearray, reply: bytearray) -> None:
        match self._state:
            case "text" if byte == IAC:
                self._state = "command"
            case "text":
                text.append(byte)
            case "command":
                self._command(byte, text)
            case "option":
                reply += bytes([IAC, WONT if self._verb == DO else DONT, byte]) if self._verb in (DO, WILL) else b""
                self._state = "text"
            case "inside" if byte == IAC:
                self._state = "inside-command"
            case "inside-command":
                self._state = "text" if byte == SE else "inside"
            case _:  # the body of a subnegotiation: dropped
                pass

    def _command(self, byte: int, text: bytearray) -> None:
        if byte in (DO, DONT, WILL, WONT):
            self._verb, self._state = byte, "option"
            return
        if byte == IAC:  # doubled: a data byte 255
            text.append(byte)
        self._state = "inside" if byte == SB else "text"


class TelnetLine:
    """Text over a telnet line, for either end: lines, and prompts that no line end follows.

    ``limit``: bytes that may come without a line end.
    """

    def __init__(self, stream: ByteStream, *, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._filter = OptionFilter()
        self._buffer = bytearray()
        self._writing = asyncio.Lock()

    async def send(self, text: str) -> None:
        """Send ``text`` as it is. Raises LinkDown."""
        data = text.encode("latin-1", "replace").replace(b"\xff", b"\xff\xff")
        async with self._writing:
            await self._stream.send(data)

    async def line(self) -> str:
        """The next line without its end (CR LF, LF, or NUL). Raises LinkDown, BadAnswer if it is too long."""
        while (end := self._line_end()) < 0:
            await self._more()
        line = self._buffer[:end].rstrip(b"\r")
        del self._buffer[: end + 1]
        return line.decode("latin-1")

    async def until(self, prompt: str) -> str:
        """What comes before ``prompt``, which is taken off the line too. Raises as ``line``."""
        wanted = prompt.strip().encode()
        while (at := self._buffer.find(wanted)) < 0:
            await self._more()
        before = self._buffer[:at].decode("latin-1")
        del self._buffer[: at + len(wanted)]
        return before

    def forget(self) -> None:
        """Drop what has come so far without a line end."""
        self._buffer.clear()

    def _line_end(self) -> int:
        ends = [at for mark in (b"\n", b"\0") if (at := self._buffer.find(mark)) >= 0]
        return min(ends, default=-1)

    async def _more(self) -> None:
        if len(self._buffer) > self._limit:
            raise BadAnswer(f"over {self._limit} bytes came without a line end")
        data = await self._stream.receive()
        if not data:
            raise LinkDown("the other end closed the line")
        text, reply = self._filter.feed(data)
        if reply:
            async with self._writing:
                await self._stream.send(reply)
        self._buffer += text

    async def aclose(self) -> None:
        """Close the line."""
        await self._stream.aclose()
