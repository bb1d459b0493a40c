"""Byte lines in memory: the same streams as the system's, also in virtual time.

Serial lines are paced in both directions: bytes arrive when the last of them would have left the
wire at the line's baud rate. TCP is immediate unless ``latency`` is given.
"""

from __future__ import annotations

from dataclasses import replace

from cellctl.errors import LinkDown, UsageError
from cellctl.links.address import Address, SerialAddress, TcpAddress
from cellctl.links.inbox import Inbox
from cellctl.links.pacing import Pacer
from cellctl.links.serving import Serving
from cellctl.links.stream import Handler, Listener

_FIRST_PORT = 49152


class MemoryStream:
    """One end of a pair."""

    def __init__(self, name: str, *, latency: float = 0.0, character_time: float = 0.0) -> None:
        self._inbox = Inbox(name)
        self._serial = character_time > 0
        self._peer: MemoryStream | None = None
        self._way = Pacer(self._arrive, character_time=character_time, latency=latency)

    def join(self, peer: MemoryStream) -> None:
        """Make the two ends of one line."""
        self._peer, peer._peer = peer, self

    def part(self) -> None:
        """Take this end off its line: what it sends goes nowhere."""
        self._peer = None

    def unplug(self) -> None:
        """The port itself is gone: no more comes."""
        self.part()
        self._inbox.end("the port is gone")

    @property
    def closed(self) -> bool:
        """Whether it was closed at this end."""
        return self._inbox.closed

    async def receive(self) -> bytes:
        """What has come; b"" at the end. Raises LinkDown once closed here."""
        return await self._inbox.receive()

    async def send(self, data: bytes) -> None:
        """Put ``data`` on the way. Raises LinkDown once either end is closed."""
        self._inbox.check()
        if data:
            self._way.put(bytes(data))

    def drain(self) -> bytes:
        """What has come and was not received."""
        return self._inbox.drain()

    async def aclose(self) -> None:
        """Close; the other end hears of it after all that was sent. A serial line has no such end."""
        if not self._inbox.closed:
            if not self._serial:
                self._way.put(b"")
            self._inbox.close()

    def _arrive(self, data: bytes) -> None:
        if self._peer is None:
            return
        if data:
            self._peer._inbox.put(data)
        else:
            self._peer._inbox.end()


class MemoryNetwork:
    """TCP hosts and serial ports that exist only in this process."""

    def __init__(self, *, latency: float = 0.0) -> None:
        """``latency``: seconds that TCP bytes take one way."""
        self._latency = latency
        self._hosts: dict[tuple[str, int], tuple[Serving, Handler]] = {}
        self._ports: dict[str, _Port] = {}
        self._next_port = _FIRST_PORT

    async def connect(self, address: Address) -> MemoryStream:
        """Open the line. Raises LinkDown where nobody serves it, or a serial port is in use."""
        if isinstance(address, SerialAddress):
            return self._open_port(address)
        if address.port is None:
            raise UsageError(f"{address} names no port")
        served = self._hosts.get((address.host, address.port))
        if served is None:
            raise LinkDown("connection refused", where=str(address), hint="Is the device on, and is this its port?")
        listener, handler = served
        ours = MemoryStream(str(address), latency=self._latency)
        theirs = MemoryStream(f"client of {address}", latency=self._latency)
        ours.join(theirs)
        listener.serve(theirs, handler)
        return ours

    def _open_port(self, address: SerialAddress) -> MemoryStream:
        port = self._ports.get(address.path)
        if port is None:
            raise LinkDown("no such serial port", where=str(address), hint="Is the adapter plugged in?")
        if port.client is not None and not port.client.closed:
            raise LinkDown("the port is in use", where=str(address), hint="Close the other program")
        stream = MemoryStream(str(address), character_time=address.character_time)
        if port.client is not None:
            port.client.part()
        stream.join(port.device)
        port.client = stream
        return stream

    async def listen(self, address: Address, handler: Handler) -> Listener:
        """Serve ``address`` in memory; port 0 and an empty path get made-up ones. Raises UsageError if taken."""
        if isinstance(address, SerialAddress):
            return self._serve_port(address, handler)
        port = address.port
        if not port:
            port, self._next_port = self._next_port, self._next_port + 1
        bound = TcpAddress(address.host, port, address.unit)
        key = (bound.host, port)
        if key in self._hosts:
            raise UsageError(f"{bound} is served already")
        listener = Serving(bound, on_close=lambda: self._hosts.pop(key, None))
        self._hosts[key] = (listener, handler)
        return listener

    def _serve_port(self, address: SerialAddress, handler: Handler) -> Listener:
        path = address.path or f"memory{len(self._ports)}"
        if path in self._ports:
            raise UsageError(f"serial port {path} is served already")
        bound = replace(address, path=path)
        device = MemoryStream(f"device at {bound}", character_time=bound.character_time)
        self._ports[path] = port = _Port(device)
        listener = Serving(bound, on_close=lambda: self._unplug(path, port))
        listener.serve(device, handler)
        return listener

    def _unplug(self, path: str, port: _Port) -> None:
        self._ports.pop(path, None)
        if port.client is not None:
            port.client.unplug()


class _Port:
    """A serial port in memory: the device's end stays, clients come and go."""

    def __init__(self, device: MemoryStream) -> None:
        self.device = device
        self.client: MemoryStream | None = None
