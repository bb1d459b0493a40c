"""Interlocks and lost devices: when they trip, what they withdraw, and that they stay tripped until Reset.

A condition that is not known counts as tripped. When it is restored, that gives nothing back: a
person's Reset acknowledges it, and a separate Unhold or Start goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from cellctl.controller.board import Board
from cellctl.controller.values import CellValues
from cellctl.devices import Condition, Device
from cellctl.errors import CellError
from cellctl.events import Stopped
from cellctl.recipe.cell import Interlock
from cellctl.recipe.expressions import Stale

HEALTH = "health"
INTERLOCKS = "interlocks"  # the board's key for a change of what is tripped


@dataclass(frozen=True, slots=True)
class Trip:
    """One thing that can trip. ``then`` is the reaction, ``withdraw`` the arms that lose their permit at once."""

    name: str
    then: str
    withdraw: tuple[str, ...]
    what: str
    sensor: str
    action: str

    def cause(self, part: str) -> Stopped:
        """As the first-out cause; ``part`` says where the part is."""
        return Stopped(what=self.what, sensor=self.sensor, part=part, action=self.action, reaction=self.then)


class Interlocks:
    """Watches every interlock of the cell and every device. ``on_trip`` is called on each edge, at once."""

    def __init__(self, values: CellValues, board: Board, on_trip: Callable[[Trip], None]) -> None:
        self._values = values
        self._board = board
        self._on_trip = on_trip
        self._active: dict[str, Trip] = {}
        self._latched: dict[str, Trip] = {}
        self._unwatch: list[Callable[[], None]] = []

    def open(self) -> None:
        """Begin to watch; what is tripped already is found without telling ``on_trip``."""
        cell = self._values.cell
        for name, device in self._values.devices.items():
            self._unwatch.append(self._board.watch({f"{name}.{HEALTH}"}, partial(self._look_at, device)))
            self._set(f"{name}_lost", self._lost(device), quiet=True)
        for interlock in cell.interlocks:
            keys = self._values.sources(interlock.trips_when)
            self._unwatch.append(self._board.watch(keys, partial(self._look, interlock)))
            self._set(interlock.name, self._tripped(interlock), quiet=True)

    def close(self) -> None:
        """Watch no more."""
        for unwatch in self._unwatch:
            unwatch()
        self._unwatch.clear()

    def latch(self, trip: Trip) -> None:
        """It stays tripped until it is acknowledged."""
        self._latched.setdefault(trip.name, trip)

    def acknowledge(self) -> list[str]:
        """A person's Reset: those whose condition is restored are given back. Returns their names."""
        given_back = list(self.restored)
        for name in given_back:
            del self._latched[name]
        return given_back

    def forget(self) -> None:
        """Everything is looked at anew: what is tripped now is tripped, nothing else is remembered."""
        self._latched.clear()

    @property
    def active(self) -> tuple[Trip, ...]:
        """Those whose condition is true or not known now."""
        return tuple(self._active.values())

    @property
    def restored(self) -> tuple[str, ...]:
        """Those that are restored and not acknowledged."""
        return tuple(name for name in self._latched if name not in self._active)

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are tripped, or restored and not acknowledged."""
        return tuple(dict.fromkeys((*self._latched, *self._active)))

    def blocking(self) -> tuple[Trip, ...]:
        """Everything that Start, Unhold and Unsuspend are refused for: first-out first."""
        return tuple({**self._latched, **{n: t for n, t in self._active.items() if n not in self._latched}}.values())

    # ----------------------------------------------------------------------------------------

    def _look(self, interlock: Interlock) -> None:
        for reference in interlock.trips_when.names:  # a lost device is the cause, not the signals it takes along
            name, _, field = reference.partition(".")
            device = self._values.devices[self._values.signal_of(name, field or None)[0]]
            self._look_at(device)
        self._set(interlock.name, self._tripped(interlock))

    def _look_at(self, device: Device) -> None:
        self._set(f"{device.name}_lost", self._lost(device))

    def _set(self, name: str, trip: Trip | None, *, quiet: bool = False) -> None:
        if trip is None:
            if self._active.pop(name, None) is not None:
                self._board.changed(INTERLOCKS)
        elif name in self._active:
            self._active[name] = trip  # tripped still, and what is told of it may be another thing now
        else:
            self._active[name] = trip
            if not quiet:
                self._on_trip(trip)
            self._board.changed(INTERLOCKS)

    def _tripped(self, interlock: Interlock) -> Trip | None:
        try:
            if not interlock.trips_when.evaluate(self._values.lookup):
                return None
            what, sensor = self._values.explain(interlock.trips_when)
        except Stale:
            what, sensor = self._values.explain(interlock.trips_when)
        except CellError as error:
            what, sensor = str(error), ""
        return Trip(
            interlock.name, interlock.then, interlock.withdraw, f"{interlock.name}: {what}", sensor, interlock.action
        )

    def _lost(self, device: Device) -> Trip | None:
        then = self._values.cell.on_lost.get(device.name)
        if then is None or device.health.condition is not Condition.OFFLINE:
            return None
        health = device.health
        return Trip(
            f"{device.name}_lost",
            then,
            (),
            f"{device.name} is lost: {health.text}",
            f"{device.name} ({device.config.link})",
            health.hint or f"Look at the link of {device.name}: {device.config.link}",
        )
