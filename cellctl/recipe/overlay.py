"""Laying site overlays on a cell file: addresses, taught data and limits, nothing else.

Merged as nodes, so that what an overlay says keeps its own file and line.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from cellctl.devices import DeviceConfig, find_driver
from cellctl.errors import UsageError
from cellctl.recipe.diagnostics import Problems, near
from cellctl.recipe.yaml_nodes import MapNode, ScalarNode, YamlNode
from cellctl.units import KINDS

_ADDRESSES = ("link", "emulated", "user", "password", "serial")
_ENDINGS = ("port", "link", "host", "address")
_TAUGHT = {
    "positions": frozenset({"joints", "pose", "taught"}),
    "frames": frozenset({"at", "rotate"}),
    "tools": frozenset({"at", "rotate"}),
    "stations": frozenset({"window", "capacity"}),
}
_INSTEAD = {"joints": "pose", "pose": "joints"}  # one replaces the other
_RULE = "An overlay changes addresses, taught data and limits; the rest belongs into the cell file"


def lay(cell: MapNode, overlay: YamlNode, problems: Problems) -> MapNode:
    """The cell file with an overlay on it. What an overlay may not change is told to ``problems``."""
    if not isinstance(overlay, MapNode):
        problems.add("wrong-type", f"an overlay is a mapping, not {overlay.described}", overlay, hint=_RULE)
        return cell
    merged = _copy(cell)
    for key, value in overlay.values.items():
        if key in {"site", "description"}:
            continue
        if key == "cell":
            _same_cell(cell, value, problems)
        elif key == "devices" or key in _TAUGHT:
            _lay_section(merged, key, value, problems)
        else:
            known = ["devices", *_TAUGHT]
            in_cell = key in {"signals", "zones", "retreat", "interlocks", "on_lost"}
            message = f"an overlay cannot change {key}" if in_cell else f"there is no key {key!r} in an overlay"
            problems.add("overlay", message, overlay.keys[key], hint=_RULE if in_cell else near(key, known))
    return merged


def _same_cell(cell: MapNode, value: YamlNode, problems: Problems) -> None:
    named = cell.values.get("cell")
    if isinstance(named, ScalarNode) and isinstance(value, ScalarNode) and named.text != value.text:
        problems.add(
            "overlay",
            f"this overlay is for the cell {value.text!r}, not {named.text!r}",
            value,
            hint="Give the overlay of this cell",
        )


def _lay_section(merged: MapNode, section: str, value: YamlNode, problems: Problems) -> None:
    base = merged.values.get(section)
    if not isinstance(value, MapNode) or not isinstance(base, MapNode):
        problems.add("overlay", f"{section} cannot be laid on: it is not a mapping of names", value, hint=_RULE)
        return
    entries = merged.values[section] = _copy(base)
    for name, change in value.values.items():
        entry = base.values.get(name)
        if entry is None:
            problems.add(
                "unknown-name", f"the cell has no {name!r} in {section}", value.keys[name], hint=near(name, base.values)
            )
        elif isinstance(change, MapNode) and isinstance(entry, MapNode):
            entries.values[name] = _lay_entry(section, entry, change, problems)
        else:
            problems.add("overlay", f"{name} must be a mapping of what changes", change, hint=_RULE)


def _lay_entry(section: str, entry: MapNode, change: MapNode, problems: Problems) -> MapNode:
    allowed = _device_keys(entry) if section == "devices" else _TAUGHT[section].__contains__
    laid = _copy(entry)
    for key, value in change.values.items():
        if not allowed(key):
            problems.add("overlay", f"an overlay cannot change {key!r} here", change.keys[key], hint=_RULE)
            continue
        if (other := _INSTEAD.get(key)) in laid.values and other not in change.values:
            assert other is not None, "found in the mapping"
            del laid.values[other], laid.keys[other]
        laid.keys[key], laid.values[key] = change.keys[key], value
    return laid


def _device_keys(entry: MapNode) -> Callable[[str], bool]:
    """Addresses by their names; limits are the quantities of the driver's configuration."""
    limits: set[str] = set()
    driver = entry.values.get("driver")
    if isinstance(driver, ScalarNode):
        # a driver that cannot be found is told of where the device itself is built
        with contextlib.suppress(UsageError, ImportError, AttributeError):
            limits = _quantities(find_driver(driver.text).config)
    return lambda key: key in _ADDRESSES or key.endswith(_ENDINGS) or key in limits


def _quantities(config: type[DeviceConfig]) -> set[str]:
    fields: dict[str, Any] = config.model_fields
    return {info.alias or name for name, info in fields.items() if any(kind in KINDS for kind in _kinds(info))}


def _kinds(info: Any) -> list[str]:
    return [each for each in info.metadata if isinstance(each, str)]


def _copy(node: MapNode) -> MapNode:
    made = MapNode(node.source, node.line, node.column)
    made.keys, made.values = dict(node.keys), dict(node.values)
    made.size, made.height = node.size, node.height
    return made
