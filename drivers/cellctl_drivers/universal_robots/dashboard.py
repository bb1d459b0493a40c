"""Client of the dashboard server (29999): power, brakes, safety, Remote Control."""

from __future__ import annotations

import asyncio

from cellctl.errors import BadAnswer, NotReady
from cellctl.links import ByteStream, LineReader, Links, TcpAddress

NOT_REMOTE_HINT = "Switch the arm to Remote Control on the teach pendant"
_REFUSED_LOCAL = ("command is not allowed due to safety reasons", "not in remote control")
_TIMEOUT = 2.0


class Dashboard:
    """One connection, opened when something is asked. Questions are asked one after the other."""

    def __init__(self, links: Links, address: TcpAddress) -> None:
        self._links = links
        self._address = address
        self._stream: ByteStream | None = None
        self._reader: LineReader | None = None
        self._lock = asyncio.Lock()

    async def ask(self, command: str) -> str:
        """The reply to a command. Raises LinkError; NotReady where Local mode forbids it (then it reconnects:
        rights are given to a connection when it is opened)."""
        async with self._lock:
            try:
                reader = self._reader or await self._connect()
                assert self._stream is not None, "it was just connected"
                await self._stream.send(f"{command}\n".encode("ascii"))
                reply = (await reader.line(_TIMEOUT)).decode("utf-8", "replace").strip()
            except BaseException:  # also on cancellation: a late reply must not answer the next question
                await self.aclose()
                raise
            if reply.lower().startswith(_REFUSED_LOCAL):
                await self.aclose()
                raise NotReady(f"it is in Local mode and refuses {command!r}", hint=NOT_REMOTE_HINT)
            return reply

    async def value(self, command: str, prefix: str) -> str:
        """What follows ``prefix`` in the reply. Raises BadAnswer where it does not begin with it."""
        reply = await self.ask(command)
        if not reply.startswith(prefix):
            raise BadAnswer(f"{reply!r} to {command!r}", where=str(self._address), hint=f"Expected {prefix!r}")
        return reply.removeprefix(prefix).strip()

    async def remote(self) -> bool:
        """Whether the arm is in Remote Control."""
        return (await self.ask("is in remote control")).lower() == "true"

    async def renew(self) -> None:
        """Connect anew for the next question: a connection keeps the rights of the mode it was opened in."""
        async with self._lock:
            await self.aclose()

    async def aclose(self) -> None:
        """Close; the next question connects again."""
        stream, self._stream, self._reader = self._stream, None, None
        if stream is not None:
            await stream.aclose()

    async def _connect(self) -> LineReader:
        self._stream = await self._links.connect(self._address)
        self._reader = LineReader(self._stream, name=str(self._address))
        banner = (await self._reader.line(_TIMEOUT)).decode("utf-8", "replace")
        if not banner.startswith("Connected:"):
            raise BadAnswer(f"{banner!r} is no greeting of a dashboard server", where=str(self._address))
        return self._reader
