"""The site overlay that sends a cell's drivers to emulated devices: an overlay like any other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def site_overlay(served: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The overlay for the devices that are served, from what each emulator told when it began to listen."""
    return {"devices": {name: {**told, "emulated": True} for name, told in served.items()}}


def addresses(overlay: Mapping[str, Any]) -> dict[str, str]:
    """Where each device of an overlay is reached, for people: its link and its other ports."""
    return {name: _address(entry) for name, entry in overlay["devices"].items()}


def _address(entry: Mapping[str, Any]) -> str:
    ports = {key.removesuffix("_port"): value for key, value in entry.items() if key.endswith("_port")}
    more = ", ".join(f"{name} {port}" for name, port in ports.items())
    return f"{entry['link']} ({more})" if more else str(entry["link"])
