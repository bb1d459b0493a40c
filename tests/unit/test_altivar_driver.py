"""The Altivar driver through its public door, against the emulated drive on a serial line in memory."""

from __future__ import annotations

import asyncio
import math

import pytest

from cellctl import clock
from cellctl.devices import Condition, Quality
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import DeviceFault, InDoubt, NotReady
from cellctl.links import parse_address
from cellctl.testing.rig import Rig, rig
from cellctl_drivers.altivar import DRIVER
from cellctl_drivers.altivar import registers as r

ENTRY = {
    "link": "rtu /dev/ttyUSB0 unit 2 19200 8N1", "travel_per_rev": 0.04, "timeout": 1.0, "ramp": 0.3, "settle": 2.0,
}  # fmt: skip


def play(story, *, ready=True, **more):
    async def main():
        async with rig(DRIVER, {**ENTRY, **more}) as made:
            if ready:
                await made.connected()
                await made.device.prepare(part_held=False)
            await story(made)

    run_virtual(main())


def motor_speed(made: Rig) -> float:
    """What the plant's motor really does, as belt speed in m/s."""
    return made.emulator.drive.shaft.speed(clock.now()) / math.tau * ENTRY["travel_per_rev"]


async def write_behind(made: Rig, address: int, *values: int) -> None:
    """Somebody else on the line writes."""
    client = made.device.links.modbus(parse_address(made.device.config.link))
    try:
        await client.write(address, *values)
    finally:
        await client.aclose()


def test_before_a_reset_it_is_not_ready_and_says_why():
    async def story(made: Rig):
        await made.connected()
        await clock.sleep(1)
        health = made.device.health
        assert health.condition is Condition.NOT_READY
        assert "ttO) is 10 s, not 1 s" in health.text
        with pytest.raises(NotReady, match="ttO"):
            await made.device.advance(0.1)
        assert not made.plant.moves

    play(story, ready=False)


@pytest.mark.parametrize(("word", "number"), [("ramp", 6), ("fast_stop", 7), ("freewheel", 1)])
def test_a_reset_sets_time_out_reaction_and_ramps(word, number):
    async def story(made: Rig):
        assert made.device.health.condition is Condition.READY
        settings = made.emulator.settings
        assert (settings[r.TTO], settings[r.SLL], settings[r.ACC], settings[r.DEC]) == (7, number, 3, 3)
        assert not made.plant.moves

    play(story, timeout=0.7, on_loss=word)


def test_ramps_follow_the_drives_own_increment():
    async def story(made: Rig):
        await made.connected()
        await write_behind(made, r.INR, 0)
        await made.device.prepare(part_held=False)
        assert made.emulator.settings[r.ACC] == 30

    play(story)

    async def coarse(made: Rig):
        await write_behind(made, r.INR, 2)
        await made.connected()
        with pytest.raises(NotReady, match="steps of 1 s"):
            await made.device.prepare(part_held=False)

    play(coarse, ready=False)


def test_advance_returns_with_the_belt_at_speed():
    async def story(made: Rig):
        belt = made.device
        for speed in (0.15, 0.3, -0.05, 0.02):
            await belt.advance(speed)
            assert motor_speed(made) == pytest.approx(speed, rel=0.025)
            assert belt.signal("speed").value == pytest.approx(speed, rel=0.025)
            assert belt.signal("running").value is True
        await belt.halt()
        assert motor_speed(made) == 0
        assert belt.signal("speed").value == 0
        assert belt.signal("running").value is False
        await belt.halt()  # idempotent
        await belt.advance(0.0)  # and the same thing

    play(story)


def test_a_repeated_advance_does_not_disturb_the_belt():
    async def story(made: Rig):
        await made.device.advance(0.15)
        moves = len(made.plant.moves)
        await made.device.advance(0.15)
        assert len(made.plant.moves) == moves

    play(story)


@pytest.mark.parametrize(("fast", "state"), [(False, "switched on"), (True, "quick stop active")])
def test_stop_and_go_again(fast, state):
    async def story(made: Rig):
        belt = made.device
        await belt.advance(0.3)
        begun = clock.now()
        await belt.stop(fast=fast)
        assert motor_speed(made) == 0
        assert clock.now() - begun < 0.3
        await clock.sleep(0.1)
        assert belt.signal("state").value == state
        await belt.advance(0.15)
        assert motor_speed(made) == pytest.approx(0.15)

    play(story)


def test_stop_takes_over_from_an_advance_under_way():
    async def story(made: Rig):
        for wait in (0.0, 0.01, 0.02, 0.05, 0.1, 0.15):
            going = asyncio.create_task(made.device.advance(0.3))
            await clock.sleep(wait)
            await made.device.stop(fast=True)
            with pytest.raises(NotReady, match="later command"):
                await going
            await clock.sleep(0.5)
            assert motor_speed(made) == 0

    play(story, ramp=1.0)


def test_speeds_that_the_drive_cannot_take():
    async def story(made: Rig):
        for speed in (0.0001, 50.0):
            with pytest.raises(DeviceFault) as caught:
                await made.device.advance(speed)
            assert caught.value.fault == "not_reached"
        assert not made.plant.moves

    play(story)


def test_a_jam_is_not_reached_and_the_belt_is_stopped():
    async def story(made: Rig):
        made.emulator.set_weak(100)
        with pytest.raises(DeviceFault) as caught:
            await made.device.advance(0.15)
        assert caught.value.fault == "not_reached"
        assert "66.6" in caught.value.message
        assert "150 mm/s" in caught.value.message
        assert "CLI" in caught.value.hint
        await clock.sleep(1)
        assert motor_speed(made) == 0

    play(story)


