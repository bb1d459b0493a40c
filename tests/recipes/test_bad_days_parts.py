"""Parts that people take away, stations that are full, belts that stay empty: the books agree with the plant."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from bad_day import (
    ABOVE,
    AWAIT,
    DOWN,
    LIFT,
    PLACE_ABOVE,
    PLACE_DOWN,
    RECIPE,
    BadDay,
    bad_day,
)

from cellctl import clock
from cellctl.emulation.virtual_time import run_virtual

# -- taken away by hand --------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [LIFT, PLACE_DOWN])
def test_a_part_pulled_out_of_the_hand_under_way_is_asked_about_and_counted(address: str) -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.start()
            await d.at(address, 0.3)
            d.plant.take_part()
            await d.ends_in("Held", within=5.0)
            assert "dropped: not hand.holding" in d.cause["what"]
            assert d.cause["part"] == "part 1 is in the hand (hand)"
            assert d.cause["action"] == "Answer the question, then Unhold"
            assert d.questions[0]["choices"] == ("gone", "retry", "stop")
            await d.refused("unhold", "question 1 is open")
            await clock.sleep(1.0)
            await d.stands()
            await d.answer("gone")
            assert (d.counts["dropped"], d.counts["in_hand"]) == (1, 0)
            await d.stands()
            await d.goes_on()
            d.done(1, taken=1)
            assert (d.counts["seen"], d.counts["dropped"]) == (2, 1)

    run_virtual(story())


def test_a_part_taken_from_under_the_fingers_is_missed_and_the_next_one_taken() -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.start()
            await d.at(DOWN, 0.1)
            d.plant.take_part(1)
            await d.ends_in("Complete")
            d.done(1, taken=1)
            assert (d.counts["seen"], d.counts["missed"]) == (2, 1)

    run_virtual(story())


def test_a_part_taken_while_held_before_the_grip_is_looked_for_and_the_next_one_fed() -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.start()
            await d.at(ABOVE, 0.3)
            await d.give("hold")
            await d.ends_in("Held")
            d.plant.take_part(1)
            await d.stands()
            await d.give("unhold")
            await d.ends_in("Held")
            assert "nothing_seen: no part in view" in d.cause["what"]
            assert d.counts["removed"] == 1
            await d.stands()
            await d.answer("next part")
            await d.goes_on()
            d.done(1, taken=1)
            assert d.counts["seen"] == 2

    run_virtual(story())


@pytest.mark.parametrize(("address", "batch"), [(LIFT, 1), (PLACE_ABOVE, 2)])
def test_a_part_taken_out_of_the_hand_while_held_is_asked_about_before_anything_moves(address: str, batch: int) -> None:
    async def story() -> None:
        async with bad_day(batch=batch) as d:
            await d.cell.start()
            await d.at(address, 0.2)
            d.plant.open_guard()
            await d.ends_in("Held")
            d.plant.take_part()
            d.plant.close_guard()
            await clock.sleep(1.0)
            await d.give("reset")
            await d.stands()
            await d.give("unhold")
            assert await d.answer("gone") == "part 1 should be in hand, which feels nothing"
            await d.ends_in("Complete")
            d.done(batch, taken=1)
            assert (d.counts["seen"], d.counts["dropped"]) == (batch + 1, 1)

    run_virtual(story())


def test_an_arm_moved_while_held_is_asked_about_before_it_moves() -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.start()
            await d.at(AWAIT, 1.0)
            await d.give("hold")
            await d.ends_in("Held")
            joints = list(d.arm.arm.joints())
            joints[0] += 0.1
            d.arm.arm._rest = tuple(joints)  # free drive: a person pushed it
            await clock.sleep(1.0)
            await d.give("unhold")
            await d.cell.until(lambda: bool(d.questions), 10.0, "the question about the arm")
            await d.stands()
            assert "arm was moved while the cell stood: axis 1 by 5.7 deg" in await d.answer("go on from here")
            await d.ends_in("Complete")
            d.done(1)

    run_virtual(story())


# -- a part in the hand at a stop ----------------------------------------------------------------------


async def _stopped_with_a_part(d: BadDay) -> None:
    await d.cell.start()
    await d.at(PLACE_ABOVE, 0.4)
    await d.give("stop")
    await d.cell.reaches("Stopped", within=5.0)
    assert d.plant.report()["held"] == 1
    assert d.cause["what"].startswith("stop by") and d.cause["part"] == "part 1 is in the hand (hand)"
    await d.stands()
    await d.give("reset")
    await d.cell.until(lambda: bool(d.questions), 30.0, "the question about the hand")
    await d.stands()
    assert d.plant.report()["held"] == 1


def test_after_a_stop_with_a_part_in_the_hand_reset_asks_and_believes_its_own_fingers() -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await _stopped_with_a_part(d)
            await d.answer("removed by hand")  # which is not so
            await clock.sleep(1.0)
            assert "hand still feels a part" in d.notes()[-1]
            d.plant.take_part()
            await clock.sleep(1.0)
            assert await d.answer("removed by hand") == "hand holds part 1"
            await d.cell.reaches("Idle")
            assert d.counts["removed"] == 1
            await d.stands()
            await d.give("start")
            await d.ends_in("Complete")
            d.done(1, taken=1)

    run_virtual(story())


def test_a_part_that_stays_in_the_hand_keeps_start_from_being_taken() -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await _stopped_with_a_part(d)
            await d.answer("still held")
            await d.cell.reaches("Idle")
            refusal = await d.refused("start", "part 1 is still in hand")
            assert refusal.hint == "Stop, take it out, then Reset"
            assert d.plant.report()["held"] == 1

    run_virtual(story())


# -- the end of the cycle ------------------------------------------------------------------------------


@pytest.mark.parametrize("paused", ["", "hold", "suspend"])
def test_complete_ends_after_the_part_in_the_hand_is_put_down(paused: str) -> None:
    async def story() -> None:
        async with bad_day(batch=5) as d:
            await d.cell.start()
            await d.at(PLACE_ABOVE, 0.3)
            if paused:
                await d.give(paused)
                await d.ends_in("Held" if paused == "hold" else "Suspended")
                await d.stands()
            else:
                assert d.plant.report()["held"] == 1
            await d.give("complete")
            await d.ends_in("Complete", within=30.0)
            d.done(1)
            assert d.counts["seen"] == 1
            await d.stands()

    run_virtual(story())


def test_complete_before_the_grip_takes_the_part_that_was_seen_and_no_other() -> None:
    async def story() -> None:
        async with bad_day(batch=5) as d:
            await d.cell.start()
            await d.at(ABOVE, 0.2)
            await d.give("complete")
            await d.ends_in("Complete", within=30.0)
            d.done(1)

    run_virtual(story())


def test_complete_while_waiting_for_a_part_stops_the_belt_and_ends() -> None:
    async def story() -> None:
        async with bad_day(batch=5) as d:
            await d.cell.start()
            await d.at(AWAIT, 1.0)
            await d.give("complete")
            await d.ends_in("Complete", within=10.0)
            d.done(0)
            await d.stands()

    run_virtual(story())


def test_abort_stops_at_once_and_the_next_run_needs_clear_reset_and_start() -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.start()
            await d.at(ABOVE, 0.2)
            await d.give("abort")
            await clock.sleep(0.5)
            assert not d.moving()
            await d.ends_in("Aborted", within=5.0)
            assert d.cause["what"].startswith("abort by") and d.cause["action"] == "Clear, then Reset"
            await d.stands()
            for name in ("start", "reset", "unhold"):
                assert "clear" in (await d.refused(name, "not legal in Aborted")).legal
            await d.give("clear")
            await d.cell.reaches("Stopped")
            await d.cell.start()
            await d.ends_in("Complete")
            d.done(1)

    run_virtual(story())


# -- nothing comes, and no room ------------------------------------------------------------------------


def test_a_belt_that_stays_empty_suspends_the_cell_and_unsuspend_goes_on() -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            d.plant.set("supply", False)
            await d.cell.start()
            await d.ends_in("Suspended", within=90.0)
            assert "not within 60 s" in d.cause["what"] and "part_eye -B1 (arm.di0)" in d.cause["action"]
            await d.stands()
            d.plant.set("supply", True)
            await d.stands()
            await d.give("unsuspend")
            await d.ends_in("Complete")
            d.done(1)

    run_virtual(story())


def _with_one_good_slot(folder: Path, when_full: str) -> Path:
    copy = folder / "cell"
    shutil.copytree(RECIPE, copy)
    text = (copy / "cell.yaml").read_text(encoding="utf-8")
    whole = "grid: [6, 4], pitch: [90 mm, 70 mm], when_full: suspend"
    assert whole in text
    (copy / "cell.yaml").write_text(text.replace(whole, f"capacity: 1, when_full: {when_full}"), encoding="utf-8")
    return copy


@pytest.mark.parametrize(("when_full", "state"), [("suspend", "Suspended"), ("hold", "Held")])
def test_a_full_station_does_what_the_cell_file_says_and_emptied_the_run_goes_on(
    when_full: str, state: str, tmp_path: Path
) -> None:
    async def story() -> None:
        async with bad_day(batch=3, recipe=_with_one_good_slot(tmp_path, when_full)) as d:
            await d.cell.start()
            await d.ends_in(state)
            assert "station good is full: 1 of 1" in d.cause["what"]
            assert d.cause["action"] == "Empty it, and say so: cellctl empty good"
            await d.stands()
            again = "unhold" if when_full == "hold" else "unsuspend"
            await d.give(again)  # without having emptied it
            await d.ends_in(state)
            assert "station good is full" in d.cause["what"]
            assert d.plant.empty("good") == 1
            assert (await d.give("empty", station="good"))["taken"] == 1
            await d.stands()
            await d.give(again)
            await d.ends_in("Complete")
            d.done(3)

    run_virtual(story())
