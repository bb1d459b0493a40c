"""The system's own sockets and serial ports."""

from __future__ import annotations

from cellctl.links.address import Address, SerialAddress
from cellctl.links.stream import ByteStream, Handler, Listener


class SystemNetwork:
    """Real sockets, serial ports and ptys."""

    async def connect(self, address: Address) -> ByteStream:
        """Open the line. Raises LinkDown, naming the address and the reason."""
        if isinstance(address, SerialAddress):
            from cellctl.links.serial_port import open_port

            return open_port(address)
        from cellctl.links.tcp import open_tcp

        return await open_tcp(address)

    async def listen(self, address: Address, handler: Handler) -> Listener:
        """Serve a TCP port (0: any free one) or, for a serial address, a new pty."""
        if isinstance(address, SerialAddress):
            from cellctl.links.pty_port import listen_pty

            return listen_pty(address, handler)
        from cellctl.links.tcp import listen_tcp

        return await listen_tcp(address, handler)