def test_a_trip_is_told_in_words_and_only_a_reset_clears_it():
    async def story(made: Rig):
        belt = made.device
        await belt.advance(0.15)
        made.emulator.trip(9)
        await clock.sleep(0.2)
        assert belt.health.condition is Condition.FAULT
        assert belt.health.text == "OCF: overcurrent"
        assert "jam" in belt.health.hint
        assert belt.signal("fault").value == "OCF"
        with pytest.raises(NotReady, match="overcurrent"):
            await belt.advance(0.15)
        await clock.sleep(10)
        assert belt.health.condition is Condition.FAULT
        await belt.prepare(part_held=True)
        assert belt.health.condition is Condition.READY
        assert made.emulator.drive.word & r.FAULT_RESET == 0
        assert motor_speed(made) == 0
        await belt.advance(0.15)

    play(story)


def test_a_trip_in_the_middle_of_an_advance_ends_it():
    async def story(made: Rig):
        going = asyncio.create_task(made.device.advance(0.3))
        await clock.sleep(0.3)
        made.emulator.trip(17)
        with pytest.raises(NotReady, match="OLF"):
            await going

    play(story, ramp=2.0)


def test_a_fault_whose_cause_stays_cannot_be_reset():
    async def story(made: Rig):
        made.emulator.trip(16, lasting=True)
        with pytest.raises(NotReady, match="OHF"):
            await made.device.prepare(part_held=False)
        assert made.emulator.drive.word & r.FAULT_RESET == 0  # never left at 1

    play(story)


def test_a_reset_bit_left_at_one_is_taken_back_first():
    async def story(made: Rig):
        await write_behind(made, r.CMDD, 0x80)
        made.emulator.trip(9)
        await made.device.prepare(part_held=False)
        assert made.device.health.condition is Condition.READY
        await write_behind(made, r.CMDD, 0x80)
        await made.device.prepare(part_held=False)
        assert made.emulator.drive.word == 0

    play(story)


def test_a_silent_controller_is_stopped_by_the_drive_itself():
    async def story(made: Rig):
        await made.device.advance(0.15)
        await made.end()
        await clock.sleep(0.9)
        assert motor_speed(made) == pytest.approx(0.15)
        await clock.sleep(0.5)
        assert motor_speed(made) == 0
        await made.connected()
        await clock.sleep(0.5)
        assert made.device.health.condition is Condition.FAULT
        assert "SLF1" in made.device.health.text
        assert motor_speed(made) == 0

    play(story)


@pytest.mark.parametrize(
    ("break_it", "text", "hint"),
    [
        (lambda e: e.force_local(True), "forces local", "remote"),
        (lambda e: e.set_mains(False), "no mains", "mains on"),
        (lambda e: e.settings.__setitem__(r.CCC, 1), "commands from terminals", "Cd1"),
        (lambda e: e.settings.__setitem__(r.CRC, 4), "speed from remote keypad", "Fr1"),
    ],
)
def test_what_keeps_modbus_from_the_drive_is_named(break_it, text, hint):
    async def story(made: Rig):
        break_it(made.emulator)
        await clock.sleep(1.5)
        health = made.device.health
        assert health.condition is Condition.NOT_READY
        assert text in health.text
        assert hint in health.hint
        with pytest.raises(NotReady):
            await made.device.advance(0.1)
        with pytest.raises(NotReady):
            await made.device.prepare(part_held=False)

    play(story)


def test_a_drive_that_powers_up_late_is_waited_for():
    async def story(made: Rig):
        made.emulator.power_cycle(90)
        made.start()
        await clock.sleep(89)
        assert made.device.health.condition is Condition.OFFLINE
        assert "supply" in made.device.health.hint
        assert made.device.signal("speed").quality is Quality.BAD
        await made.connected(5)
        await made.device.prepare(part_held=False)
        await made.device.advance(0.1)

    play(story, ready=False)


def test_a_power_cut_in_between_needs_a_new_reset():
    async def story(made: Rig):
        await made.device.advance(0.15)
        made.emulator.power_cycle(3)
        await clock.sleep(2)
        assert made.device.health.condition is Condition.OFFLINE
        assert made.device.signal("running").quality is Quality.STALE
        await clock.sleep(5)
        assert made.device.health.condition is Condition.NOT_READY  # its time-out is the factory's again
        assert motor_speed(made) == 0

    play(story)


def test_nobody_knows_while_the_drive_is_silent():
    async def story(made: Rig):
        await made.device.advance(0.15)
        made.emulator.silent = True
        with pytest.raises(InDoubt, match="nobody knows"):
            await made.device.stop(fast=False)

    play(story)


@pytest.mark.parametrize("lost", ["deaf_writes", "mute_writes"])
def test_a_write_without_an_answer_is_asked_about(lost):
    async def story(made: Rig):
        belt = made.device
        for speed in (0.15, 0.10):
            setattr(made.emulator, lost, 1)
            moves = len(made.plant.moves)
            await belt.advance(speed)
            assert motor_speed(made) == pytest.approx(speed)
            assert len(made.plant.moves) == moves + 1
        for fast in (False, True):
            setattr(made.emulator, lost, 1)
            await belt.stop(fast=fast)
            assert motor_speed(made) == 0

    play(story)


def test_identity():
    async def story(made: Rig):
        identity = await made.device.identify()
        assert identity.vendor == "Schneider Electric"
        assert identity.model.startswith("ATV320")

    play(story, ready=False)
