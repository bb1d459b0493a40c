"""The Robotiq driver through its public door, against the emulated gripper on a serial line in memory."""

from __future__ import annotations

import asyncio

import pytest

from cellctl import clock
from cellctl.devices import Condition, Quality
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import DeviceFault, InDoubt, NotReady, UsageError
from cellctl.links import parse_address
from cellctl.testing.rig import Rig, rig
from cellctl_drivers.robotiq import DRIVER
from cellctl_drivers.robotiq.registers import Request

ENTRY = {"link": "rtu /dev/ttyUSB1 unit 9 115200 8N1"}
PART = 0.038


def play(story, *, ready=True, **more):
    async def main():
        async with rig(DRIVER, {**ENTRY, **more}) as made:
            if ready:
                await made.connected()
                await made.device.prepare(part_held=False)
                made.plant.moves.clear()
            await story(made)

    run_virtual(main())


def width(made: Rig) -> float:
    return made.emulator.fingers.width


async def write_behind(made: Rig, request: Request) -> None:
    """Somebody else on the line asks for something."""
    client = made.device.links.modbus(parse_address(made.device.config.link))
    try:
        await client.write(0x03E8, *request.words())
    finally:
        await client.aclose()


async def hold_part(made: Rig) -> None:
    made.plant.width = PART
    await made.device.grip(PART)


def test_connecting_reads_and_says_that_it_is_not_activated():
    async def story(made: Rig):
        await made.connected()
        await clock.sleep(5)
        assert made.device.health.condition is Condition.NOT_READY
        assert "not activated" in made.device.health.text
        with pytest.raises(NotReady, match="not activated"):
            await made.device.grip(PART)
        with pytest.raises(NotReady):
            await made.device.release()
        assert not made.plant.moves

    play(story, ready=False)


def test_activation_only_with_an_empty_hand():
    async def story(made: Rig):
        await made.connected()
        with pytest.raises(NotReady, match="may be held") as caught:
            await made.device.prepare(part_held=True)
        assert "by hand" in caught.value.hint
        assert not made.plant.moves
        await made.device.prepare(part_held=False)
        assert made.device.health.condition is Condition.READY
        assert made.plant.moves
        made.plant.moves.clear()
        await made.device.prepare(part_held=False)  # nothing to do any more
        await made.device.prepare(part_held=True)
        assert not made.plant.moves

    play(story, ready=False)


def test_a_gripper_that_feels_an_object_is_not_activated_again():
    async def story(made: Rig):
        await hold_part(made)
        made.emulator.trip(0x0E)
        await clock.sleep(0.1)
        assert made.device.health.condition is Condition.FAULT
        assert "overcurrent" in made.device.health.text
        assert made.device.signal("holding").value is True
        with pytest.raises(NotReady, match="may be held"):
            await made.device.prepare(part_held=False)  # whatever anybody believes
        assert width(made) == pytest.approx(PART)
        with pytest.raises(NotReady, match="overcurrent"):
            await made.device.release()

    play(story)


@pytest.mark.parametrize("fault", [0x0A, 0x0C, 0x0E, 0x0F])
def test_major_faults_go_by_activation(fault):
    async def story(made: Rig):
        made.emulator.trip(fault)
        await clock.sleep(0.1)
        assert made.device.health.condition is Condition.FAULT
        assert made.device.health.hint.endswith("then Reset")
        await made.device.prepare(part_held=False)
        await hold_part(made)

    play(story)


def test_a_grip_is_confirmed_by_object_and_width():
    async def story(made: Rig):
        hand = made.device
        await hold_part(made)
        assert hand.signal("holding").value is True
        assert hand.signal("width").value == pytest.approx(PART, abs=0.0004)
        assert width(made) == pytest.approx(PART)
        moves = list(made.plant.moves)
        await hand.grip(PART)  # idempotent
        assert made.plant.moves == moves
        await hand.release()
        assert hand.signal("holding").value is False
        assert width(made) == pytest.approx(0.085)
        await hand.release(0.060)
        assert width(made) == pytest.approx(0.060, abs=0.0002)

    play(story)


def test_missed_wrong_size_and_stuck():
    async def story(made: Rig):
        hand = made.device
        with pytest.raises(DeviceFault) as caught:
            await hand.grip(PART)
        assert caught.value.fault == "missed"
        await hand.release()
        made.plant.width = PART
        made.emulator.slippery = True
        with pytest.raises(DeviceFault) as caught:
            await hand.grip(PART)
        assert caught.value.fault == "missed"
        made.emulator.slippery = False
        await hand.release()
        with pytest.raises(DeviceFault) as caught:
            await hand.grip(0.045, 0.002)
        assert caught.value.fault == "wrong_size"
        assert "38.0" in caught.value.message
        assert "45 mm" in caught.value.message
        assert hand.signal("holding").value is True  # it does hold it
        made.emulator.jam(0.05)
        for _ in range(2):
            with pytest.raises(DeviceFault) as caught:
                await hand.release()
            assert caught.value.fault == "stuck"
        made.emulator.jam(None)
        await hand.release()

    play(story)


