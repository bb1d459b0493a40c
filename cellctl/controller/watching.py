"""Keeps the devices running, and turns what they tell into the board's changes and into events."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from cellctl.controller.unit import Unit
from cellctl.devices import Condition, Device, Signal
from cellctl.events import DeviceChanged, SignalChanged

_log = logging.getLogger(__name__)


class Watching:
    """Whoever waits for a signal, and the interlocks, hear of it first; events follow."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._unwatch: list[Callable[[], None]] = []
        cell = unit.cell
        self._named = {(each.device, each.signal): each for each in cell.signals.values()}
        references = {name for interlock in cell.interlocks for name in interlock.trips_when.names}
        self._matters = {each.name for each in cell.signals.values() if each.name in references}

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
        elif named is not None:
            event = SignalChanged(name=named.name, value=signal.value, quality=signal.quality.value, tag=named.tag)
            self._unit.bulletin.tell(event, record=named.name in self._matters)
