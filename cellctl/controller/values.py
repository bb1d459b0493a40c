"""What the names in expressions stand for: signals of the cell, and in a run its parts and variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cellctl.controller.cursor import PartRef, Variable
from cellctl.controller.ledger import Ledger, Part
from cellctl.devices import Condition, Device, Quality, Signal
from cellctl.errors import UsageError
from cellctl.recipe.cell import Cell
from cellctl.recipe.expressions import EvaluationError, Expr, Stale
from cellctl.recipe.program import Program

COUNTERS = ("handled", "seen", "placed", "rejected", "dropped", "missed", "removed")


class CellValues:
    """Names in a cell file: its signals, and ``device.signal``."""

    def __init__(self, cell: Cell, devices: Mapping[str, Device]) -> None:
        self.cell = cell
        self.devices = devices

    def lookup(self, name: str, field: str | None) -> Any:
        """The value of a name. Raises Stale for a signal that is not good, UsageError for an unknown name."""
        device, signal = self.signal_of(name, field)
        return self.good(device, signal, name if field is None else f"{name}.{field}")

    def good(self, device: str, signal: str, called: str) -> Any:
        """The value of a device's signal. Raises Stale where it cannot be trusted."""
        found = self.read(device, signal)
        if found.quality is not Quality.GOOD:
            raise Stale(f"{called} is {self.tell(found, device)}", where=device)
        return found.value

    def read(self, device: str, signal: str) -> Signal:
        """The signal; BAD where the driver has not told of it yet."""
        try:
            return self.devices[device].signal(signal)
        except UsageError:
            return Signal(signal, None, quality=Quality.BAD)

    def signal_of(self, name: str, field: str | None) -> tuple[str, str]:
        """The device and its signal that a name stands for. Raises UsageError."""
        if field is None and name in self.cell.signals:
            found = self.cell.signals[name]
            return found.device, found.signal
        if field is not None and name in self.devices:
            return name, field
        raise UsageError(f"nothing is called {name if field is None else f'{name}.{field}'}")

    def sources(self, expr: Expr) -> frozenset[str]:
        """The board's keys for everything that the value depends on."""
        keys: set[str] = set()
        for reference in expr.names:
            name, _, field = reference.partition(".")
            keys.update(self._keys(name, field or None))
        return frozenset(keys)

    def _keys(self, name: str, field: str | None) -> Iterator[str]:
        device, signal = self.signal_of(name, field)
        yield f"{device}.{signal}"

    def tell(self, signal: Signal, device: str) -> str:
        """A signal's value in words: ``off``, or why it is not known."""
        if signal.quality is not Quality.GOOD:
            health = self.devices[device].health
            offline = f", {device} is offline" if health.condition is Condition.OFFLINE else ""
            return f"not known ({signal.quality.value}{offline})"
        if isinstance(signal.value, bool):
            return "on" if signal.value else "off"
        return f"{signal.value} {signal.unit}".strip()

    def explain(self, expr: Expr) -> tuple[str, str]:
        """What the signals in an expression are now, and which sensors they are, with their tags."""
        told: list[str] = []
        sensors: list[str] = []
        for reference in sorted(expr.names):
            name, _, field = reference.partition(".")
            for key in sorted(self._keys(name, field or None)):
                device, _, signal = key.partition(".")
                if device in self.devices and signal:
                    told.append(f"{reference} is {self.tell(self.read(device, signal), device)}")
                    sensors.append(self._sensor(reference, device, signal))
        return ", ".join(told), ", ".join(sensors)

    def _sensor(self, reference: str, device: str, signal: str) -> str:
        for named in self.cell.signals.values():
            if (named.device, named.signal) == (device, signal):
                return f"{named.name} {named.tag} ({device}.{signal})".replace("  ", " ")
        return f"{reference} ({device}.{signal})" if reference != f"{device}.{signal}" else reference


class RunValues(CellValues):
    """Names in a recipe: variables, parts, counters, parameters, roles; then those of the cell."""

    def __init__(
        self, cell: Cell, devices: Mapping[str, Device], program: Program, ledger: Ledger,
        variables: dict[str, Variable],
    ) -> None:  # fmt: skip
        super().__init__(cell, devices)
        self.program = program
        self.ledger = ledger
        self.variables = variables

    def lookup(self, name: str, field: str | None) -> Any:
        """See CellValues. Raises EvaluationError for a variable without a value, StationFull for ``slot``."""
        if name in self.variables:
            return self._variable(name, field)
        if field is None and name in COUNTERS:
            return self.ledger.counts()[name]
        if field is None and name in self.program.parameters:
            return self.program.parameters[name]
        bound = self.program.bindings.get(name, name)
        if bound in self.cell.stations and field is not None:
            return self._station(bound, field)
        if field is None and bound in self.cell.positions:
            return self.cell.positions[bound].target
        if field is None and bound not in self.cell.signals and bound not in self.devices:
            raise EvaluationError(f"{name} has no value yet")
        return super().lookup(bound, field)

    def part(self, variable: str) -> Any:
        """The part that a variable stands for. Raises EvaluationError."""
        value = self.variables.get(variable)
        if not isinstance(value, PartRef):
            raise EvaluationError(f"{variable} stands for no part yet")
        return self._found(variable, value)

    def _found(self, name: str, known: PartRef) -> Part:
        part = self.ledger.find(known.part)
        if part is None:
            raise EvaluationError(f"{name} stands for part {known.part}, which ended so long ago that it is forgotten")
        return part

    def _variable(self, name: str, field: str | None) -> Any:
        value = self.variables[name]
        if field is None:
            return value
        if isinstance(value, PartRef):
            held = getattr(self._found(name, value), field, None)
        elif isinstance(value, dict):
            held = value.get(field)
        else:
            held = None
        if held is None:
            raise EvaluationError(f"{name}.{field} has no value")
        return held

    def _station(self, name: str, field: str) -> Any:
        station, ledger = self.cell.stations[name], self.ledger
        if field == "present":
            if station.present is None:
                raise EvaluationError(f"station {name} has no sensor for present")
            return super().lookup(station.present, None)
        if field in {"full", "count"}:
            return ledger.full(name) if field == "full" else ledger.count(name)
        if field == "capacity":
            return station.capacity if station.capacity is not None else len(station.slots)
        index = ledger.next_slot(name) if field == "slot" else ledger.count(name) - 1
        if not 0 <= index < len(station.slots):
            raise EvaluationError(f"{name}.{field} has no value: station {name} has {len(station.slots)} slots")
        return station.slots[index]

    def _keys(self, name: str, field: str | None) -> Iterator[str]:
        bound = self.program.bindings.get(name, name)
        if name in self.variables or name in COUNTERS:
            yield from ("variables", "ledger")
        elif field is not None and bound in self.cell.stations:
            yield "ledger"
            present = self.cell.stations[bound].present
            if field == "present" and present is not None:
                yield from super()._keys(present, None)
        elif field is not None and bound in self.devices:
            yield f"{bound}.{field}"
        elif field is None and bound in self.cell.signals:
            yield from super()._keys(bound, None)
        else:
            yield "variables"
