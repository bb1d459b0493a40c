"""Serial ports: set up by pyserial, then their file descriptor is in the loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import select
import termios

import serial

from cellctl import clock
from cellctl.errors import LinkDown
from cellctl.links.address import SerialAddress
from cellctl.links.inbox import Inbox

_CHUNK = 4096
_CLOSE_TIMEOUT = 1.0  # s
_CLOSE_STEP = 0.005  # s
_HINTS = {
    errno.ENOENT: "Is the adapter plugged in? Ports are listed by: python -m serial.tools.list_ports",
    errno.EACCES: "This user may not open it: add it to the port's group (dialout on Debian)",
    errno.EBUSY: "Another program has it open",
    errno.EAGAIN: "Another program has it open",
    errno.EINVAL: "The port does not take these settings (a pty takes no parity)",
}


class DescriptorStream:
    """A byte stream on a descriptor that does not block: a serial port, or the far end of a pty."""

    def __init__(self, descriptor: int, name: str) -> None:
        self._descriptor = descriptor
        self._inbox = Inbox(name)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(descriptor, self._readable)

    async def receive(self) -> bytes:
        """What has come. Raises LinkDown once the port is gone."""
        return await self._inbox.receive()

    async def send(self, data: bytes) -> None:
        """Hand ``data`` to the system, waiting while its buffer is full. Raises LinkDown."""
        while True:
            self._inbox.check()
            data = data[self.write_some(data) :]
            if not data:
                return
            await self._room()

    def drain(self) -> bytes:
        """What has come, also what is still with the system."""
        if not self._inbox.closed:
            self._readable()
        return self._inbox.drain()

    async def aclose(self) -> None:
        """Close; harmless when closed already."""
        if not self._inbox.closed:
            self._inbox.close()
            self._loop.remove_reader(self._descriptor)
            self._loop.remove_writer(self._descriptor)
            os.close(self._descriptor)

    def write_some(self, data: bytes) -> int:
        """Write what the system takes now; returns how many bytes. Raises LinkDown."""
        try:
            return os.write(self._descriptor, data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            self._gone(error)
            raise LinkDown(self._inbox.problem or "gone", where=self._inbox.name) from error

    def arrived(self, data: bytes) -> None:
        """Bytes were read from the descriptor."""
        self._inbox.put(data)

    async def _room(self) -> None:
        room = self._loop.create_future()
        self._loop.add_writer(self._descriptor, lambda: None if room.done() else room.set_result(None))
        try:
            await room
        finally:
            if not self._inbox.closed:
                self._loop.remove_writer(self._descriptor)

    def _readable(self) -> None:
        try:
            data = os.read(self._descriptor, _CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._gone(error)
            return
        if data:
            self.arrived(data)
        elif self._hung_up():  # else only nothing there: a tty reads as empty then, too
            self._gone(OSError(errno.ENODEV, os.strerror(errno.ENODEV)))

    def _hung_up(self) -> bool:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))

    def _gone(self, error: OSError) -> None:
        self._loop.remove_reader(self._descriptor)
        self._loop.remove_writer(self._descriptor)
        self._inbox.end(f"the port is gone: {(error.strerror or str(error)).lower()}")


class SerialStream(DescriptorStream):
    """An open serial port."""

    def __init__(self, port: serial.Serial, name: str) -> None:
        super().__init__(os.dup(port.fileno()), name)
        self._port = port

    async def aclose(self) -> None:
        """Let the last bytes go out, then close."""
        if self._inbox.closed:
            return
        try:
            deadline = self._loop.time() + _CLOSE_TIMEOUT
            while self._inbox.problem is None and self._port.out_waiting and self._loop.time() < deadline:
                await clock.sleep(_CLOSE_STEP)
        except OSError:
            pass  # unplugged: there is nothing to wait for
        finally:
            await super().aclose()
            with contextlib.suppress(OSError, termios.error):  # unplugged
                termios.tcflush(self._port.fileno(), termios.TCIOFLUSH)  # close would wait for them
            self._port.close()


def open_port(address: SerialAddress) -> SerialStream:
    """Open the port for this program alone. Raises LinkDown with the reason and what to look at."""
    try:
        port = serial.Serial(
            address.path,
            address.baud,
            bytesize=int(address.format[0]),
            parity=address.format[1],
            stopbits=int(address.format[2]),
            timeout=0,
            exclusive=True,  # flock: keeps out other programs that ask
        )
    except (OSError, ValueError, termios.error) as error:
        number = getattr(error, "errno", None) or (error.args[0] if isinstance(error, termios.error) else 0)
        reason = os.strerror(number).lower() if number else str(error)
        raise LinkDown(f"cannot be opened: {reason}", where=str(address), hint=_HINTS.get(number, "")) from error
    if not os.path.realpath(address.path).startswith("/dev/pts/"):
        # TIOCEXCL keeps out those that do not ask. A pty would stay exclusive after a client that
        # crashed, as its other end keeps it open.
        fcntl.ioctl(port.fileno(), termios.TIOCEXCL)
    return SerialStream(port, str(address))
