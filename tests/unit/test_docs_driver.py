"""The driver that docs/drivers.md builds keeps the contract, and settles a write whose answer was lost."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar, cast

import pytest

from cellctl.devices import Device, DigitalIO
from cellctl.errors import InDoubt, UsageError
from cellctl.links import NoReply, Table
from cellctl.testing.contract import DriverContract
from cellctl.testing.rig import NAME, Rig
from cellctl.testing.work import confirmed

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "examples"))

from io_box import DRIVER
from io_box.emulator import IoBoxEmulator


class TestIoBox(DriverContract):
    driver = DRIVER
    entry: ClassVar = {"link": "tcp 192.168.0.30"}

    async def work(self, device: Device) -> str:
        box = cast(DigitalIO, device)
        for on in (True, False):
            await box.set_output(3, on)
            assert confirmed(box, "do3") is on
        return "switched output 3 on and off"

    def test_inputs_follow_the_world(self) -> None:
        async def story(made: Rig) -> None:
            await made.connected()
            assert confirmed(made.device, "di1") is True
            made.plant.inputs[NAME](1, False)
            await made.wait_for(lambda: confirmed(made.device, "di1") is False, 1.0, "the input to be read")

        self._play(story)

    def test_there_are_eight_outputs(self) -> None:
        async def story(made: Rig) -> None:
            await made.connected()
            with pytest.raises(UsageError, match="no output 8"):
                await cast(DigitalIO, made.device).set_output(8, True)

        self._play(story)

    def test_a_lost_answer_is_settled_by_reading_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        obeys = IoBoxEmulator.write

        def mute(self: IoBoxEmulator, table: Table, address: int, values: list[int]) -> None:
            obeys(self, table, address, values)
            raise NoReply

        async def story(made: Rig) -> None:
            await made.connected()
            monkeypatch.setattr(IoBoxEmulator, "write", mute)
            await cast(DigitalIO, made.device).set_output(0, True)
            assert made.plant.outputs[NAME, 0] is True

        self._play(story)

    def test_an_unheard_write_is_in_doubt(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def deaf(self: IoBoxEmulator, table: Table, address: int, values: list[int]) -> None:
            raise NoReply

        async def story(made: Rig) -> None:
            await made.connected()
            monkeypatch.setattr(IoBoxEmulator, "write", deaf)
            with pytest.raises(InDoubt):
                await cast(DigitalIO, made.device).set_output(0, True)
            assert not made.plant.outputs

        self._play(story)


class TestIoBoxOnASerialLine(TestIoBox):
    entry: ClassVar = {"link": "rtu /dev/ttyUSB0 unit 5 19200 8N1"}
