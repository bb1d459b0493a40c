"""An emulated arm with its driver, in virtual time, for the tests beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cellctl import clock
from cellctl.devices import Condition
from cellctl.links import ByteStream, TcpAddress
from cellctl.motion import Pose
from cellctl.testing.faults import FaultyNetwork
from cellctl.testing.plant import FakePlant
from cellctl.testing.rig import Rig, rig
from cellctl_drivers.universal_robots import DRIVER
from cellctl_drivers.universal_robots.driver import UniversalRobot
from cellctl_drivers.universal_robots.emulated.controller import Controller
from cellctl_drivers.universal_robots.emulator import UniversalRobotEmulator

ENTRY = {"link": "tcp x", "model": "ur5e", "tool": Pose(z=0.163), "payload": 1.2}
READY = (0.0, -1.57, 1.57, -1.57, -1.57, 0.0)
FAR = (1.5, -1.57, 1.57, -1.57, -1.57, 0.0)
ANGLE = 1e-4 + 1e-9  # rad: targets go over the wire in steps of 0.1 mrad


class ArmRig:
    """The arm under test: driver, emulator, and what stands around them."""

    def __init__(self, made: Rig) -> None:
        self.made = made
        assert isinstance(made.device, UniversalRobot)
        assert isinstance(made.emulator, UniversalRobotEmulator)
        self.arm = made.device
        self.emulator = made.emulator
        self.plant: FakePlant = made.plant
        self.network: FaultyNetwork = made.network

    @property
    def controller(self) -> Controller:
        return self.emulator.controller

    @property
    def joints(self) -> tuple[float, ...]:
        """Where the emulated arm truly is."""
        return self.controller.arm.joints()

    async def ready(self) -> None:
        """Connect, Reset, give the permit."""
        await self.made.connected()
        await self.arm.prepare(part_held=False)
        await self.arm.set_permit(True)
        await self.condition(Condition.READY)

    async def condition(self, condition: Condition, text: str = "", timeout: float = 20.0) -> None:
        try:
            async with asyncio.timeout(timeout):
                while self.arm.health.condition is not condition or text not in self.arm.health.text:
                    await clock.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"{self.arm.health} instead of {condition} {text!r}") from None

    async def start_moving(self, to: tuple[float, ...] = FAR, speed: float = 0.5) -> asyncio.Task[None]:
        """A long move, well under way."""
        task = asyncio.create_task(self.arm.move(to, speed=speed))
        await clock.sleep(0.7)
        assert self.controller.arm.moving
        return task

    async def at_rest_for(self, seconds: float) -> None:
        """Nothing moves for a while, whatever happens."""
        before = self.joints
        for _ in range(round(seconds / 0.01)):
            await clock.sleep(0.01)
            assert self.joints == before, "it moved again by itself"

    @asynccontextmanager
    async def client(self, service: str) -> AsyncIterator[ByteStream]:
        """A client of another make: service is modbus, dashboard or secondary."""
        port = getattr(self.arm.config, f"{service}_port")
        stream = await self.network.connect(TcpAddress("127.0.0.1", port))
        try:
            yield stream
        finally:
            await stream.aclose()


@asynccontextmanager
async def arm_rig(**settings: object) -> AsyncIterator[ArmRig]:
    async with rig(DRIVER, {**ENTRY, **settings}) as made:
        yield ArmRig(made)


async def exchange(stream: ByteStream, data: bytes) -> bytes:
    """Send, and give what comes back."""
    await stream.send(data)
    async with asyncio.timeout(2.0):
        return await stream.receive()
