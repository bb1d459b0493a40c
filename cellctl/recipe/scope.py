"""The names of a recipe: what each is, and what can be read of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from cellctl.recipe.cell import Cell, CellDevice
from cellctl.recipe.diagnostics import Problems, near
from cellctl.recipe.expressions import Expr
from cellctl.recipe.fields import COUNTERS, PART, STATION, device_field, device_fields, has_signal, signals_hint
from cellctl.recipe.nodes import Name, Number
from cellctl.recipe.recipe_build import Recipe
from cellctl.recipe.recipe_file import DEVICE_NEEDS
from cellctl.recipe.value_types import (
    COUNT,
    JOINTS,
    POSE,
    TARGET,
    UNKNOWN,
    Inference,
    Type,
    describe,
    fits,
    mismatch,
    type_of_kind,
    unit_hint,
)
from cellctl.recipe.yaml_nodes import YamlNode

VALUE_THINGS = ("position", "signal")  # roles that are values in an expression


class Missing(NamedTuple):
    """A place that names what there is not."""

    node: YamlNode
    offset: int | None
    hint: str


@dataclass
class Names:
    """Everything that a recipe's expressions may name."""

    recipe: Recipe
    problems: Problems
    cell: Cell | None
    bindings: dict[str, str]
    variables: dict[str, Type] = field(default_factory=dict[str, Type])
    parts: set[str] = field(default_factory=set[str])
    records: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    missing: dict[str, list[Missing]] = field(default_factory=dict[str, list[Missing]])  # names that there are not

    def kind(self, name: str, params: dict[str, str]) -> str | None:
        """What a name is: a need's kind, part, record, parameter, variable, counter, value (of an operation)."""
        if name in params:
            return params[name]
        if name in self.recipe.file.needs:
            return str(self.recipe.file.needs[name])
        for kind, names in (
            ("parameter", self.recipe.file.parameters),
            ("part", self.parts),
            ("record", self.records),
            ("variable", self.variables),
            ("counter", COUNTERS),
        ):
            if name in names:
                return kind
        return None

    def tell_missing(self) -> None:
        """Tell of each name that there is not, once, at its first place."""
        for name, places in self.missing.items():
            if name in self.problems.suspects:
                continue
            first = min(places, key=lambda each: (each.node.line, each.node.column, each.offset or 0))
            others = len({(each.node.line, each.node.column, each.offset) for each in places}) - 1
            more = f" (named in {others} more place{'s' if others > 1 else ''})" if others else ""
            self.problems.add(
                "unknown-name",
                f"nothing is called {name!r}{more}",
                first.node,
                hint=first.hint,
                offset=first.offset,
                width=len(name),
            )

    def all_names(self, params: dict[str, str]) -> list[str]:
        """Every name there is, for suggestions."""
        file = self.recipe.file
        return [
            *params,
            *file.needs,
            *file.parameters,
            *self.parts,
            *self.records,
            *self.variables,
            *COUNTERS,
        ]


