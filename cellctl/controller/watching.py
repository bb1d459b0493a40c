"""Keeps the devices running, and turns what they tell into the board's changes and into events."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from cellctl.controller.causes import by_device
from cellctl.controller.packml import State
from cellctl.controller.unit import Unit
from cellctl.devices import Condition, Device, Signal
from cellctl.events import DeviceChanged, SignalChanged

#: A lost device has a reaction of its own in the cell file.
UNABLE = frozenset({Condition.FAULT, Condition.NOT_READY})
_log = logging.getLogger(__name__)


class Watching:
    """Whoever waits for a signal, and the interlocks, hear of it first; events follow."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._unwatch: list[Callable[[], None]] = []
        cell = unit.cell
        self._named = {(each.device, each.signal): each for each in cell.signals.values()}
        self._matters = {
            name: [interlock.name for interlock in cell.interlocks if name in interlock.trips_when.names]
            for name in cell.signals
        }
        self._recorded: dict[str, object] = {}  # what the last record of a signal told

    def open(self) -> None:
        """Begin to watch, interlocks first."""
        self._unit.interlocks.open()
        for device in self._unit.fleet.devices.values():
            self._unwatch.append(device.watch(partial(self._hear, device)))

    def close(self) -> None:
        """Watch no more."""
        self._unit.interlocks.close()
        for unwatch in self._unwatch:
            unwatch()
        self._unwatch.clear()

    async def keep(self, device: Device) -> None:
        """Run a device until cancelled. A driver that ends or fails is a lost device, with the reason."""
        try:
            await device.run()
        except Exception as error:
            _log.exception("the driver of %s failed", device.name)
            reason = f"its driver failed: {error!r}"
        else:
            reason = "its driver has ended"
        device.set_health(Condition.OFFLINE, reason, "Look at controller.log, and start the controller again")

    def _look_at_belt(self, device: Device) -> None:
        """No command waits for a belt that runs: it is told of here that it cannot run any more."""
        unit = self._unit
        runs = unit.position is not None and device.name in unit.position.belts
        if runs and unit.machine.state is State.EXECUTE and device.health.condition in UNABLE:
            unit.react("hold", by_device(device, unit.ledger))

    def _hear(self, device: Device, signal: Signal) -> None:
        self._unit.board.changed(f"{device.name}.{signal.name}")
        named = self._named.get((device.name, signal.name))
        if signal.name == "health":
            health = device.health
            self._unit.bulletin.tell(
                DeviceChanged(
                    device=device.name, condition=health.condition.value, emulated=device.emulated,
                    text=health.text, hint=health.hint,
                )
            )  # fmt: skip
            self._look_at_belt(device)
            if self._unit.fleet.owing():
                self._unit.supervisor.spawn("stops that are owed", self._unit.fleet.repay_all())
        elif named is not None:
            event = SignalChanged(name=named.name, value=signal.value, quality=signal.quality.value, tag=named.tag)
            self._unit.bulletin.tell(event, record=self._decides(named.name, signal))

    def _decides(self, name: str, signal: Signal) -> bool:
        """Whether the journal has this change: an interlock depends on it. Of a number, where one trips or is over."""
        interlocks = self._matters[name]
        if not interlocks:
            return False
        number = isinstance(signal.value, int | float) and not isinstance(signal.value, bool)
        tripped = {trip.name for trip in self._unit.interlocks.active}
        told = (None if number else signal.value, signal.quality, [each in tripped for each in interlocks])
        before, self._recorded[name] = self._recorded.get(name), told
        return told != before
