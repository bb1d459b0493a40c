"""The status: everything that a screen shows at its start."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any

from cellctl import clock
from cellctl.controller.guards import reason_against
from cellctl.controller.ledger import capacity_of
from cellctl.controller.packml import State
from cellctl.controller.unit import Unit
from cellctl.controller.values import CellValues
from cellctl.devices import Condition, Device
from cellctl.events import Status, Stopped


def status_of(unit: Unit, cause: Stopped | None, more_legal: tuple[str, ...]) -> Status:
    """The unit as it is now. ``more_legal`` are commands that are taken though the PackML table has them not."""
    program = unit.program
    machine = unit.machine
    legal = tuple(command.text for command in machine.legal() if reason_against(unit, command) is None)
    return Status(
        cell=unit.cell.name,
        pid=os.getpid(),
        state=machine.state.text,
        mode=machine.mode.text,
        legal=legal + more_legal,
        run=unit.bulletin.run,
        recipe=program.recipe if program is not None else "",
        version=program.version if program is not None else 0,
        steps=(*(unit.sequencer.steps() if unit.sequencer is not None else ()), *_readying(unit)),
        counts=unit.ledger.counts(),
        cycle_time=unit.ledger.cycle_time(),
        cause=cause.to_json() if cause is not None else None,
        trips=unit.interlocks.names,
        questions=unit.questions.to_json(),
        devices=tuple(_device(device) for device in unit.fleet.devices.values()),
        signals=_signals(unit),
        stations=_stations(unit),
        unfinished=unit.unfinished,
    )


def _readying(unit: Unit) -> tuple[dict[str, Any], ...]:
    """What a Reset waits for, as a branch tells it: one a device."""
    lost = unit.fleet.not_ready([Condition.OFFLINE]) if unit.machine.state is State.RESETTING else []
    waits = {each.name: (f"{each.name} to be reached: {each.health.text}", each.health.since) for each in lost}
    waits |= {name: (f"{name} to be made ready", since) for name, since in unit.fleet.preparing.items()}
    if unit.is_readying and not waits:  # it begins, or what it has begun comes to rest
        waits["reset"] = ("the devices to be looked at", clock.now())
    return tuple(
        {"branch": name, "address": "(reset)", "text": "Reset", "since": since, "for": clock.now() - since,
         "waits_for": text}
        for name, (text, since) in waits.items()
    )  # fmt: skip


def _device(device: Device) -> dict[str, Any]:
    health = asdict(device.health)
    return {
        "name": device.name,
        "driver": device.config.driver,
        "link": device.config.link,
        "emulated": device.emulated,
        **health,
        "condition": device.health.condition.value,
    }


def _signals(unit: Unit) -> tuple[dict[str, Any], ...]:
    values = CellValues(unit.cell, unit.fleet.devices)
    found: list[dict[str, Any]] = []
    for named in unit.cell.signals.values():
        signal = values.read(named.device, named.signal)
        found.append({
            "name": named.name,
            "value": signal.value,
            "unit": signal.unit,
            "quality": signal.quality.value,
            "tag": named.tag,
            "source": f"{named.device}.{named.signal}",
            "description": named.description,
        })  # fmt: skip
    return tuple(found)


def _stations(unit: Unit) -> tuple[dict[str, Any], ...]:
    return tuple(
        {
            "name": name,
            "count": unit.ledger.count(name),
            "capacity": capacity_of(station),
            "full": unit.ledger.full(name),
        }
        for name, station in unit.cell.stations.items()
    )
