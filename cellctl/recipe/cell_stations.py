"""Stations of a cell: a window on a belt, or slots in a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellctl.motion.pose import Pose
from cellctl.recipe.cell import Station
from cellctl.recipe.cell_file import StationEntry

if TYPE_CHECKING:
    from cellctl.recipe.cell_build import CellBuild

MAX_SLOTS = 10_000


def build_station(build: CellBuild, name: str, entry: StationEntry) -> Station | None:
    """The station, or None for one that is told of."""
    tell = build.problems.add
    if (entry.on is None) == (entry.at is None):
        what = "neither on a belt nor at a position" if entry.on is None else "on a belt and at a position"
        tell("station", f"{name} is {what}", entry.node, hint="Write on: and window:, or at:")
        build.problems.suspects.add(name)
        return None
    known = entry.present is None or build.known(entry.present, build.file.signals, "signal", entry.place_of("present"))
    made = _on_belt(build, name, entry) if entry.on is not None else _at_position(build, name, entry)
    if made is None or not known:
        build.problems.suspects.add(name)
        return None
    return made


def _on_belt(build: CellBuild, name: str, entry: StationEntry) -> Station | None:
    assert entry.on is not None, "asked by who knows that it is on a belt"
    tell = build.problems.add
    for key in ("grid", "pitch"):
        if entry.says(key):
            tell("station", f"{name} is on a belt and has no {key}", entry.key_of(key), hint=f"Remove {key}")
            return None
    if not build.known(entry.on, build.devices_with("conveyor"), "conveyor", entry.place_of("on")):
        return None
    if entry.window is None:
        tell("missing-key", f"{name} has no window", entry.node, hint="Write window: [400 mm, 700 mm]")
        return None
    if not entry.window[0] < entry.window[1]:
        tell(
            "bounds",
            f"the window of {name} ends before it begins",
            entry.place_of("window"),
            hint="Write the smaller one first",
        )
        return None
    return Station(name, entry.on, entry.window, entry.present, (), entry.capacity, entry.when_full)


def _at_position(build: CellBuild, name: str, entry: StationEntry) -> Station | None:
    assert entry.at is not None, "asked by who knows that it is at a position"
    tell = build.problems.add
    if entry.says("window"):
        tell("station", f"{name} is not on a belt and has no window", entry.key_of("window"), hint="Remove window")
        return None
    if not build.known(entry.at, build.file.positions, "position", entry.place_of("at")):
        return None
    first = build.positions.get(entry.at)
    if first is None:
        return None  # the position has been told of
    if first.pose is None:
        tell(
            "station",
            f"{name} begins at {entry.at}, which is taught as joints",
            entry.place_of("at"),
            hint="Slots need a position with pose:",
        )
        return None
    slots = _slots(build, name, entry, first.pose)
    if slots is None:
        return None
    capacity = entry.capacity
    if entry.grid is None:
        slots *= capacity or 1
    elif capacity is None:
        capacity = len(slots)
    elif capacity > len(slots):
        tell(
            "bounds",
            f"{name} has {len(slots)} slots and cannot hold {capacity}",
            entry.place_of("capacity"),
            hint="Make the grid larger",
        )
        return None
    return Station(name, None, None, entry.present, slots[:capacity], capacity, entry.when_full)


def _slots(build: CellBuild, name: str, entry: StationEntry, first: Pose) -> tuple[Pose, ...] | None:
    """The slots' poses, the first index of the grid running fastest, along x and y of the position's frame."""
    tell = build.problems.add
    if entry.grid is None:
        if entry.pitch is not None:
            tell(
                "station", f"{name} has a pitch and no grid", entry.key_of("pitch"), hint="Write grid: [columns, rows]"
            )
            return None
        return (first,)
    columns, rows = entry.grid
    if columns < 1 or rows < 1 or columns * rows > MAX_SLOTS:
        tell(
            "bounds",
            f"the grid of {name} must have 1 to {MAX_SLOTS:,} slots, not {columns} × {rows}",
            entry.place_of("grid"),
        )
        return None
    if entry.pitch is None:
        tell("station", f"{name} has a grid and no pitch", entry.key_of("grid"), hint="Write pitch: [70 mm, 70 mm]")
        return None
    for count, pitch in zip(entry.grid, entry.pitch, strict=True):
        if count > 1 and pitch == 0:
            tell("bounds", f"a pitch of zero puts the slots of {name} on one another", entry.place_of("pitch"))
            return None
    frame = build.frames[build.file.positions[entry.at or ""].frame]
    local = frame.inverse() @ first
    return tuple(
        frame @ local._replace(x=local.x + column * entry.pitch[0], y=local.y + row * entry.pitch[1])
        for row in range(rows)
        for column in range(columns)
    )
