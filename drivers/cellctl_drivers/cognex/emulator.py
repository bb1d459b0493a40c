"""An In-Sight camera on the wire: native mode over telnet, for any client that speaks it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cellctl import clock
from cellctl.emulation.physics import Plant
from cellctl.errors import BadAnswer, LinkDown
from cellctl.links import ByteStream, Listener, Network, TcpAddress
from cellctl_drivers.cognex import registers as r
from cellctl_drivers.cognex.camera import Camera
from cellctl_drivers.cognex.commands import Access, Interpreter, Restart
from cellctl_drivers.cognex.config import Config
from cellctl_drivers.cognex.telnet import TelnetLine

MODEL = "7802"
TRIES = 3  # wrong log-ins before the camera hangs up [U]
BOOT = 8.0  # s without an answer after RT [U]


class InSightEmulator:
    """One camera. Users: the configured one (full access), ``operator`` (protected), ``monitor`` (locked).

    For tests: ``camera`` is its state; ``power(False)`` cuts it off; ``frozen`` lets it take bytes
    and answer nothing; ``modern`` makes SE8 answer with size and XML, as newer firmware does.
    """

    def __init__(self, name: str, config: Config, plant: Plant) -> None:
        self._config = config
        self.camera = Camera(name, config, plant)
        self.modern = False
        self.frozen = False
        self._name = name
        self._plant = plant
        self._powered = True
        self._ready_at = 0.0
        self._sessions: dict[int, ByteStream] = {}
        self._listener: Listener | None = None
        self._access: dict[str, tuple[str, Access]] = {
            "operator": ("", Access.PROTECTED),
            "monitor": ("", Access.LOCKED),
            config.user.casefold(): (config.password, Access.FULL),
        }

    async def serve(self, network: Network) -> Mapping[str, Any]:
        """Listen on a free port of this machine."""
        self._listener = await network.listen(TcpAddress("127.0.0.1", 0), self._serve)
        return {"link": str(self._listener.address), "emulated": True}

    async def aclose(self) -> None:
        """Stop listening, close every session."""
        if self._listener is not None:
            await self._listener.aclose()
        await self.camera.aclose()

    async def power(self, on: bool) -> None:
        """Cut it off from power, or switch it on again (it is up at once)."""
        self._powered = on
        if not on:
            await self._reset()

    async def _reset(self) -> None:
        await self.camera.aclose()
        job = self.camera.job
        self.camera = Camera(self._name, self._config, self._plant)
        self.camera.job = job  # its start-up job
        for stream in list(self._sessions.values()):
            await stream.aclose()

    # -- one connection ------------------------------------------------------------------------

    async def _serve(self, stream: ByteStream) -> None:
        if not self._powered or clock.now() < self._ready_at:
            return
        number = next(n for n in range(len(self._sessions) + 1) if n not in self._sessions)
        self._sessions[number] = stream
        line = TelnetLine(stream, limit=r.MAX_LINE)
        try:
            await self._say(line, f"{r.BANNER}  {MODEL} Session {number}{r.TERMINATOR}")
            access = await self._log_in(line)
            if access is not None:
                await self._obey(line, access)
        except BadAnswer:  # over the limit in the log-in: hang up
            return
        finally:
            del self._sessions[number]

    async def _log_in(self, line: TelnetLine) -> Access | None:
        for _ in range(TRIES):
            await self._say(line, r.ASK_USER)
            user = (await line.line()).strip()
            await self._say(line, r.ASK_PASSWORD)
            password = await line.line()
            known, access = self._access.get(user.casefold(), ("", None))
            if access is not None and password == known:
                await self._say(line, f"{r.LOGGED_IN}{r.TERMINATOR}")
                return access
            await self._say(line, f"{r.REFUSED}{r.TERMINATOR}")
        return None

    async def _obey(self, line: TelnetLine, access: Access) -> None:
        while True:
            try:
                command = (await line.line()).strip()
            except BadAnswer:
                await self._over_long(line)
                continue
            interpreter = Interpreter(self.camera, access, modern=self.modern)
            try:
                answer = await interpreter.answer(command) if command else ""
            except Restart:
                self._ready_at = clock.now() + BOOT
                await self._reset()
                return
            if answer:
                await self._say(line, answer)

    async def _over_long(self, line: TelnetLine) -> None:
        """Throw an endless line away up to its end, and answer as to any unknown command."""
        while True:
            line.forget()
            try:
                await line.line()
                break
            except BadAnswer:
                continue
        await self._say(line, f"{r.UNKNOWN}{r.TERMINATOR}")

    async def _say(self, line: TelnetLine, text: str) -> None:
        if not self._powered:
            raise LinkDown("the camera has no power")
        if not self.frozen:
            await line.send(text)
