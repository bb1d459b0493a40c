"""From whatever state the arm is in to our program running: on a person's Reset only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from cellctl import clock
from cellctl.errors import LinkDown, NotReady
from cellctl_drivers.universal_robots import Config
from cellctl_drivers.universal_robots.dashboard import NOT_REMOTE_HINT, Dashboard
from cellctl_drivers.universal_robots.health import WORKING, safety_verdict
from cellctl_drivers.universal_robots.program import program_text
from cellctl_drivers.universal_robots.registers import ArmState, RobotMode, SafetyMode, mode_name
from cellctl_drivers.universal_robots.secondary import Secondary
from cellctl_drivers.universal_robots.session import Session

UNLOCK_AFTER = 5.0  # s after a protective stop before the arm lets itself be unlocked
_SETTLE = 1.0  # s in which a protective stop comes back whose cause is still there
_POWER_ON = 60.0
_BRAKES = 30.0
_SAFETY = 10.0
_PROGRAM = 5.0
_LOOK = 0.05


class Startup:
    """Power, brakes, protective stop, program."""

    def __init__(self, name: str, config: Config, session: Session, dashboard: Dashboard, secondary: Secondary) -> None:
        self._name = name
        self._config = config
        self._session = session
        self._dashboard = dashboard
        self._secondary = secondary

    def trouble(self) -> str:
        """Why our program does not run; "" while it does."""
        if self._session.alive:
            return ""
        complaint = self._secondary.complaint
        return "its program is not running" + (f": {complaint}" if complaint else "")

    async def prepare(self) -> None:
        """Make the arm ready. Raises NotReady with what stands against it, LinkError."""
        state = await self._state()
        await self._dashboard.renew()
        if not await self._dashboard.remote():
            raise NotReady("it is in Local mode", where=self._name, hint=NOT_REMOTE_HINT)
        if state.protective_stopped:
            await self._unlock()
        state = await self._state()
        if (found := safety_verdict(state)) is not None:
            raise NotReady(found.text, where=self._name, hint=found.hint)
        if state.turning and not self._session.alive:
            hint = "Stop that program on the teach pendant"
            raise NotReady("it moves under another program", where=self._name, hint=hint)
        await self._switch_on(state)
        await self._start_program()

    async def _unlock(self) -> None:
        """Only as a person asks for it, and after 5 s. The paused program is ended first: it must not go on."""
        await self._dashboard.ask("stop")
        await self._dashboard.ask("close safety popup")
        await clock.sleep(UNLOCK_AFTER)  # when it came is not known for certain: this is always long enough
        reply = await self._dashboard.ask("unlock protective stop")
        if not reply.startswith("Protective stop releasing"):
            raise NotReady(f"it keeps its protective stop: {reply}", where=self._name, hint="Reset again later")
        await self._wait(lambda state: state.safety_mode in WORKING, _SAFETY, "the protective stop did not end")
        await clock.sleep(_SETTLE)
        if (await self._state()).safety_mode == SafetyMode.PROTECTIVE_STOP:
            hint = "Free the arm by hand, then Reset"
            raise NotReady("the protective stop came back: its cause is still there", where=self._name, hint=hint)

    async def _switch_on(self, state: ArmState) -> None:
        if state.robot_mode == RobotMode.RUNNING:
            return
        if state.robot_mode == RobotMode.POWER_OFF:
            await self._dashboard.value("power on", "Powering on")
        if state.robot_mode in (RobotMode.POWER_OFF, RobotMode.POWER_ON):
            await self._wait(lambda state: state.robot_mode == RobotMode.IDLE, _POWER_ON, "its power did not come on")
        elif state.robot_mode != RobotMode.IDLE:
            hint = "Wait until it has started, or look at the teach pendant"
            raise NotReady(f"its mode is {mode_name(state.robot_mode)}", where=self._name, hint=hint)
        await self._dashboard.value("brake release", "Brake releasing")
        await self._wait(lambda state: state.robot_mode == RobotMode.RUNNING, _BRAKES, "its brakes were not released")

    async def _start_program(self) -> None:
        number = await self._session.clear()
        config = self._config
        source = program_text(session=number, watchdog=config.watchdog, tool=config.tool, payload=config.payload)
        await self._secondary.upload(source)
        if not await self._session.begin(number, _PROGRAM):
            hint = "Look at the log on the teach pendant, and whether the arm is in Remote Control"
            raise NotReady(self.trouble(), where=self._name, hint=hint)

    async def _wait(self, reached: Callable[[ArmState], bool], timeout: float, otherwise: str) -> None:
        try:
            async with asyncio.timeout(timeout):
                while not reached(await self._state()):
                    await clock.sleep(_LOOK)
        except TimeoutError:
            hint = "Look at the teach pendant"
            raise NotReady(f"{otherwise} within {timeout:g} s", where=self._name, hint=hint) from None

    async def _state(self) -> ArmState:
        wire = self._session.wire
        if wire is None:
            raise LinkDown("not connected", where=self._name, hint="Look at its health for the reason")
        return await wire.read()
