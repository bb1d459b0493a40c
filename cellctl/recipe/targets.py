"""Where the motion steps of a program lead, as far as that is known before the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeGuard

from cellctl.devices import ByJoints
from cellctl.errors import CellError
from cellctl.motion.pose import Pose
from cellctl.recipe.cell import Cell, Station
from cellctl.recipe.expressions import Expr
from cellctl.recipe.fields import PART
from cellctl.recipe.nodes import Items, Name, Node
from cellctl.recipe.program import Do, Program

Target = tuple[float, ...] | Pose
_SLOTS = frozenset({"slot", "slot_used"})
_ARGUMENTS = {"move": ("to",), "move_linear": ("to",), "move_circular": ("via", "to"), "follow": ("path",)}


class Move(NamedTuple):
    """One leg of a motion step. ``target`` is None where it is not known, ``via`` is of an arc only."""

    how: Literal["joints", "line", "arc"]
    target: Target | None
    via: Pose | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What stands in for what the run decides: one slot of each station."""

    name: str = ""  # "slot 3 of good", empty where there is no choice
    slots: Mapping[str, tuple[int, Pose]] | None = None  # station -> number and pose


class _NotKnown(CellError):
    """The value is not known before the run."""


def is_motion(step: object) -> TypeGuard[Do]:
    """Whether a step moves an arm."""
    return isinstance(step, Do) and step.capability == "robot" and step.action in _ARGUMENTS


def expressions(step: Do) -> list[Expr]:
    """The targets of a motion step as they are written."""
    names = _ARGUMENTS.get(step.action, ()) if step.capability == "robot" else ()
    return [step.arguments[name] for name in names if name in step.arguments]


def stations(program: Program, cell: Cell, *steps: Do) -> list[Station]:
    """The stations whose slots the targets of these steps name."""
    found: dict[str, Station] = {}
    for step in steps:
        for expression in expressions(step):
            for node in expression.root.walk():
                if isinstance(node, Name) and node.field_name in _SLOTS:
                    station = cell.stations.get(program.bindings.get(node.name, ""))
                    if station is not None and station.slots:
                        found[station.name] = station
    return list(found.values())


def cases(program: Program, cell: Cell, *steps: Do) -> Iterator[Case]:
    """One case for each slot that the steps may mean; slots of other stations are the first ones meanwhile."""
    named = stations(program, cell, *steps)
    first = {station.name: (0, station.slots[0]) for station in named}
    if not named:
        yield Case()
    for station in named:
        places: dict[Pose, int] = {}
        for index, slot in enumerate(station.slots):
            places.setdefault(slot, index)  # the slots of a bin are one place
        for pose, index in places.items():
            yield Case(f"slot {index} of {station.name}", {**first, station.name: (index, pose)})


def moves_of(program: Program, cell: Cell, step: Do, case: Case) -> list[Move]:
    """The legs of a motion step in a case."""
    values = [_values(program, cell, expression.root, case) for expression in expressions(step)]
    if step.action == "move_circular":
        via, to = (_target(value[0]) if value else None for value in (*values, [], [])[:2])
        return [Move("arc", to, via if isinstance(via, Pose) else None)]
    if step.action == "follow":
        return [_leg(value) for value in (values[0] if values else [])]
    how: Literal["joints", "line"] = "line" if step.action == "move_linear" else "joints"
    return [Move(how, _target(value[0])) for value in values if value]


def _leg(value: Any) -> Move:
    if isinstance(value, ByJoints):
        return Move("joints", value.pose)
    target = _target(value)
    return Move("line" if target is None or isinstance(target, Pose) else "joints", target)


def _target(value: Any) -> Target | None:
    if isinstance(value, Pose):
        return value
    plain = isinstance(value, tuple) and all(isinstance(each, float | int) for each in value)  # pyright: ignore[reportUnknownVariableType]
    return value if plain else None  # pyright: ignore[reportUnknownVariableType]


def _values(program: Program, cell: Cell, root: Node, case: Case) -> list[Any]:
    """The value of a target, or of each of a list; None for those that are not known."""
    nodes = root.items if isinstance(root, Items) else (root,)
    return [_value(program, cell, node, case) for node in nodes]


def _value(program: Program, cell: Cell, node: Node, case: Case) -> Any:
    def lookup(name: str, field: str | None) -> Any:
        bound = program.bindings.get(name, "")
        if field is None and name in program.parameters:
            return program.parameters[name]
        if field is None and bound in cell.positions:
            return cell.positions[bound].target
        if field in _SLOTS and case.slots is not None and bound in case.slots:
            return case.slots[bound][1]
        if program.part is not None and field in {"width", "mass", "tolerance"} and field in PART:
            return getattr(program.part, field)
        raise _NotKnown(f"{name} is not known before the run")

    try:
        return node.evaluate(lookup)
    except (CellError, TypeError, AttributeError):
        return None
