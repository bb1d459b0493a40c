"""TCP streams: nothing waits for a packet to fill, and a dead peer is noticed in seconds."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable

from cellctl.errors import LinkDown, UsageError
from cellctl.links.address import TcpAddress
from cellctl.links.inbox import Inbox
from cellctl.links.serving import Serving
from cellctl.links.stream import Handler, Listener

CONNECT_TIMEOUT = 3.0  # s
_CLOSE_TIMEOUT = 1.0  # s: how long the last bytes may take to go out
_DEAD_AFTER = 5000  # ms: unacknowledged bytes older than that end the connection
_KEEPALIVE = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3}  # s, s, probes
_MOST_WAITING = 1 << 20  # bytes that nobody has received; above that the peer has to wait
_HINTS = {
    errno.ECONNREFUSED: "The host answers and nothing listens at that port: is the service on, is the port right?",
    errno.EHOSTUNREACH: "Is the device on and in this network?",
    errno.ENETUNREACH: "This computer has no way to that network",
}


class TcpStream(asyncio.Protocol):
    """One connection."""

    def __init__(self, name: str, on_connect: Callable[[TcpStream], None] | None = None) -> None:
        self._inbox = Inbox(name)
        self._on_connect = on_connect
        self._transport: asyncio.Transport | None = None
        self._lost = asyncio.Event()
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._reading = True

    # -- the stream --------------------------------------------------------------------------

    async def receive(self) -> bytes:
        """What has come; b"" once the other end has closed. Raises LinkDown."""
        data = await self._inbox.receive()
        self._go_on_reading()
        return data

    async def send(self, data: bytes) -> None:
        """Hand ``data`` to the system, waiting while its buffer is full. Raises LinkDown."""
        self._inbox.check()
        if self._transport is not None:
            self._transport.write(data)
        if not self._may_write.is_set():
            await self._may_write.wait()
            self._inbox.check()

    def drain(self) -> bytes:
        """What has come and was not received."""
        data = self._inbox.drain()
        self._go_on_reading()
        return data

    async def aclose(self) -> None:
        """Send what is left, then close; harmless when closed already."""
        self._inbox.close()
        if self._transport is None:
            return
        self._transport.close()
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await self._lost.wait()
        except TimeoutError:
            self._transport.abort()
            await self._lost.wait()
        except asyncio.CancelledError:
            self._transport.abort()
            raise

    # -- what the loop calls -----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set the socket's options."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        _set_options(transport.get_extra_info("socket"))
        if self._on_connect is not None:
            self._on_connect(self)

    def data_received(self, data: bytes) -> None:
        """Keep what came."""
        self._inbox.put(data)
        if len(self._inbox) > _MOST_WAITING and self._reading and self._transport is not None:
            self._reading = False
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """The peer has closed: so do we."""
        self._inbox.end()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits is told at once."""
        self._inbox.end(_reason(exc) if exc is not None else None)
        self._may_write.set()
        self._lost.set()

    def pause_writing(self) -> None:
        """The system's buffer is full."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """There is room again."""
        self._may_write.set()

    def _go_on_reading(self) -> None:
        if not self._reading and self._transport is not None and not self._transport.is_closing():
            self._reading = True
            self._transport.resume_reading()


def _set_options(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in {**_KEEPALIVE, "TCP_USER_TIMEOUT": _DEAD_AFTER}.items():
        if hasattr(socket, name):  # Linux has them all
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionResetError):
        return "the other end broke the connection"
    number = getattr(error, "errno", None)
    return os.strerror(number).lower() if number else str(error) or type(error).__name__


async def open_tcp(address: TcpAddress, timeout: float = CONNECT_TIMEOUT) -> TcpStream:
    """Connect. Raises LinkDown with the reason and what to look at."""
    if address.port is None:
        raise UsageError(f"{address} names no port")
    where = str(address)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout):
            _, stream = await loop.create_connection(lambda: TcpStream(where), address.host, address.port)
    except TimeoutError:
        hint = "Is the device on, in this network, and not behind a firewall?"
        raise LinkDown(f"no connection within {timeout:g} s", where=where, hint=hint) from None
    except socket.gaierror as error:
        raise LinkDown(f"host name not known: {error.strerror}", where=where, hint="Check the name") from error
    except OSError as error:
        raise LinkDown(_reason(error), where=where, hint=_HINTS.get(error.errno or 0, "")) from error
    return stream


async def listen_tcp(address: TcpAddress, handler: Handler) -> Listener:
    """Serve a port (None or 0: any free one). Raises LinkDown where it cannot be bound."""
    loop = asyncio.get_running_loop()
    serving: list[Serving] = []

    def accept(stream: TcpStream) -> None:
        serving[0].serve(stream, handler)

    try:
        server = await loop.create_server(
            lambda: TcpStream(f"client of {address}", accept), address.host, address.port or 0, start_serving=False
        )
    except OSError as error:
        raise LinkDown(f"cannot be served: {_reason(error)}", where=str(address)) from error
    port = int(server.sockets[0].getsockname()[1])
    serving.append(Serving(TcpAddress(address.host, port, address.unit), on_close=server.close))
    await server.start_serving()
    return serving[0]
