"""Drivers by name: entry points of the group ``cellctl.drivers``, imported when a cell names them."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from cellctl.devices.device import Device, DeviceConfig
from cellctl.errors import UsageError
from cellctl.links import Links

GROUP = "cellctl.drivers"


@dataclass(frozen=True, slots=True)
class Driver:
    """What a driver package exports under its entry point, light to import.

    ``device`` and ``emulator`` are ``"module:Class"``, imported when they are made. The device is
    called with (name, config, links); the emulator with (name, config, plant). ``signals`` are those
    that the device has beside the fields of its capability (``di0`` …), which always count; left empty,
    they are not known, and no file is refused for naming another.
    """

    name: str
    title: str
    capability: str
    config: type[DeviceConfig]
    device: str
    emulator: str
    signals: tuple[str, ...] = ()

    def make(self, name: str, config: DeviceConfig, links: Links) -> Device:
        """A device of this driver, not connected yet."""
        made: Device = load_object(self.device)(name, config, links)
        return made


def load_object(path: str) -> Callable[..., Any]:
    """The object at ``"module:name"``."""
    module, _, name = path.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def driver_names() -> dict[str, EntryPoint]:
    """Every installed driver's entry point by name; nothing is imported."""
    return {point.name: point for point in entry_points(group=GROUP)}


def find_driver(name: str) -> Driver:
    """The driver of that name. Raises UsageError with a suggestion."""
    points = driver_names()
    if name not in points:
        near = difflib.get_close_matches(name, points, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Installed drivers: {', '.join(sorted(points)) or 'none'}"
        raise UsageError(f"no driver is called {name!r}", hint=hint)
    driver = points[name].load()
    if not isinstance(driver, Driver):
        raise UsageError(f"the entry point of driver {name!r} is not a Driver", hint=f"It is {points[name].value}")
    return driver
