"""What a recipe's names are, gathered before anything is checked: needs and bindings, variables, parts, records."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cellctl.recipe.cell import Cell
from cellctl.recipe.diagnostics import Problems, near, nearest
from cellctl.recipe.fields import COUNTERS, actions
from cellctl.recipe.file_model import UNKNOWN_EXPR
from cellctl.recipe.nodes import FUNCTIONS
from cellctl.recipe.parameters import constant
from cellctl.recipe.recipe_build import Recipe
from cellctl.recipe.recipe_file import DEVICE_NEEDS, STEPS, THINGS, CallStep, DoStep, Loop, RepeatStep, SetStep
from cellctl.recipe.schema_types import NAME
from cellctl.recipe.scope import Names, Scope
from cellctl.recipe.value_types import COUNT, UNKNOWN, VALUE_KINDS, Type
from cellctl.recipe.walk import every_step_of
from cellctl.recipe.yaml_nodes import YamlNode

_WORDS = frozenset({"and", "or", "not", "true", "false", "base"})
_CALL_KEYS = frozenset({*STEPS, *(field.alias or name for name, field in CallStep.model_fields.items())})


def bind(recipe: Recipe, cell: Cell | None, given: Mapping[str, str], problems: Problems) -> dict[str, str]:
    """Role -> the cell's name for it. Without a cell each role stands for itself."""
    needs = recipe.file.needs
    for role in given:
        if role not in needs:
            problems.add(
                "unknown-name",
                f"the recipe needs no {role!r}, so it cannot be bound",
                recipe.file.key_of("needs"),
                hint=near(role, needs),
            )
    bound: dict[str, str] = {}
    for role, kind in needs.items():
        name = given.get(role, role)
        if cell is None or _is_there(cell, kind, name):
            bound[role] = name
            continue
        if name in problems.suspects:
            continue
        node = recipe.file.place_of("needs")
        place = node.key_at(role)
        known = _of_kind(cell, kind)
        what = kind.replace("_", " ")
        listed = f"It has {', '.join(known)}; bind one: --bind {role}=…" if known else f"It has no {what} at all"
        hint = near(name, known, f"Bind it: --bind {role}={known[0]}" if len(known) == 1 else listed)
        if (meant := nearest(name, known)) is not None:
            problems.suspects.add(meant)  # the role may have been meant to be called that
        problems.add("unbound", f"the cell {cell.name} has no {what} called {name!r}", place, hint=hint)
        bound[role] = name
    return bound


def _of_kind(cell: Cell, kind: str) -> list[str]:
    if kind in DEVICE_NEEDS:
        return [name for name, device in cell.devices.items() if device.driver.capability == kind]
    things: dict[str, Iterable[str]] = {
        "station": cell.stations,
        "position": cell.positions,
        "signal": cell.signals,
        "zone": cell.zones,
    }
    return [*things[kind]]


def _is_there(cell: Cell, kind: str, name: str) -> bool:
    return name in _of_kind(cell, kind)


def gather(recipe: Recipe, cell: Cell | None, bindings: dict[str, str], problems: Problems) -> Names:
    """The names of a recipe, each told of where it is no name or is there twice."""
    names = Names(recipe, problems, cell, bindings)
    _own_names(recipe, problems)
    for step in every_step_of(recipe):
        match step:
            case DoStep():
                if step.takes and _free(names, step.takes, "part", step.place_of("takes")):
                    names.parts.add(step.takes)
                if step.as_ and _free(names, step.as_, "record", step.place_of("as")):
                    names.records[step.as_] = _result(recipe, step)
            case RepeatStep() if isinstance(step.repeat, Loop) and step.repeat.index:
                if _free(names, step.repeat.index, "variable", step.repeat.place_of("index")):
                    names.variables[step.repeat.index] = COUNT
            case _:
                pass
    _variables(names)
    return names


def _own_names(recipe: Recipe, problems: Problems) -> None:
    file = recipe.file
    seen: dict[str, str] = {}
    sections: dict[str, list[str]] = {"needs": [*file.needs], "parameters": [*file.parameters]}
    for section, own in sections.items():
        node = file.place_of(section)
        for name in own:
            place = node.key_at(name)
            if name in seen:
                problems.add(
                    "duplicate-name", f"{name!r} is named in {seen[name]} already", place, hint="Give another name"
                )
            _word(name, place, problems)
            seen[name] = section
    for title, operation in file.operations.items():
        section_node = file.place_of("operations")
        _word(title, section_node.key_at(title), problems)
        node = operation.place_of("with")
        for name, entry in (operation.with_ or {}).items():
            kind = entry.type
            place = node.key_at(name)
            _word(name, place, problems)
            if name in _CALL_KEYS:
                problems.add("reserved-name", f"{name!r} is a key of steps", place, hint="Give another name")
            kinds = [*DEVICE_NEEDS, *THINGS, "part", *VALUE_KINDS]
            if kind in VALUE_KINDS and entry.default is not None:
                constant(entry, "default", entry.default, kind, problems)
            elif entry.default is not None and kind in kinds:
                problems.add(
                    "value", f"{name} is no value and has no default", entry.key_of("default"), hint="Remove it"
                )
            if kind not in kinds and "type" not in entry.broken:
                problems.add(
                    "value",
                    f"there is no kind {kind!r}",
                    entry.place_of("type"),
                    hint=near(kind, kinds),
                )
                problems.suspects.add(name)


def _word(name: str, place: YamlNode, problems: Problems) -> None:
    if re.fullmatch(NAME, name) is None:
        problems.add("reserved-name", f"{name!r} is no name", place, hint="Letters, digits and _, not a digit first")
    elif name in COUNTERS or name in FUNCTIONS or name in _WORDS:
        problems.add("reserved-name", f"{name!r} is a word of the language", place, hint="Give another name")


def _free(names: Names, name: str, kind: str, node: YamlNode) -> bool:
    known = names.kind(name, {})
    if known is None:
        _word(name, node, names.problems)
        return True
    if known != kind:
        names.problems.add(
            "duplicate-name", f"{name!r} is a {known.replace('_', ' ')} already", node, hint="Give another name"
        )
    return known == kind


def _result(recipe: Recipe, step: DoStep) -> dict[str, str]:
    role, _, action = (step.do or "").partition(".")
    kind = recipe.file.needs.get(role, "")
    found = actions(str(kind)).get(action)
    return found.result if found else {}


def _variables(names: Names) -> None:
    """Types of variables from what they are set to; those that stand on each other need a few rounds."""
    sets = [
        (step, name, value)
        for step in every_step_of(names.recipe)
        if isinstance(step, SetStep)
        for name, value in step.set.items()
    ]
    for step, name, _ in sets:
        node = step.place_of("set")
        if name not in names.variables and _free(names, name, "variable", node.key_at(name)):
            names.variables[name] = UNKNOWN
    scope = Scope(names)
    for _ in range(4):
        for _, name, value in sets:
            if value is UNKNOWN_EXPR or name not in names.variables:
                continue
            given, known = scope.quiet(value), names.variables[name]
            if known == UNKNOWN:
                names.variables[name] = given
            elif known == COUNT and given.name == "number" and given.dimension == COUNT.dimension:
                names.variables[name] = Type("number")