class Scope:
    """Names as one place sees them: ``params`` are those of the operation around it, name -> kind."""

    def __init__(self, names: Names, params: dict[str, str] | None = None) -> None:
        self.names = names
        self.params = params or {}
        self._of_kinds: dict[tuple[str, ...], list[str]] = {}

    def kind(self, name: str) -> str | None:
        """What a name is here; None where there is none."""
        return self.names.kind(name, self.params)

    def role(self, name: str, kinds: tuple[str, ...], what: str, node: YamlNode, offset: int | None = None) -> bool:
        """Whether ``name`` is a role (or part) of one of ``kinds``; told of where it is not."""
        kind = self.kind(name)
        if kind in kinds:
            return True
        if kind is not None:
            self.names.problems.add(
                "wrong-type",
                f"{name} is {_a(kind)}, not {what}",
                node,
                offset=offset,
                width=len(name),
                hint=self._candidates(kinds),
            )
        elif name not in self.names.problems.suspects:
            otherwise = "Take it before, with takes:" if kinds == ("part",) else "Name it in needs:"
            self.names.missing.setdefault(name, []).append(
                Missing(node, offset, near(name, self._names_of(kinds), self._candidates(kinds) or otherwise))
            )
        return False

    def _names_of(self, kinds: tuple[str, ...]) -> list[str]:
        if kinds not in self._of_kinds:
            everything = self.names.all_names(self.params)
            self._of_kinds[kinds] = [each for each in everything if self.kind(each) in kinds]
        return self._of_kinds[kinds]

    def _candidates(self, kinds: tuple[str, ...]) -> str:
        found = self._names_of(kinds)
        return f"There are: {', '.join(found[:8])}" if found else ""

    def check(self, expression: Expr, node: YamlNode, wanted: Type | None, what: str) -> Type:
        """The type of an expression; everything wrong in it, and that it is not ``wanted``, is told."""

        def report(code: str, message: str, offset: int, width: int, hint: str) -> None:
            if code == "missing":
                self.names.missing.setdefault(message, []).append(Missing(node, offset, hint))
                return
            self.names.problems.add(code, message, node, hint=hint, offset=offset, width=width)

        given = Inference(lambda name: self._type(name, report), report).type_of(expression.root)
        if wanted is not None and not fits(given, wanted):
            code, message, hint = mismatch(given, wanted)
            if code == "unit-missing" and isinstance(expression.root, Number):
                hint = unit_hint(wanted, expression.root.text)
            self.names.problems.add(code, f"{what} must be {message}", node, hint=hint or self.fields_hint(expression))
            return UNKNOWN
        return given

    def quiet(self, expression: Expr) -> Type:
        """The type of an expression; nothing is told."""

        def ignore(code: str, message: str, offset: int, width: int, hint: str) -> None:
            return

        return Inference(lambda name: self._type(name, ignore), ignore).type_of(expression.root)

    def fields_hint(self, expression: Expr) -> str:
        """What an expression that is a thing and no value might have meant."""
        root = expression.root
        if isinstance(root, Name) and root.field_name is None and (known := self._fields(root.name)):
            return f"It has {', '.join(f'{root.name}.{each}' for each in known[:6])}"
        return ""

    def _fields(self, name: str) -> list[str]:
        kind = self.kind(name)
        if kind == "part":
            return [*PART]
        if kind == "station":
            return [*STATION]
        if kind == "record":
            return [*self.names.records[name]]
        return device_fields(kind) if kind in DEVICE_NEEDS else []

    def _type(self, name: Name, report: Callable[[str, str, int, int, str], None]) -> Type | None:
        kind = self.kind(name.name)
        if kind is None:
            if name.name not in self.names.problems.suspects:
                hint = near(name.name, self.names.all_names(self.params), "Name it in needs: or parameters:")
                report("missing", name.name, name.offset, len(name.name), hint)
            return None
        if name.field_name is None:
            return self._whole(name.name, kind)
        found = self._field(name.name, name.field_name, kind)
        if found is None:
            fields = self._fields(name.name)
            hint = near(name.field_name, fields) if fields else f"Write {name.name} alone"
            report(
                "unknown-name",
                f"{name.name} ({kind.replace('_', ' ')}) has no {name.field_name!r}",
                name.offset + len(name.name) + 1,
                len(name.field_name),
                hint,
            )
        elif (device := self._device(name.name)) is not None and not has_signal(device.driver, name.field_name):
            report(
                "unknown-name",
                f"{name.name} ({device.driver.name}) has no {name.field_name!r}",
                name.offset + len(name.name) + 1,
                len(name.field_name),
                signals_hint(device.driver, name.field_name),
            )
            return None
        return found

    def _device(self, role: str) -> CellDevice | None:
        """The device that a role is bound to, as far as that is known."""
        cell = self.names.cell if role not in self.params else None
        return cell.devices.get(self.names.bindings.get(role, "")) if cell else None

    def _whole(self, name: str, kind: str) -> Type:
        if name in self.params and kind not in VALUE_THINGS:
            return type_of_kind(kind)
        match kind:
            case "parameter":
                entry = self.names.recipe.file.parameters[name]
                return type_of_kind(entry.type) if entry.type else UNKNOWN
            case "variable":
                return self.names.variables[name]
            case "counter":
                return COUNT
            case "position":
                return self._position(name)
            case "signal":
                return self._signal(name)
            case _:
                return Type("thing", detail=kind)

    def _position(self, name: str) -> Type:
        cell = self.names.cell
        position = cell.positions.get(self.names.bindings.get(name, "")) if cell and name not in self.params else None
        if position is None:
            return TARGET
        return JOINTS if position.joints is not None else POSE

    def _signal(self, name: str) -> Type:
        cell = self.names.cell
        signal = cell.signals.get(self.names.bindings.get(name, "")) if cell and name not in self.params else None
        device = cell.devices.get(signal.device) if cell and signal else None
        return (device_field(device.driver.capability, signal.signal) if device and signal else None) or UNKNOWN

    def _field(self, name: str, field_name: str, kind: str) -> Type | None:
        if kind == "part":
            return PART.get(field_name)
        if kind == "station":
            return STATION.get(field_name)
        if kind == "record":
            found = self.names.records[name].get(field_name)
            return type_of_kind(found) if found else None
        return device_field(kind, field_name) if kind in DEVICE_NEEDS else None


def _a(kind: str) -> str:
    return describe(Type("thing", detail=kind))
