"""Devices that refuse, talk nonsense, fall silent, trip, or are touched by others: each is named, nothing moves."""

from __future__ import annotations

import pytest
from bad_day import (
    ABOVE,
    AWAIT,
    DOWN,
    GRIP,
    LIFT,
    LOOK,
    NEXT_AWAIT,
    PLACE_ABOVE,
    PLACE_UP,
    READY,
    RUN_BELT,
    BadDay,
    bad_day,
)

from cellctl import clock
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import CommandRefused
from cellctl.testing.faults import Fault

#: What a technician has to read of each device: how its link is written, and a word of the hint.
LINKS = {"arm": "tcp 127.0.0.1", "belt": "rtu memory0 unit 2", "camera": "tcp 127.0.0.1", "hand": "rtu memory1 unit 9"}
HINTS = {"arm": "network cable", "belt": "RS-485 cable", "camera": "power and network", "hand": "24 V supply"}
#: What a lost device does to this cell.
ON_LOST = {"arm": "Aborted", "belt": "Held", "camera": "Held", "hand": "Held"}


async def _lost(d: BadDay, device: str) -> None:
    """The cell has come to rest because of the device, and says so."""
    await d.ends_in(ON_LOST[device], within=15.0)
    assert d.device(device)["condition"] == "offline"
    assert d.cause["what"].startswith(f"{device} is lost: ") or device in d.cause["what"]
    assert d.cause["sensor"].startswith(f"{device} ({LINKS[device]}")
    assert d.cause["action"]
    await d.stands()


async def _back(d: BadDay, device: str) -> None:
    """The device answers again: nothing moves by that, and a person brings the cell back to work."""
    d.wire(device, "none")
    await d.cell.until(lambda: d.device(device)["condition"] != "offline", 30.0, f"{device} again")
    await d.stands()
    if d.state == "Held":
        await d.refused("unhold", "Reset first|is lost|is not ready")
        await d.goes_on()
        return
    await d.give("clear")
    await d.cell.reaches("Stopped")
    await d.give("reset")
    if d.plant.report()["held"]:
        await d.cell.until(lambda: bool(d.questions), 30.0, "the question about the hand")
        d.plant.take_part()
        await clock.sleep(0.5)
        await d.answer("removed by hand")
    await d.cell.reaches("Idle")
    await d.stands()
    await d.give("start")
    await d.ends_in("Complete")


# -- links -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", ["arm", "belt"])
def test_a_refusing_port_is_named_and_reset_leads_nowhere(device: str) -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            d.wire(device, "refused")
            await d.give("reset")
            assert await d.cell.reaches("Idle", "Stopped") == "Stopped"
            health = d.device(device)
            assert (health["condition"], bool(health["text"]), bool(health["hint"])) == ("offline", True, True)
            assert device in f"{d.cause['what']} {d.cause['sensor']}" and d.cause["action"]
            await d.stands()
            d.wire(device, "none")
            await d.stands(8.0)
            await d.cell.start()
            await d.ends_in("Complete")
            d.done(1)

    run_virtual(story())


@pytest.mark.parametrize(
    ("device", "address", "after", "fault"),
    [
        ("arm", PLACE_ABOVE, 0.3, "silent"),  # a part in the hand
        ("arm", ABOVE, 0.2, "garbage"),
        ("belt", AWAIT, 1.0, "silent"),  # it runs
        ("belt", AWAIT, 1.0, "garbage"),
        ("camera", LOOK, 0.02, "silent"),
        ("camera", LOOK, 0.02, "garbage"),
        ("hand", GRIP, 0.2, "silent"),
        ("hand", GRIP, 0.2, "garbage"),
    ],
)
def test_a_device_that_is_lost_at_work_stands_is_named_and_does_not_go_on_by_itself(
    device: str, address: str, after: float, fault: Fault
) -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.start()
            await d.at(address, after)
            d.wire(device, fault)
            await _lost(d, device)
            if fault == "silent":
                assert "answer" in d.cause["what"]
                assert HINTS[device] in d.cause["action"]
            taken = d.plant.report()["held"] if d.state == "Aborted" else 0
            if d.questions:  # nobody knows whether the fingers have closed
                assert "nobody knows whether the gripper took the grip" in await d.answer("do it again")
            await _back(d, device)
            d.done(1, taken=taken)

    run_virtual(story())