@pytest.mark.parametrize("off", [-0.0019, 0.0, 0.0019])
def test_widths_within_tolerance(off):
    async def story(made: Rig):
        made.plant.width = PART + off
        await made.device.grip(PART, 0.002)

    play(story)


def test_widths_that_the_fingers_do_not_have():
    async def story(made: Rig):
        for wide in (0.2, -0.01):
            with pytest.raises(UsageError, match="stroke"):
                await made.device.grip(wide)
            with pytest.raises(UsageError):
                await made.device.release(wide)
        assert not made.plant.moves

    play(story)


def test_calibration_comes_from_the_cell_file():
    async def story(made: Rig):
        await hold_part(made)
        assert made.device.signal("width").value == pytest.approx(PART, abs=0.0003)
        assert made.device.signal("position").value == 91
        await made.device.release()
        assert made.device.signal("width").value == pytest.approx(0.060)

    play(story, stroke=0.060, open_count=13, closed_count=226)


@pytest.mark.parametrize("fast", [False, True])
def test_stop_never_opens(fast):
    async def story(made: Rig):
        hand = made.device
        await hold_part(made)
        before = list(made.plant.moves)
        await hand.stop(fast=fast)
        await clock.sleep(1)
        assert made.plant.moves == before
        assert hand.signal("holding").value is True
        releasing = asyncio.create_task(hand.release())
        await clock.sleep(0.2)
        await hand.stop(fast=fast)
        with pytest.raises(NotReady, match="later command"):
            await releasing
        stopped = width(made)
        assert PART < stopped < 0.085
        await clock.sleep(1)
        assert width(made) == stopped
        assert hand.signal("holding").quality is Quality.BAD  # half open: it cannot know
        await hand.release()
        assert hand.signal("holding").value is False

    play(story)


def test_stop_ends_the_activation_stroke():
    async def story(made: Rig):
        await made.connected()
        preparing = asyncio.create_task(made.device.prepare(part_held=False))
        await clock.sleep(1.5)
        await made.device.stop(fast=True)
        stopped = width(made)
        with pytest.raises(NotReady):
            await preparing
        await clock.sleep(2)
        assert width(made) == stopped
        await made.device.prepare(part_held=False)

    play(story, ready=False)


def test_silence_holds_the_part_and_the_watchdog_is_told():
    async def story(made: Rig):
        faults = []
        await hold_part(made)
        made.device.watch(lambda s: faults.append(s.value) if s.name == "fault" and s.value else None)
        await made.end()
        await clock.sleep(20)
        assert width(made) == pytest.approx(PART)
        await made.connected()
        await clock.sleep(1)
        assert faults == ["no communication for 1 s"]
        assert made.device.signal("holding").value is True
        assert made.device.health.condition is Condition.READY

    play(story)


def test_polls_keep_the_watchdog_quiet():
    async def story(made: Rig):
        made.device.watch(lambda s: pytest.fail(s.value) if s.name == "fault" and s.value else None)
        await clock.sleep(60)

    play(story)


def test_a_power_cut_with_a_part_in_the_fingers():
    async def story(made: Rig):
        await hold_part(made)
        made.emulator.power_cycle(3)
        await clock.sleep(10)
        hand = made.device
        assert hand.health.condition is Condition.NOT_READY
        assert hand.signal("holding").quality is Quality.BAD
        with pytest.raises(NotReady, match="may be held"):
            await hand.prepare(part_held=True)
        assert width(made) == pytest.approx(PART)

    play(story)


def test_a_part_that_is_lost_is_seen():
    async def story(made: Rig):
        await hold_part(made)
        made.plant.width = None
        await clock.sleep(0.15)
        assert made.device.signal("holding").value is False

    play(story)


def test_somebody_else_taking_over_is_told():
    async def story(made: Rig):
        releasing = asyncio.create_task(made.device.grip(PART, speed=0.02))
        await clock.sleep(0.5)
        await write_behind(made, Request(activate=True, go=True, position=10, speed=255))
        with pytest.raises(NotReady, match="somebody else"):
            await releasing

    play(story)


@pytest.mark.parametrize("lost", ["deaf_writes", "mute_writes"])
def test_a_write_without_an_answer_is_asked_about(lost):
    async def story(made: Rig):
        made.plant.width = PART
        setattr(made.emulator, lost, 1)
        await made.device.grip(PART)
        assert len(made.plant.moves) == 1
        setattr(made.emulator, lost, 1)
        await made.device.release()
        assert width(made) == pytest.approx(0.085)
        setattr(made.emulator, lost, 1)
        closing = asyncio.create_task(made.device.grip(PART, speed=0.02))
        await clock.sleep(1)
        setattr(made.emulator, lost, 1)
        await made.device.stop(fast=True)
        await asyncio.gather(closing, return_exceptions=True)
        stopped = width(made)
        await clock.sleep(1)
        assert width(made) == stopped

    play(story)


def test_nobody_knows_while_the_gripper_is_silent():
    async def story(made: Rig):
        await hold_part(made)
        releasing = asyncio.create_task(made.device.release(speed=0.02))
        await clock.sleep(0.3)
        made.emulator.silent = True
        with pytest.raises(InDoubt, match="nobody knows"):
            await releasing
        with pytest.raises(InDoubt):
            await made.device.grip(PART)

    play(story)
