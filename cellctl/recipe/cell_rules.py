"""How a cell behaves: retreat moves, interlocks, and what lost communication does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cellctl.errors import UsageError
from cellctl.recipe.cell import Interlock, Retreat
from cellctl.recipe.cell_file import InterlockEntry, RetreatEntry
from cellctl.recipe.diagnostics import near
from cellctl.recipe.file_model import UNKNOWN_EXPR
from cellctl.recipe.nodes import Name
from cellctl.recipe.schema_types import Reaction
from cellctl.recipe.value_types import BOOL, UNKNOWN, Inference, Type, describe
from cellctl.recipe.yaml_nodes import ListNode, YamlNode
from cellctl.units import LENGTH, parse_quantity

if TYPE_CHECKING:
    from cellctl.recipe.cell_build import CellBuild

Range = tuple[float, float]
_ANYWHERE: Range = (-math.inf, math.inf)


def build_retreats(build: CellBuild) -> tuple[Retreat, ...]:
    """The retreat moves; the last one is for anywhere else."""
    entries = build.file.retreat
    made: list[Retreat] = []
    for index, entry in enumerate(entries):
        if entry.broken:
            continue
        if (entry.inside is None) == (entry.otherwise is None):
            build.problems.add(
                "retreat",
                "a retreat is either inside a box or otherwise",
                entry.node,
                hint="Write inside: {x: …, y: …} or otherwise: ask_to_jog",
            )
        elif entry.otherwise is not None and index < len(entries) - 1:
            build.problems.add(
                "unreachable",
                "what follows otherwise is never looked at",
                entries[index + 1].node,
                hint="Put otherwise last",
            )
        if (retreat := _retreat(build, entry)) is not None:
            made.append(retreat)
    if entries and not entries[-1].broken and entries[-1].otherwise is None:
        build.problems.add(
            "retreat", "nothing is said for anywhere else", entries[-1].node, hint="End with - {otherwise: ask_to_jog}"
        )
    return tuple(made)


def _retreat(build: CellBuild, entry: RetreatEntry) -> Retreat | None:
    jog = entry.otherwise == "ask_to_jog"
    if not entry.go and not jog:
        build.problems.add("retreat", "a retreat without moves", entry.node, hint="Write go: [up 120 mm, ready]")
        return None
    if jog and entry.go:
        build.problems.add(
            "retreat", "ask_to_jog moves nothing by itself", entry.key_of("go"), hint="Write otherwise: go"
        )
    moves: list[float | str] = []
    node = entry.place_of("go")
    for index, move in enumerate(entry.go):
        place = node.items[index] if isinstance(node, ListNode) else node
        if (step := _move(build, move, place)) is not None:
            moves.append(step)
    box = entry.inside
    if box is None:
        return Retreat(None, tuple(moves), entry.speed, jog)
    ranges = [getattr(box, axis) or _ANYWHERE for axis in "xyz"]
    for axis, (low, high) in zip("xyz", ranges, strict=True):
        if not low < high:
            build.problems.add(
                "bounds",
                f"the range of {axis} ends before it begins",
                box.place_of(axis),
                hint="Write the smaller one first",
            )
    return Retreat((ranges[0], ranges[1], ranges[2]), tuple(moves), entry.speed, jog)


def _move(build: CellBuild, move: str, node: YamlNode) -> float | str | None:
    word, _, height = move.partition(" ")
    if word != "up" or not height:
        return move if build.known(move, build.file.positions, "position", node) else None
    try:
        found = parse_quantity(height)
    except UsageError as error:
        build.problems.add("quantity", error.message, node, hint="Write it like up 120 mm")
        return None
    if found.dimension != LENGTH or not 0 < found.value <= 2:
        build.problems.add("bounds", f"{move!r} is not a height of up to 2 m", node, hint="Write it like up 120 mm")
        return None
    return found.value


def build_interlocks(build: CellBuild) -> tuple[Interlock, ...]:
    """The interlocks with their conditions."""
    made: list[Interlock] = []
    seen: set[str] = set()
    for entry in build.file.interlocks:
        if "name" not in entry.broken and entry.name in seen:
            build.problems.add(
                "duplicate-name",
                f"there are two interlocks {entry.name!r}",
                entry.place_of("name"),
                hint="Give another name",
            )
        seen.add(entry.name)
        if "trips_when" not in entry.broken:
            _condition(build, entry)
        node = entry.place_of("withdraw")
        for index, robot in enumerate(entry.withdraw):
            build.known(
                robot,
                [*build.devices_with("robot")],
                "robot",
                node.items[index] if isinstance(node, ListNode) else node,
            )
        _guard(build, entry)
        if not entry.broken:
            made.append(Interlock(entry.name, entry.trips_when, entry.then, tuple(entry.withdraw), entry.action))
    return tuple(made)


def _guard(build: CellBuild, entry: InterlockEntry) -> None:
    """Warn of a guard that leaves a robot its permit: it would stop only once its step has been stopped."""
    robots = build.devices_with("robot")
    if not robots or entry.broken or entry.says("withdraw"):
        return
    if any(isinstance(name, Name) and "guard" in name.name for name in entry.trips_when.root.walk()):
        build.problems.add(
            "withdraw",
            f"{entry.name} withdraws no motion permit",
            entry.node,
            hint=f"Write withdraw: [{', '.join(robots)}]",
            severity="warning",
        )


def _condition(build: CellBuild, entry: InterlockEntry) -> None:
    node = entry.place_of("trips_when")
    expression = entry.trips_when
    if expression is UNKNOWN_EXPR:
        return

    def report(code: str, message: str, offset: int, width: int, hint: str) -> None:
        build.problems.add(code, message, node, hint=hint, offset=offset, width=width)

    def scope(name: Name) -> Type | None:
        if name.field_name is not None and name.name not in build.file.signals:
            if name.name in build.problems.suspects and name.name not in build.devices:
                return None
            if name.name in build.devices:
                return build.signal_type(name.reference, node)
        elif name.field_name is None and (signal := build.signals.get(name.name)) is not None:
            return build.signal_type(f"{signal.device}.{signal.signal}", node)
        if name.reference not in build.problems.suspects and name.name not in build.problems.suspects:
            known = [*build.file.signals, *build.file.devices]
            report(
                "unknown-name",
                f"the cell has no signal {name.reference!r}",
                name.offset,
                len(name.reference),
                near(name.reference, known),
            )
        return None

    found = Inference(scope, report).type_of(expression.root)
    if found not in {BOOL, UNKNOWN}:
        report("wrong-type", f"trips_when must be true or false, not {describe(found)}", 0, len(expression.text), "")
    elif not expression.names:
        report("constant-condition", "this condition never changes", 0, len(expression.text), "Name a signal in it")


def build_on_lost(build: CellBuild) -> dict[str, Reaction]:
    """What losing each device does: hold where the file says nothing."""
    made: dict[str, Reaction] = dict.fromkeys(build.devices, "hold")
    section = build.file.place_of("on_lost")
    for name, reaction in build.file.on_lost.items():
        node = section.key_at(name)
        if build.known(name, build.file.devices, "device", node):
            made[name] = reaction
    return made