def test_a_controller_that_falls_silent_leaves_nothing_running_and_nothing_goes_on_by_itself() -> None:
    """As when the controller's machine stands still: the arm and the drive stop by their own watchdogs."""

    async def story() -> None:
        async with bad_day() as d:
            await d.cell.start()
            await d.at(NEXT_AWAIT, 0.3)
            assert set(d.moving()) == {"arm", "belt"}
            for device in LINKS:
                d.wire(device, "silent")
            await clock.sleep(1.5)
            assert not d.moving()
            assert d.belt.drive.display(clock.now())  # it shows its fault
            await d.stands(5.0)
            assert d.state == "Aborted" and " is lost: no answer" in d.cause["what"]
            for device in LINKS:
                d.wire(device, "none")
            await d.stands(8.0)
            assert d.device("belt")["condition"] == "fault" and "SLF1" in d.device("belt")["text"]
            assert "Reset" in d.device("belt")["hint"]
            held = d.plant.report()["held"]
            await _back(d, "arm")
            d.done(2, taken=held)

    run_virtual(story())


def test_a_heartbeat_that_stops_for_a_moment_stops_the_arm_until_a_person_goes_on() -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.start()
            await d.at(PLACE_ABOVE, 0.3)
            d.wire("arm", "silent")
            await clock.sleep(0.45)  # longer than the arm's 300 ms, shorter than what counts as lost
            d.wire("arm", "none")
            await d.ends_in("Held", within=5.0)
            assert "heartbeat was lost" in d.cause["what"] and d.cause["sensor"] == "arm"
            await d.stands()
            await d.goes_on()
            d.done(1)

    run_virtual(story())


# -- the arm ---------------------------------------------------------------------------------------


def test_an_arm_in_local_mode_is_not_made_ready() -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.connected()
            d.arm.set_local()
            await clock.sleep(1.0)
            await d.give("reset")
            assert await d.cell.reaches("Idle", "Stopped") == "Stopped"
            assert d.cause["what"] == "Resetting: it is in Local mode"
            assert (d.cause["sensor"], d.cause["action"]) == (
                "arm",
                "Switch the arm to Remote Control on the teach pendant",
            )
            assert d.device("arm")["text"] == "it is in Local mode"
            d.arm.set_remote()
            await d.stands()
            await d.cell.start()
            await d.ends_in("Complete")
            d.done(1)

    run_virtual(story())


@pytest.mark.parametrize(("address", "after"), [(AWAIT, 1.0), (PLACE_ABOVE, 0.3)])
def test_an_arm_switched_to_local_in_mid_run_holds_at_its_next_move(address: str, after: float) -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.start()
            await d.at(address, after)
            d.arm.set_local()
            await d.ends_in("Held")
            assert d.cause["what"].endswith("not_ready: it is in Local mode") and d.cause["sensor"] == "arm"
            assert d.cause["action"] == "Switch the arm to Remote Control on the teach pendant"
            await d.stands()
            with pytest.raises(CommandRefused, match="it is in Local mode"):
                await d.give("unhold")
            d.arm.set_remote()
            await d.stands()
            await d.goes_on()
            d.done(1)

    run_virtual(story())


# -- the camera ------------------------------------------------------------------------------------


def test_the_wrong_camera_job_is_named_with_the_right_one_and_never_used() -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            d.camera.camera.job = "other_part.job"
            await d.cell.connected()
            await d.give("reset")
            assert await d.cell.reaches("Idle", "Stopped") == "Stopped"
            wrong = "the wrong job is active: 'other_part.job', and the cell needs 'bracket_r7.job'"
            assert (d.cause["what"], d.cause["sensor"]) == (f"Resetting: {wrong}", "camera")
            assert d.cause["action"].startswith("Load 'bracket_r7.job'")
            await d.stands()
            d.camera.camera.job = "bracket_r7.job"
            await d.cell.start()
            await d.at(AWAIT, 1.0)
            d.camera.camera.job = "other_part.job"  # somebody loads it in mid-run
            await d.ends_in("Held")
            assert d.cause["what"].endswith(wrong) and d.cause["sensor"] == "camera"
            assert d.counts["seen"] == 0
            await d.reset_fails("the wrong job is active")
            d.camera.camera.job = "bracket_r7.job"
            await d.stands()
            await d.goes_on()
            d.done(1)

    run_virtual(story())


