"""The secondary interface (30002): scripts in, state ten times a second and messages out.

In Local mode the socket is read-only: a script gets error C210A0 and is ignored, and sockets are closed when
the mode changes (Universal_Robots_ROS_Driver issues 13 and 459).
"""

from __future__ import annotations

import asyncio
import re

from cellctl import clock
from cellctl.errors import LinkError
from cellctl.links import ByteStream
from cellctl_drivers.universal_robots.emulated import messages
from cellctl_drivers.universal_robots.emulated.bank import joint_mode
from cellctl_drivers.universal_robots.emulated.controller import Controller
from cellctl_drivers.universal_robots.registers import SafetyMode

PERIOD = 0.1  # s between state messages
_PATIENCE = 2.0  # s that a client may leave what it is sent unread
_LONGEST = 256 * 1024
_OPENS = re.compile(r"\s*(?:def|sec|thread|while|if|switch|for)\b")
_CLOSES = re.compile(r"\s*end\b")


class SecondaryServer:
    """Serves any number of clients."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._clients: list[_Client] = []
        controller.on_message = self._broadcast
        controller.on_local = self._hang_up

    async def serve(self, stream: ByteStream) -> None:
        """One connection, until either side ends it."""
        client = _Client(stream, self._controller)
        client.put(messages.version(clock.now()))
        self._clients.append(client)
        sender = asyncio.create_task(client.send(), name="secondary state")
        try:
            await self._receive(client, writable=self._controller.remote)
        except LinkError:
            return  # the client went away
        finally:
            self._clients.remove(client)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
            await stream.aclose()

    async def _receive(self, client: _Client, *, writable: bool) -> None:
        splitter = ProgramSplitter()
        while data := await client.stream.receive():
            for program in splitter.feed(data.decode("utf-8", "replace")):
                if writable and self._controller.remote:
                    self._controller.upload(program)
                else:
                    words = "Socket is read-only when the robot is in local (Teach pendant) control"
                    client.put(messages.error_code(messages.READ_ONLY, words, clock.now()))

    def _broadcast(self, message: bytes) -> None:
        for client in self._clients:
            client.put(message)

    def _hang_up(self) -> None:
        for client in self._clients:
            client.hang_up()


class _Client:
    """One connection: what is to be sent on it."""

    def __init__(self, stream: ByteStream, controller: Controller) -> None:
        self.stream = stream
        self._controller = controller
        self._outbox = bytearray()
        self._woken = asyncio.Event()
        self._over = False

    def put(self, message: bytes) -> None:
        """Send this soon."""
        self._outbox += message
        self._woken.set()

    def hang_up(self) -> None:
        """Close the connection soon."""
        self._over = True
        self._woken.set()

    async def send(self) -> None:
        """Send messages as they come and the state every 100 ms, until the client is gone or reads no more."""
        due = clock.now()
        try:
            while not self._over:
                if clock.now() >= due:
                    self._outbox += _state(self._controller)
                    due += PERIOD
                data, self._outbox = bytes(self._outbox), bytearray()
                self._woken.clear()
                async with asyncio.timeout(_PATIENCE):
                    await self.stream.send(data)
                await self._until(due)
        except (LinkError, TimeoutError):
            pass  # gone, or it does not read what it is sent: closed below either way
        await self.stream.aclose()

    async def _until(self, due: float) -> None:
        try:
            async with asyncio.timeout_at(due):
                await self._woken.wait()
        except TimeoutError:
            return


def _state(controller: Controller) -> bytes:
    machine = controller.machine
    return messages.state(
        clock.now(),
        powered=controller.powered,
        emergency=controller.emergency,
        protective=controller.safety is SafetyMode.PROTECTIVE_STOP,
        running=machine is not None,
        paused=machine is not None and machine.paused,
        mode=controller.mode,
        joints=controller.arm.joints(),
        speeds=controller.arm.speeds(),
        joint_mode=joint_mode(controller),
    )


class ProgramSplitter:
    """Cuts what comes into programs: from ``def`` to its ``end``, or one line outside of it."""

    def __init__(self) -> None:
        self._rest = ""
        self._program: list[str] = []
        self._depth = 0

    def feed(self, text: str) -> list[str]:
        """Take more text; returns the programs that are complete now."""
        *lines, self._rest = (self._rest + text).split("\n")
        programs: list[str] = []
        for line in lines:
            self._program.append(line)
            if _OPENS.match(line):
                self._depth += 1
            elif _CLOSES.match(line):
                self._depth = max(self._depth - 1, 0)
            if self._depth == 0:
                program, self._program = "\n".join(self._program), []
                if program.strip() and not program.strip().startswith("#"):
                    programs.append(program)
        if len(self._rest) + sum(map(len, self._program)) > _LONGEST:
            self._rest, self._program, self._depth = "", [], 0  # no program is so long: begin anew
        return programs
