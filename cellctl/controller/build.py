"""Devices from a cell's entries."""

from __future__ import annotations

from cellctl.devices import Device
from cellctl.links import Links
from cellctl.recipe.cell import Cell


def make_devices(cell: Cell, links: Links) -> dict[str, Device]:
    """Every device of the cell by name, in the file's order; none is connected yet."""
    return {name: entry.driver.make(name, entry.config, links) for name, entry in cell.devices.items()}
