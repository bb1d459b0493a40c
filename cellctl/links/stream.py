"""What every byte line looks like, whatever carries it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from cellctl.links.address import Address


class ByteStream(Protocol):
    """A connected, ordered stream of bytes. One reader and one writer at a time."""

    async def receive(self) -> bytes:
        """What has come, at least one byte; ``b""`` once the other end has closed. Raises LinkDown."""
        ...

    async def send(self, data: bytes) -> None:
        """Hand all of ``data`` to the line. Raises LinkDown."""
        ...

    def drain(self) -> bytes:
        """Take, without waiting, everything that has come and was not received."""
        ...

    async def aclose(self) -> None:
        """Close; harmless when closed already."""
        ...


Handler = Callable[[ByteStream], Awaitable[None]]


class Listener(Protocol):
    """An end that serves connections until it is closed."""

    @property
    def address(self) -> Address:
        """Where clients reach it (the port that was really bound)."""
        ...

    async def aclose(self) -> None:
        """Stop serving and close every connection."""
        ...


class Network(Protocol):
    """Makes streams and listeners: the system's sockets and ports, or pairs in memory.

    Fault injection and capture wrap this.
    """

    async def connect(self, address: Address) -> ByteStream:
        """Open the line to ``address``. Raises LinkDown, naming the address and the reason."""
        ...

    async def listen(self, address: Address, handler: Handler) -> Listener:
        """Serve ``address``: ``handler`` runs once for each connection (once in all on a serial line).

        TCP port 0 means any free one. A serial address makes a pty (or a pair in memory) whose
        path ``Listener.address`` tells; bytes out of it are paced at the address's baud rate.
        """
        ...
