"""The driver contract finds drivers that break it. Each broken one differs from a good one in one place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cellctl import clock
from cellctl.devices import Condition, Identity
from cellctl.testing.contract import DriverContract
from cellctl_drivers.cognex import DRIVER
from cellctl_drivers.cognex.driver import InSight

ENTRY = {
    "link": "tcp 192.168.0.11",
    "job": "bracket_r7.job",
    "results": {"found": "B002", "x": "C002", "y": "D002", "angle": "E002", "good": "F002", "code": "Part.Code"},
}


class RunRaises(InSight):
    async def run(self) -> None:
        session = await self._open()
        try:
            await self._watch(session)
        finally:
            await session.aclose()


class NeverOffline(InSight):
    def set_health(self, condition: Condition, text: str = "", hint: str = "") -> None:
        if condition is not Condition.OFFLINE:
            super().set_health(condition, text, hint)


class NoHint(InSight):
    def set_health(self, condition: Condition, text: str = "", hint: str = "") -> None:
        super().set_health(condition, text, "")


class ConnectsWhenMade(InSight):
    def __init__(self, name: str, config: Any, links: Any) -> None:
        super().__init__(name, config, links)
        links.network.attempts += 1


class WritesWhenConnecting(InSight):
    async def _look(self, session: Any) -> None:
        await session.status("SO1", 1.0)
        await super()._look(session)


class LeavesTheLineOpen(InSight):
    async def identify(self) -> Identity:
        await self.links.connect(self.address)
        return Identity("Cognex", "x")


class StopHangs(InSight):
    async def stop(self, *, fast: bool) -> None:
        await clock.sleep(60.0)


class ActionHangs(InSight):
    async def inspect(self) -> dict[str, Any]:
        while True:
            await clock.sleep(1.0)


class ActionRaisesAnything(InSight):
    async def inspect(self) -> dict[str, Any]:
        raise ValueError("what?")


class ForgetsAField(InSight):
    def publish(self, name: str, value: Any, unit: str = "") -> None:
        if name != "online":
            super().publish(name, value, unit)


class TellsAWrongKind(InSight):
    def publish(self, name: str, value: Any, unit: str = "") -> None:
        super().publish(name, str(value), unit)


class Contract(DriverContract):
    entry = ENTRY

    def writes(self, address: object, data: bytes) -> bool:
        return data.startswith(b"S")


def contract(device: type[InSight]) -> Contract:
    made = type("Contract", (Contract,), {"driver": replace(DRIVER, device=f"{__name__}:{device.__name__}")})
    return made()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("device", "test", "arguments"),
    [
        (RunRaises, "test_survives_a_fault_from_the_start", ("refused",)),
        (NeverOffline, "test_survives_a_fault_and_returns", ("silent",)),
        (NoHint, "test_survives_a_fault_and_returns", ("refused",)),
        (ConnectsWhenMade, "test_is_made_without_touching_the_wire", ()),
        (WritesWhenConnecting, "test_connecting_only_reads", ()),
        (LeavesTheLineOpen, "test_identifies_itself_with_and_without_a_connection", ()),
        (StopHangs, "test_stop_is_bounded_whatever_the_wire_does", (True,)),
        (ActionHangs, "test_an_action_is_confirmed_when_it_returns", ()),
        (ActionHangs, "test_an_action_ends_when_the_wire_fails", ("silent", 0.03)),
        (ActionRaisesAnything, "test_an_action_ends_when_the_wire_fails", ("silent", 0.3)),
        (ForgetsAField, "test_publishes_its_fields", ()),
        (TellsAWrongKind, "test_publishes_its_fields", ()),
    ],
)
def test_a_broken_driver_is_found(device: type[InSight], test: str, arguments: tuple[Any, ...]) -> None:
    getattr(contract(InSight), test)(*arguments)  # the good one passes
    with pytest.raises((Exception, pytest.fail.Exception)):
        getattr(contract(device), test)(*arguments)
