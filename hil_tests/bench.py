"""What a hardware test runs against: each device of a cell, on hardware that answers, else on its emulator."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cellctl import clock
from cellctl.devices import Condition, Device
from cellctl.errors import CellError, LinkDown, NoAnswer
from cellctl.links import Links, SystemNetwork
from cellctl.recipe import load_cell
from cellctl.recipe.cell import Cell, CellDevice

PROBE = 3.0  # s for a device to say who it is
START = 20.0  # s for the emulators to serve
CONNECT = 20.0  # s for a device to be connected
_STEP = 0.05  # s


@dataclass(frozen=True)
class Unit:
    """One device of the cell as it is tested. ``emulated``: an emulator stands in for it."""

    name: str
    driver: str
    emulated: bool
    why: str  # why it is emulated, or where the hardware answers

    def __str__(self) -> str:
        return f"{self.name}-{self.driver}-{'emulator' if self.emulated else 'hardware'}"


@dataclass
class Bench:
    """The cell under test; ``cell`` has the addresses that are really used."""

    file: Path
    overlays: list[Path]
    units: list[Unit]
    cell: Cell
    told: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    _emulators: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the emulators of what did not answer, and take their addresses over."""
        served = {name for name, entry in self.cell.devices.items() if entry.config.emulated}
        missing = [unit.name for unit in self.units if unit.emulated and unit.name not in served]
        if missing and self._emulators is None:
            overlay = self._emulate(missing)
            self.cell = load_cell(self.file, [*self.overlays, overlay])

    def _emulate(self, names: Sequence[str]) -> Mapping[str, Any]:
        command = [sys.executable, "-m", "cellctl.emulation", str(self.file.parent), "--only", ",".join(names)]
        for file in self.overlays:  # site.yaml beside the cell file is theirs by default
            command += ["--overlay", str(file)]
        self._emulators = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._emulators.stdout is not None
        line = self._emulators.stdout.readline()  # ends when the process does
        if not line:
            raise RuntimeError(f"the emulators did not start: {' '.join(command)} ended with {self._emulators.wait()}")
        said = json.loads(line)
        if "error" in said:
            raise RuntimeError(f"the emulators did not start: {said['error']}")
        overlay: Mapping[str, Any] = said["overlay"]
        return overlay

    def close(self) -> None:
        """End the emulators."""
        process, self._emulators = self._emulators, None
        if process is None:
            return
        try:
            process.communicate(timeout=10)  # closes its stdin: it ends with its parent
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()

    @asynccontextmanager
    async def device(self, name: str) -> AsyncGenerator[Device, None]:
        """The device, connected and polled. Raises AssertionError where it does not connect."""
        links = Links(SystemNetwork())
        device = make(self.cell.devices[name], links)
        running = asyncio.create_task(device.run(), name=f"run of {name}")
        try:
            end = clock.now() + CONNECT
            while device.health.condition is Condition.OFFLINE:
                assert clock.now() < end, f"{name} did not connect: {device.health.text}. {device.health.hint}"
                assert not running.done(), f"run() of {name} ended by itself"
                await clock.sleep(_STEP)
            yield device
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await links.aclose()


def make(entry: CellDevice, links: Links) -> Device:
    """The device of a cell's entry, not connected."""
    return entry.driver.make(entry.name, entry.config, links)


def find(file: Path, overlays: list[Path]) -> Bench:
    """Read the cell (with site.yaml beside it) and ask each device who it is, all at once.

    Reads only; moves nothing. Raises FileError.
    """
    site = file.with_name("site.yaml")
    overlays = [*([site] if site.exists() and site not in overlays else []), *overlays]
    cell = load_cell(file, list(overlays))
    return Bench(file, overlays, asyncio.run(_probe_all(cell)), cell)


async def _probe_all(cell: Cell) -> list[Unit]:
    return list(await asyncio.gather(*(_probe(entry) for entry in cell.devices.values())))


async def _probe(entry: CellDevice) -> Unit:
    if entry.config.emulated:
        return Unit(entry.name, entry.driver.name, True, f"the cell's files say that {entry.config.link} is emulated")
    links = Links(SystemNetwork())
    try:
        async with asyncio.timeout(PROBE):
            await make(entry, links).identify()
    except (LinkDown, NoAnswer, TimeoutError) as error:
        return Unit(entry.name, entry.driver.name, True, str(error) or f"no answer from {entry.config.link}")
    except CellError:  # something answers there, and the tests shall say what is wrong with it
        pass
    finally:
        await links.aclose()
    return Unit(entry.name, entry.driver.name, False, f"answers at {entry.config.link}")
