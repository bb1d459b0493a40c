"""A network whose wire fails on purpose: refused, silent, garbage, cut. It remembers what was sent."""

from __future__ import annotations

import asyncio
import random
from typing import Literal

from cellctl.errors import LinkDown
from cellctl.links import Address, ByteStream, Handler, Listener, Network

Fault = Literal["none", "refused", "silent", "garbage"]


class FaultyNetwork:
    """Wraps a network on the client's side. Every stream made through it obeys ``fault`` at once.

    refused   opening fails, and what is open is cut
    silent    what is sent is lost, and nothing comes
    garbage   what comes is replaced by as many random bytes (seeded)
    """

    def __init__(self, inner: Network, *, seed: int = 1) -> None:
        self._inner = inner
        self._fault: Fault = "none"
        self._cut_next = False
        self.random = random.Random(seed)
        self.streams: list[FaultyStream] = []
        self.attempts = 0
        self.sent: list[tuple[Address, bytes]] = []

    @property
    def fault(self) -> Fault:
        """How the wire fails now."""
        return self._fault

    @fault.setter
    def fault(self, fault: Fault) -> None:
        self._fault = fault
        if fault == "refused":
            self.cut()

    @property
    def open_streams(self) -> list[FaultyStream]:
        """Streams that the client has opened and not closed."""
        return [stream for stream in self.streams if not stream.closed]

    def cut(self) -> None:
        """Reset every open stream, as a device does that loses power."""
        for stream in self.open_streams:
            stream.cut()

    def cut_in_mid_request(self) -> None:
        """Reset the stream that sends next, before the device's answer comes."""
        self._cut_next = True

    async def connect(self, address: Address) -> FaultyStream:
        """Open a line, unless it is refused now."""
        self.attempts += 1
        if self._fault == "refused":
            raise LinkDown("connection refused", where=str(address), hint="This is a test")
        stream = FaultyStream(self, address, await self._inner.connect(address))
        self.streams.append(stream)
        return stream

    async def listen(self, address: Address, handler: Handler) -> Listener:
        """Serve on the wrapped network."""
        return await self._inner.listen(address, handler)

    def note(self, stream: FaultyStream, data: bytes) -> None:
        """Remember what a stream sends, and cut it if that was asked for."""
        self.sent.append((stream.address, bytes(data)))
        if self._cut_next:
            self._cut_next = False
            stream.cut()


class FaultyStream:
    """A line made through ``FaultyNetwork``."""

    def __init__(self, network: FaultyNetwork, address: Address, inner: ByteStream) -> None:
        self.address = address
        self.closed = False
        self._network = network
        self._inner = inner
        self._broken = asyncio.Event()
        self._came = b""

    def cut(self) -> None:
        """Reset it: both directions fail at once."""
        self._broken.set()

    async def receive(self) -> bytes:
        """What has come, as the fault lets it through."""
        while True:
            data, self._came = self._came, b""
            data = data or await self._wait()
            if not data or self._network.fault == "none":
                return data
            if self._network.fault == "garbage":
                return self._network.random.randbytes(len(data))

    async def _wait(self) -> bytes:
        came = asyncio.ensure_future(self._inner.receive())
        broken = asyncio.ensure_future(self._broken.wait())
        try:
            await asyncio.wait({came, broken}, return_when=asyncio.FIRST_COMPLETED)
            self._check()
            return came.result()
        except asyncio.CancelledError:
            if came.done() and not came.cancelled() and came.exception() is None:
                self._came = came.result()  # the reader was cancelled at the moment it came: for the next one
            raise
        finally:
            for task in (came, broken):
                task.cancel()
            await asyncio.gather(came, broken, return_exceptions=True)

    async def send(self, data: bytes) -> None:
        """Send, as the fault lets it through."""
        self._check()
        self._network.note(self, data)
        if self._network.fault != "silent" and not self._broken.is_set():
            await self._inner.send(data)

    def drain(self) -> bytes:
        """What has come and was not received."""
        data, self._came = self._came + self._inner.drain(), b""
        return data if self._network.fault == "none" else b""

    async def aclose(self) -> None:
        """Close it."""
        self.closed = True
        self._broken.set()
        await self._inner.aclose()

    def _check(self) -> None:
        if self._broken.is_set():
            raise LinkDown("connection reset", where=str(self.address))
