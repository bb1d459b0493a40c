"""One device, its emulator and a wire between them that can fail, in memory."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from cellctl import clock
from cellctl.devices import Condition, Device, Driver, Quality
from cellctl.devices.registry import load_object
from cellctl.emulation.physics import Emulator
from cellctl.links import Links, MemoryNetwork
from cellctl.testing.faults import FaultyNetwork
from cellctl.testing.plant import FakePlant

NAME = "unit"
_STEP = 0.02  # s between looks


class Rig:
    """Made by ``rig``. ``device`` is not running until ``start`` (or ``connected``)."""

    def __init__(self, driver: Driver, plant: FakePlant, network: FaultyNetwork, emulator: Emulator, device: Device):
        self.driver = driver
        self.plant = plant
        self.network = network
        self.emulator = emulator
        self.device = device
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Run the device."""
        self._running = asyncio.create_task(self.device.run(), name=f"run of {self.device.name}")

    async def connected(self, within: float = 15.0) -> None:
        """Run the device and wait until it answers. Raises AssertionError."""
        if self._running is None:
            self.start()
        await self.wait_for(lambda: self.device.health.condition is not Condition.OFFLINE, within, "a connection")

    async def lost(self, within: float = 15.0) -> None:
        """Wait until the device is known to be lost. Raises AssertionError."""
        await self.wait_for(lambda: self.device.health.condition is Condition.OFFLINE, within, "the loss")

    async def wait_for(self, condition: Any, within: float, what: str) -> None:
        """Wait until ``condition()``; ``run`` must live on meanwhile. Raises AssertionError after ``within`` s."""
        end = clock.now() + within
        while not condition():
            self.check_running()
            assert clock.now() < end, f"{what} did not come within {within:g} s; health: {self.device.health}"
            await clock.sleep(_STEP)

    def check_running(self) -> None:
        """``run`` has not ended by itself. Raises AssertionError with what it raised."""
        if self._running is not None and self._running.done():
            error = None if self._running.cancelled() else self._running.exception()
            raise AssertionError(f"run() ended by itself: {error!r}") from error

    def stale(self) -> list[str]:
        """Names of signals that are not good."""
        return [name for name, signal in self.device.signals.items() if signal.quality is not Quality.GOOD]

    async def end(self) -> None:
        """Cancel ``run`` and wait for its end. Raises AssertionError if it does not end by the cancellation."""
        running, self._running = self._running, None
        if running is None:
            return
        running.cancel()
        done, _ = await asyncio.wait({running}, timeout=10.0)
        assert done, "run() was cancelled 10 s ago and has not ended"
        if not running.cancelled() and (error := running.exception()) is not None:
            raise AssertionError(f"run() raised {error!r}") from error


@contextlib.asynccontextmanager
async def rig(driver: Driver, entry: Mapping[str, Any], plant: FakePlant | None = None) -> AsyncGenerator[Rig, None]:
    """A device of ``driver`` and its emulator on a faulty network in memory.

    ``entry`` is the device's part of a cell file with quantities in SI. At the end the device and its
    links are closed first, then the emulator; a stream left open by the device is an AssertionError.
    """
    plant = plant or FakePlant()
    network = FaultyNetwork(MemoryNetwork())
    emulator: Emulator = load_object(driver.emulator)(NAME, _config(driver, entry), plant)
    try:
        overlay = await emulator.serve(network)
        links = Links(network)
        made = Rig(
            driver,
            plant,
            network,
            emulator,
            driver.make(NAME, _config(driver, {**entry, **overlay, "emulated": True}), links),
        )
        try:
            yield made
            await made.end()
            left = ", ".join(str(stream.address) for stream in network.open_streams)
            assert not left, f"run() ended and left open: {left}"
        finally:
            with contextlib.suppress(AssertionError):  # the first failure is the one to tell
                await made.end()
            await links.aclose()
    finally:
        await emulator.aclose()


def _config(driver: Driver, entry: Mapping[str, Any]) -> Any:
    return driver.config.model_validate({"driver": driver.name, **entry})
