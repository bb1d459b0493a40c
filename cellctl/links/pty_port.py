"""A serial port for emulated devices: a pty, its bytes paced as on the wire."""

from __future__ import annotations

import os
import tty
from dataclasses import replace

from cellctl.errors import LinkDown
from cellctl.links.address import SerialAddress
from cellctl.links.pacing import Pacer
from cellctl.links.serial_port import DescriptorStream
from cellctl.links.serving import Serving
from cellctl.links.stream import Handler, Listener


class PtyStream(DescriptorStream):
    """The device's end. Both directions take the time that the baud rate asks for."""

    def __init__(self, master: int, slave: int, name: str, character_time: float) -> None:
        super().__init__(master, name)
        self._slave = slave  # kept open: without any client, reading the other end would be an error
        self._out = Pacer(self._leave, character_time=character_time)
        self._in = Pacer(self._inbox.put, character_time=character_time)

    async def send(self, data: bytes) -> None:
        """Put ``data`` on the wire; it leaves at the baud rate."""
        self._inbox.check()
        if data:
            self._out.put(data)

    def arrived(self, data: bytes) -> None:
        """What the client wrote is heard once it has gone over the wire."""
        self._in.put(data)

    async def aclose(self) -> None:
        """Unplug."""
        if not self._inbox.closed:
            self._out.clear()
            self._in.clear()
            await super().aclose()
            os.close(self._slave)

    def _leave(self, data: bytes) -> None:
        try:
            self.write_some(data)  # with nobody reading, what does not fit is lost, as on a wire
        except LinkDown:
            self._out.clear()  # told to the reader already


def listen_pty(address: SerialAddress, handler: Handler) -> Listener:
    """Make a pty and serve it. Its path, and 8N1 (a pty takes no parity), are in the listener's address.

    Raises LinkDown where the system gives none.
    """
    try:
        master, slave = os.openpty()
    except OSError as error:
        raise LinkDown(f"no pty: {error.strerror}", where=str(address)) from error
    tty.setraw(slave)
    os.set_blocking(master, False)
    bound = replace(address, path=os.ttyname(slave), format="8N1")
    serving = Serving(bound, on_close=lambda: None)
    serving.serve(PtyStream(master, slave, f"device at {bound}", address.character_time), handler)
    return serving
