"""Examining devices for ``doctor``: who answers, how it is, what to try. Reads only."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from cellctl.controller.build import make_devices
from cellctl.devices import Condition, Device, Signal
from cellctl.errors import CellError, LinkError, NoAnswer
from cellctl.links import Links, SystemNetwork
from cellctl.recipe.cell import Cell

IDENTIFY_WITHIN = 5.0  # s
_LOOK = "Look at its power, its cable, and its address in the cell file"
HEALTH_WITHIN = 5.0  # s for a device that nobody had connected to yet


async def examine_cell(cell: Cell) -> list[dict[str, Any]]:
    """Connect to every device of a cell that no controller runs, and examine it."""
    links = Links(SystemNetwork())
    devices = list(make_devices(cell, links).values())
    runs = [asyncio.create_task(device.run(), name=f"run {device.name}") for device in devices]
    try:
        return await asyncio.gather(*(_connect_and_examine(device) for device in devices))
    finally:
        for task in runs:
            task.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
        await links.aclose()


async def examine(device: Device) -> dict[str, Any]:
    """Ask a device who it is, and say how it is. Never raises for what the device does."""
    found = {**about(device), "identity": None, "error": None}
    try:
        async with asyncio.timeout(IDENTIFY_WITHIN):
            found["identity"] = asdict(await device.identify())
    except TimeoutError:
        found["error"] = _told(NoAnswer(f"did not say who it is within {IDENTIFY_WITHIN:g} s", where=device.name))
    except CellError as error:
        found["error"] = _told(error)
    if device.health.condition is not Condition.READY and found["error"] is None:
        found["error"] = {"message": device.health.text, "hint": device.health.hint}
    return found


def about(device: Device) -> dict[str, Any]:
    """Which device this is, where it is reached, whether it is emulated, and how it is."""
    return {
        "device": device.name,
        "driver": device.config.driver,
        "link": device.config.link,
        "emulated": device.emulated,
        "condition": device.health.condition.value,
    }


async def _connect_and_examine(device: Device) -> dict[str, Any]:
    known = asyncio.Event()

    def look(_: Signal | None) -> None:
        if device.health.condition is not Condition.OFFLINE:
            known.set()

    unwatch = device.watch(look)
    try:
        async with asyncio.timeout(HEALTH_WITHIN):
            await known.wait()
    except TimeoutError:
        pass  # its health says why, and who it is may still be asked
    finally:
        unwatch()
    return await examine(device)


def _told(error: CellError) -> dict[str, str]:
    hint = error.hint or (_LOOK if isinstance(error, LinkError) else "")
    return {"message": error.message, "hint": hint}