@pytest.mark.parametrize("held", [False, True])
def test_a_camera_set_offline_by_another_client_holds_the_cell_and_reset_sets_it_online(held: bool) -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            camera = d.camera.camera
            await d.cell.start()
            await d.at(AWAIT, 1.0)
            if held:
                camera.hold_offline(True)
            else:
                camera.set_online(False)
            await d.ends_in("Held")
            assert d.cause["what"].endswith("not_ready: the camera is offline") and d.cause["sensor"] == "camera"
            assert "Set it Online" in d.cause["action"]
            await d.stands()
            if held:
                await d.reset_fails("camera is not ready: .*it did not go Online.*Set it Online at the camera")
                camera.hold_offline(False)
            await d.goes_on()
            d.done(1)

    run_virtual(story())


# -- the drive -------------------------------------------------------------------------------------


def test_a_drive_that_powers_up_90_s_late_is_named_until_then_and_works_after_it() -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            d.belt.power_cycle(90.0)
            began = clock.now()
            await d.give("reset")
            await clock.sleep(80.0)
            assert d.state == "Resetting"
            assert "belt to be reached" in d.status_of_reset()[0] and "supply" in d.device("belt")["hint"]
            assert await d.cell.reaches("Idle", "Stopped") == "Idle"
            assert clock.now() - began < 100.0
            await d.give("start")
            await d.ends_in("Complete")
            d.done(1)

    run_virtual(story())


@pytest.mark.parametrize(("address", "after"), [(RUN_BELT, 0.1), (NEXT_AWAIT, 0.5)])
def test_a_drive_that_trips_under_way_holds_the_cell_with_the_fault_as_the_cause(address: str, after: float) -> None:
    async def story() -> None:
        async with bad_day() as d:
            await d.cell.start()
            await d.at(address, after)
            d.belt.trip(16, lasting=True)
            await d.ends_in("Held", within=10.0)
            assert "OHF" in d.cause["what"] and d.cause["sensor"].startswith("belt")
            assert "Reset" in d.cause["action"]
            await d.stands()
            await d.reset_fails("belt is not ready: .*OHF.*its cause is still there")
            await d.stands()
            d.belt.mend()
            await d.stands()
            await d.goes_on()
            d.done()

    run_virtual(story())


# -- the hand --------------------------------------------------------------------------------------


def test_a_gripper_fault_with_a_part_in_the_fingers_never_opens_them() -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.start()
            await d.at(LIFT, 0.2)
            d.hand.trip(0x0E)
            await d.ends_in("Held")
            assert "overcurrent" in d.cause["what"] and d.cause["sensor"] == "hand"
            hint = "Take the part out by hand; Stop, then Reset: the cell asks where the part is"
            await d.reset_fails(f"opens the fingers, and a part may be held.*{hint}")
            assert d.plant.report()["held"] == 1
            d.plant.take_part()
            await clock.sleep(1.0)  # the fingers close where it was
            await d.give("stop")
            await d.cell.reaches("Stopped")
            await d.stands()
            await d.give("reset")
            assert "Where is it?" in await d.answer("removed by hand")
            await d.cell.reaches("Idle")
            assert (d.counts["seen"], d.counts["removed"]) == (1, 1)
            await d.give("start")
            await d.ends_in("Complete")
            d.done(1, taken=1)

    run_virtual(story())


def test_a_gripper_that_loses_its_power_is_activated_by_a_person_only() -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.start()
            await d.at(READY, 0.5)
            d.hand.power_cycle(3.0)
            await d.ends_in("Held", within=10.0)
            assert d.cause["what"].startswith("hand is lost")
            await d.stands(8.0)
            assert d.device("hand")["text"] == "not activated"
            assert d.device("hand")["hint"] == "Reset activates it: its fingers will stroke"
            await d.goes_on()
            d.done(1)

    run_virtual(story())


# -- a run after a broken one ------------------------------------------------------------------------


@pytest.mark.parametrize(("address", "after"), [(DOWN, 0.4), (PLACE_UP, 0.02)])
def test_a_run_after_a_broken_one_first_lifts_the_arm_from_where_it_was_left(address: str, after: float) -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.start()
            await d.at(address, after)
            d.arm.press_estop()
            await d.ends_in("Aborted")
            d.arm.release_estop()
            placed = d.counts["placed"]
            await _back(d, "arm")
            report = d.plant.report()
            assert (report["collisions"], report["wrong"], report["dropped"]) == (0, 0, 0)
            assert report["placed_good"] + report["placed_reject"] == placed + d.counts["handled"] == placed + 1

    run_virtual(story())
