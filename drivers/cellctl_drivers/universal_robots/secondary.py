"""Client of the secondary interface (30002): uploads the program, and reads all that comes back.

The controller sends its state there ten times a second and drops a client that does not read it. Of
what comes, only what tells why a program does not run is kept.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator

from cellctl.errors import BadAnswer, LinkDown
from cellctl.links import ByteStream, Links, TcpAddress

_ROBOT_MESSAGE = 20
_ERROR_CODE, _RUNTIME_EXCEPTION = 6, 10
_HEADER = 15  # length, type, timestamp, source, message type
_LONGEST = 1 << 20


class Secondary:
    """The connection over which the running program was sent. ``run`` reads it."""

    def __init__(self, links: Links, address: TcpAddress) -> None:
        self._links = links
        self._address = address
        self._stream: ByteStream | None = None
        self._opened = asyncio.Event()
        self.complaint = ""  # what the controller said against the program

    async def upload(self, source: str) -> None:
        """Send a program, on a connection of its own (its rights are those of the mode it was opened in).
        Raises LinkDown. Whether the program runs is seen in its registers."""
        await self.aclose()
        self.complaint = ""
        stream = await self._links.connect(self._address)
        self._stream = stream
        self._opened.set()
        await stream.send(source.encode("ascii") + b"\n")

    async def run(self) -> None:
        """Read what comes on whichever connection there is, until cancelled."""
        try:
            while True:
                await self._opened.wait()
                if (stream := self._stream) is not None:
                    await self._read(stream)
                if self._stream is stream:
                    await self.aclose()
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Close the connection; the program goes on."""
        stream, self._stream = self._stream, None
        self._opened.clear()
        if stream is not None:
            await stream.aclose()

    async def _read(self, stream: ByteStream) -> None:
        buffer = bytearray()
        try:
            while data := await stream.receive():
                buffer += data
                for message in packages(buffer):
                    self._hear(message)
        except (LinkDown, BadAnswer):
            return  # the program does not depend on it: what it does is seen in its registers

    def _hear(self, message: bytes) -> None:
        if message[4] != _ROBOT_MESSAGE or len(message) < _HEADER + 8:
            return
        if message[14] == _RUNTIME_EXCEPTION:
            line, column = struct.unpack_from(">ii", message, _HEADER)
            words = message[_HEADER + 8 :].decode("utf-8", "replace")
            self.complaint = f"{words} (line {line}, column {column})"
        elif message[14] == _ERROR_CODE and len(message) >= _HEADER + 20:
            code, argument = struct.unpack_from(">ii", message, _HEADER)
            words = message[_HEADER + 20 :].decode("utf-8", "replace")
            self.complaint = f"C{code}A{argument} {words}".strip()


def packages(buffer: bytearray) -> Iterator[bytes]:
    """Take whole packages out of ``buffer``. Raises BadAnswer for a length that cannot be."""
    while len(buffer) >= 5:
        length = int.from_bytes(buffer[:4], "big")
        if not 5 <= length <= _LONGEST:
            raise BadAnswer(f"a package of {length} bytes on the secondary interface")
        if len(buffer) < length:
            return
        package = bytes(buffer[:length])
        del buffer[:length]
        yield package
