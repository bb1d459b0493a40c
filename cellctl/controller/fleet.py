"""The devices of a cell, taken together: stop, permits, readiness, and what a pause must find again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cellctl.controller.bulletin import Bulletin
from cellctl.controller.interrupts import bounded
from cellctl.controller.ledger import Ledger
from cellctl.devices import Condition, Device, Gripper, Joints, Quality, Robot
from cellctl.errors import CellError, NotReady

STOP_WITHIN = 5.0  # s for a device to confirm that it stands: longer than any ramp of ours
PERMIT_WITHIN = 3.0
PREPARE_WITHIN = 120.0  # a drive that powers up 90 s late is waited for
SETTLE_WITHIN = 2.0  # s for signals to be good after a permit was given
SAME_PLACE = 0.02  # rad, each joint


class Fleet:
    """Every device of the cell by name."""

    def __init__(self, devices: Mapping[str, Device], bulletin: Bulletin) -> None:
        self.devices = devices
        self._bulletin = bulletin

    @property
    def robots(self) -> list[Robot]:
        """The arms."""
        return [device for device in self.devices.values() if isinstance(device, Robot)]

    @property
    def grippers(self) -> list[Gripper]:
        """The hands."""
        return [device for device in self.devices.values() if isinstance(device, Gripper)]

    async def stop(self, *, fast: bool) -> None:
        """Stop every device that is there, all at the same time. Never raises: what does not confirm is noted."""
        there = [device for device in self.devices.values() if device.health.condition is not Condition.OFFLINE]
        await self._all("did not confirm its stop", STOP_WITHIN, {d.name: d.stop(fast=fast) for d in there})

    async def withdraw(self, names: Iterable[str] | None = None) -> None:
        """Withdraw the motion permit of arms (of all, where no names are given). Never raises."""
        chosen = [robot for robot in self.robots if names is None or robot.name in names]
        there = [robot for robot in chosen if robot.health.condition is not Condition.OFFLINE]
        await self._all("did not confirm that its permit is withdrawn", PERMIT_WITHIN,
                        {robot.name: robot.set_permit(False) for robot in there})  # fmt: skip

    async def give(self) -> None:
        """Give every arm its motion permit; this moves nothing. Raises CellError of the first that refuses."""
        for robot in self.robots:
            error = await bounded(robot.set_permit(True), PERMIT_WITHIN)
            if error is not None:
                raise _located(error, robot.name)

    async def prepare(self, chosen: Callable[[Device], bool], *, part_held: bool) -> dict[str, CellError]:
        """Make devices ready, all at the same time; what those that are not failed with."""
        names = [device.name for device in self.devices.values() if chosen(device)]
        work = (bounded(self.devices[name].prepare(part_held=part_held), PREPARE_WITHIN) for name in names)
        errors = await asyncio.gather(*work)
        return {name: error for name, error in zip(names, errors, strict=True) if error is not None}

    def not_ready(self, conditions: Iterable[Condition]) -> list[Device]:
        """The devices whose health is one of ``conditions``."""
        wanted = set(conditions)
        return [device for device in self.devices.values() if device.health.condition in wanted]

    def joints(self) -> dict[str, Joints]:
        """Where every arm is that tells it."""
        found: dict[str, Joints] = {}
        for robot in self.robots:
            try:
                found[robot.name] = robot.joints()
            except NotReady:
                continue
        return found

    def displaced(self, before: Mapping[str, Joints]) -> list[tuple[str, int, float]]:
        """The arms that are not where they were: name, the axis (from 1) that is furthest off, by how much (rad)."""
        off: list[tuple[str, int, float]] = []
        now = self.joints()
        for name, joints in before.items():
            away = [abs(a - b) for a, b in zip(joints, now.get(name, ()), strict=False)]
            if not away:
                off.append((name, 0, 0.0))
            elif max(away) > SAME_PLACE:
                axis = away.index(max(away))
                off.append((name, axis + 1, away[axis]))
        return off

    def feels(self, name: str) -> bool | None:
        """Whether a gripper feels a part; None where it does not say."""
        device = self.devices[name]
        signal = device.signal("holding") if "holding" in (*device.fields, *device.signals) else None
        return bool(signal.value) if signal is not None and signal.quality is Quality.GOOD else None

    def part_held(self, ledger: Ledger) -> bool:
        """Whether a part may be in a hand: by the ledger or by the fingers, or because nobody knows."""
        return bool(ledger.in_hand()) or any(self.feels(hand.name) for hand in self.grippers)

    async def _all(self, complaint: str, within: float, work: Mapping[str, Any]) -> None:
        errors = await asyncio.gather(*(bounded(each, within) for each in work.values()))
        for name, error in zip(work, errors, strict=True):
            if error is not None:
                self._bulletin.note("error", f"{name} {complaint}: {error}")


def _located(error: CellError, name: str) -> CellError:
    if not error.where:
        error.where = name
    return error
