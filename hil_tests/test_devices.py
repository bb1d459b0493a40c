"""Identity, signals, one command and its confirmation, for each device of the cell."""

from __future__ import annotations

import pytest

from cellctl import clock
from cellctl.devices import Condition, Quality
from cellctl.links import Links, SystemNetwork
from cellctl.testing.running import run_real
from cellctl.testing.work import command_and_confirm
from hil_tests.bench import Bench, Unit, make

SETTLE = 1.0  # s until every signal has been polled


def tell(bench: Bench, unit: Unit, text: str) -> None:
    print(f"{unit}: {text}")
    bench.told.setdefault(unit.name, []).append(text)


def test_identity(bench: Bench, unit: Unit) -> None:
    async def main() -> None:
        links = Links(SystemNetwork())
        try:
            device = make(bench.cell.devices[unit.name], links)
            assert device.emulated == unit.emulated
            identity = await device.identify()
        finally:
            await links.aclose()
        assert identity.vendor
        assert identity.model
        words = (identity.vendor, identity.model, identity.serial, identity.firmware)
        tell(bench, unit, f"identity: {', '.join(word for word in words if word)} at {identity.address}")

    run_real(main())


def test_signals(bench: Bench, unit: Unit) -> None:
    async def main() -> None:
        async with bench.device(unit.name) as device:
            await clock.sleep(SETTLE)
            assert device.health.condition is not Condition.OFFLINE, device.health.text
            mapped = [signal.signal for signal in bench.cell.signals.values() if signal.device == unit.name]
            for name in (*device.fields, *mapped):
                signal = device.signal(name)
                assert signal.quality is Quality.GOOD, f"{unit.name}.{name} is {signal.quality}"
                assert clock.now() - signal.time < 2 * SETTLE, f"{unit.name}.{name} is not confirmed any more"
            values = ", ".join(f"{name} = {device.signal(name).value}" for name in (*device.fields, *mapped))
            tell(bench, unit, f"signals: {values}")

    run_real(main())


def test_command_and_confirmation(bench: Bench, unit: Unit, may_move: bool) -> None:
    async def main() -> str:
        async with bench.device(unit.name) as device:
            try:
                return await command_and_confirm(device, motion=may_move)
            finally:
                if may_move:  # also where the command failed; hardware that may not be moved is left as it is
                    await device.stop(fast=False)

    done = run_real(main(), deadline=180.0)
    if not done:
        pytest.skip("every command of this device moves it: give --allow-motion, and stand clear")
    tell(bench, unit, f"command: {done}")
