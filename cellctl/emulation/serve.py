"""Emulated devices of a cell, serving, with the plant behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from cellctl.devices import DeviceConfig, Driver
from cellctl.devices.registry import load_object
from cellctl.emulation.nothing import NothingThere
from cellctl.emulation.overlay import site_overlay
from cellctl.emulation.physics import Emulator
from cellctl.emulation.plant import SortingPlant
from cellctl.emulation.plant_file import read_plant
from cellctl.errors import UsageError
from cellctl.links.stream import Network

Entries = Mapping[str, tuple[Driver, DeviceConfig]]
#: What a plant file must say of a device with this capability, or its emulator senses nothing.
_NEEDED = {"gripper": "hands", "vision_station": "cameras"}


class Emulation:
    """Devices that serve until ``aclose``. ``overlay`` tells a cell file where they are."""

    def __init__(
        self,
        plant: SortingPlant | NothingThere,
        emulators: Mapping[str, Any],
        overlay: Mapping[str, Any],
        stack: AsyncExitStack,
    ) -> None:
        self.plant = plant
        self.emulators = emulators  # by device, for stories that make one fail
        self.overlay = overlay
        self._stack = stack

    async def aclose(self) -> None:
        """Stop serving; nothing is left running."""
        await self._stack.aclose()


async def emulate(
    cell_entries: Entries,
    plant_file: Path | None,
    network: Network,
    *,
    only: Iterable[str] | None = None,
    seed: int = 1,
) -> Emulation:
    """Serve the cell's devices (``only`` those named, None for all) on ``network``, with free ports and ptys.

    ``plant_file`` is read where it exists; without one the devices meet nothing. Raises UsageError for a device that
    the cell does not have, FileError for a plant file that is wrong or does not fit the cell.
    """
    names = _chosen(cell_entries, only)
    async with AsyncExitStack() as stack:
        plant = _plant(cell_entries, names, plant_file, seed)
        stack.push_async_callback(plant.aclose)
        emulators: dict[str, Emulator] = {}
        served: dict[str, Mapping[str, Any]] = {}
        for name in names:
            driver, config = cell_entries[name]
            emulator: Emulator = load_object(driver.emulator)(name, config, plant)
            stack.push_async_callback(emulator.aclose)
            emulators[name] = emulator
            served[name] = await emulator.serve(network)
        return Emulation(plant, emulators, site_overlay(served), stack.pop_all())


def _chosen(entries: Entries, only: Iterable[str] | None) -> list[str]:
    wanted = list(entries) if only is None else list(only)
    for name in wanted:
        if name not in entries:
            raise UsageError(f"the cell has no device {name!r}", hint=f"Its devices: {', '.join(entries)}")
    return wanted


def _plant(entries: Entries, names: list[str], file: Path | None, seed: int) -> SortingPlant | NothingThere:
    if file is None or not file.exists():
        return NothingThere()
    read = read_plant(file)
    data = read.data
    told: list[tuple[str, ...]] = [("cameras", name) for name in data.cameras]
    told += [("hands", name) for name in data.hands]
    told += [("inputs", name) for name in data.inputs]
    named = [(keys, keys[-1]) for keys in told]
    named += [(("hands", name, "on"), hand.on) for name, hand in data.hands.items()]
    named += [] if data.belt is None else [(("belt", "motor"), data.belt.motor)]
    wrong = [(keys, f"the cell has no device {name!r}") for keys, name in named if name not in entries]
    for name in names if data.belt is not None else ():  # without a belt there is nothing to grip or to see
        needed = _NEEDED.get(entries[name][0].capability)
        if needed is not None and name not in getattr(data, needed):
            wrong.append(((needed,), f"{needed} says nothing of {name}"))
    if wrong:
        raise read.error(wrong, "Make the plant file fit the cell file")
    return SortingPlant(data, seed)
