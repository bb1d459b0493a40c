"""The devices of a cell, taken together: stop, permits, readiness, and what a pause must find again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

from cellctl import clock
from cellctl.controller.bulletin import Bulletin
from cellctl.controller.interrupts import bounded
from cellctl.controller.ledger import Ledger
from cellctl.devices import Condition, Conveyor, Device, Gripper, Joints, Quality, Robot
from cellctl.errors import CellError, NotReady

STOP_WITHIN = 5.0  # s for a device to confirm that it stands: longer than any ramp of ours
PERMIT_WITHIN = 3.0
PREPARE_WITHIN = 120.0  # a drive that powers up 90 s late is waited for
SETTLE_WITHIN = 2.0  # s for signals to be good after a permit was given
SAME_PLACE = 0.02  # rad, each joint
AGAIN = 0.5  # s before a stop that was not confirmed is sent again


class Fleet:
    """Every device of the cell by name."""

    def __init__(self, devices: Mapping[str, Device], bulletin: Bulletin) -> None:
        self.devices = devices
        self.preparing: dict[str, float] = {}  # the devices that are being made ready, each since when
        self._bulletin = bulletin
        self._owed: dict[str, bool] = {}  # lost devices that are to be stopped when they return; whether fast
        self._paying = asyncio.Lock()  # a stop that is owed does not come amidst a Reset
        self._complaints: set[tuple[str, str]] = set()  # noted, and not confirmed since

    @property
    def emulated(self) -> bool:
        """Whether nothing of the cell is real."""
        return all(device.emulated for device in self.devices.values())

    @property
    def robots(self) -> list[Robot]:
        """The arms."""
        return [device for device in self.devices.values() if isinstance(device, Robot)]

    @property
    def grippers(self) -> list[Gripper]:
        """The hands."""
        return [device for device in self.devices.values() if isinstance(device, Gripper)]

    async def stop(self, *, fast: bool, names: Container[str] | None = None) -> dict[str, CellError]:
        """Stop every device that is there (of those named, where names are given), all at the same time.

        Never raises: gives what did not confirm, by the device's name, and notes it. Lost devices are owed theirs.
        """
        chosen = [device for device in self.devices.values() if names is None or device.name in names]
        there = [device for device in chosen if device.health.condition is not Condition.OFFLINE]
        errors = await self._all("did not confirm its stop", STOP_WITHIN, {d.name: d.stop(fast=fast) for d in there})
        for device in chosen:
            if device.health.condition is Condition.OFFLINE:
                self._owed[device.name] = fast or self._owed.get(device.name, False)
        return errors

    def restless(self) -> list[str]:
        """Arms and belts that are not known to stand."""
        told = [(each, "moving" if isinstance(each, Robot) else "running")
                for each in self.devices.values() if isinstance(each, Robot | Conveyor)]  # fmt: skip
        signals = {device.name: device.signal(field) for device, field in told}
        return [name for name, each in signals.items() if each.quality is not Quality.GOOD or each.value]

    # -- stops that are owed -----------------------------------------------------------------

    def owing(self) -> list[str]:
        """Devices that are there again and have not been stopped since."""
        return [name for name in self._owed if self.devices[name].health.condition is not Condition.OFFLINE]

    async def repay(self) -> dict[str, CellError]:
        """Stop those once, and withdraw their permits; what did not confirm, by the device's name."""
        async with self._paying:
            fast = {name: self._owed.pop(name) for name in self.owing()}
            if not fast:
                return {}
            errors = await self.stop(fast=any(fast.values()), names=fast)
            errors = {**await self.withdraw(fast), **errors}
            self._owed.update({name: fast[name] for name in errors})
            return errors

    async def repay_all(self) -> None:
        """The same again and again, until each has confirmed it or is lost."""
        while self.owing():
            if await self.repay():
                await clock.sleep(AGAIN)

    # ----------------------------------------------------------------------------------------

    async def rest_alone(self) -> None:
        """Wait until the devices that are lost have come to rest by themselves: nobody can tell them to."""
        lost = self.not_ready([Condition.OFFLINE])
        due = max((device.health.since + device.rests_within for device in lost), default=0.0)
        await clock.sleep(max(0.0, due - clock.now()))

    async def withdraw(self, names: Container[str] | None = None) -> dict[str, CellError]:
        """Withdraw the motion permit of arms (of all, where no names are given). Never raises.

        Gives what did not confirm, by the arm's name, and notes it. A lost arm is told too, for when it
        returns: it cannot confirm that.
        """
        chosen = [robot for robot in self.robots if names is None or robot.name in names]
        lost = [robot.name for robot in chosen if robot.health.condition is Condition.OFFLINE]
        return await self._all("did not confirm that its permit is withdrawn", PERMIT_WITHIN,
                               {robot.name: robot.set_permit(False) for robot in chosen}, lost)  # fmt: skip

    async def give(self) -> None:
        """Give every arm its motion permit; this moves nothing. Raises CellError of the first that refuses."""
        for robot in self.robots:
            error = await bounded(robot.set_permit(True), PERMIT_WITHIN)
            if error is not None:
                raise _located(error, robot.name)

    async def prepare(self, chosen: Callable[[Device], bool], *, part_held: bool) -> dict[str, CellError]:
        """Make devices ready, all at the same time; what those that are not failed with."""
        names = [device.name for device in self.devices.values() if chosen(device)]
        async with self._paying:
            for name in names:
                self._owed.pop(name, None)  # making it ready stops what turns
        work = (self._prepare(self.devices[name], part_held=part_held) for name in names)
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

    def part_held(self, ledger: Ledger, *, empty: Container[str] = ()) -> bool:
        """Whether a part may be in a hand: by the ledger, by the fingers, or because they cannot tell.

        ``empty`` are the hands of which a person has said that nothing is in them: asked where they cannot tell.
        """
        feels = {hand.name: self.feels(hand.name) for hand in self.grippers}
        maybe = any(felt or (felt is None and name not in empty) for name, felt in feels.items())
        return bool(ledger.in_hand()) or maybe

    async def _prepare(self, device: Device, *, part_held: bool) -> CellError | None:
        self.preparing[device.name] = clock.now()
        try:
            return await bounded(device.prepare(part_held=part_held), PREPARE_WITHIN)
        finally:
            self.preparing.pop(device.name, None)

    async def _all(
        self, complaint: str, within: float, work: Mapping[str, Any], lost: Container[str] = ()
    ) -> dict[str, CellError]:
        results = await asyncio.gather(*(bounded(each, within) for each in work.values()))
        pairs = zip(work, results, strict=True)
        errors = {name: error for name, error in pairs if error is not None and name not in lost}
        for name in work:
            if name not in errors:
                self._complaints.discard((name, complaint))
            elif (name, complaint) not in self._complaints:  # once, however often it is tried
                self._complaints.add((name, complaint))
                self._bulletin.note("error", f"{name} {complaint}: {errors[name]}")
        return errors


def _located(error: CellError, name: str) -> CellError:
    if not error.where:
        error.where = name
    return error
