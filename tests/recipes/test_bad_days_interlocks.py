"""Guard, selector, emergency stop, protective stop: what trips stops at once, and what returns moves nothing."""

from __future__ import annotations

import pytest
from bad_day import (
    ABOVE,
    AWAIT,
    DOWN,
    GRIP,
    LIFT,
    PLACE_ABOVE,
    PLACE_DOWN,
    PLACE_OPEN,
    READY,
    RUN_BELT,
    BadDay,
    bad_day,
)

from cellctl import clock
from cellctl.emulation.virtual_time import run_virtual

AT_ONCE = 1.0  # s in which everything has to stand
GUARD = ("guard_open: guard is off", "guard -S3 (arm.di1)", "Close the guard door -S3")
SELECTOR = ("not_automatic: auto is off", "auto -S5 (arm.di2)", "Turn selector -S5 to automatic")


def _told(d: BadDay) -> tuple[str, str, str]:
    return d.cause["what"], d.cause["sensor"], d.cause["action"]


async def _aborted(d: BadDay, first_out: tuple[str, str, str]) -> None:
    await clock.sleep(AT_ONCE)
    assert not d.moving()
    await d.ends_in("Aborted", within=5.0)
    assert _told(d) == first_out
    await d.stands()


async def _again_from_aborted(d: BadDay) -> None:
    """Clear, Reset and Start, each by a person; before the last nothing moves but what Reset makes ready."""
    await d.refused("start", "start is not legal in Aborted")
    await d.give("clear")
    await d.cell.reaches("Stopped")
    await d.stands()
    await d.give("reset")


async def _settle_hand(d: BadDay) -> int:
    """Somebody takes the part out of the hand, and says so where the cell asks; how many that were."""
    if not d.plant.report()["held"]:
        return 0
    await d.cell.until(lambda: bool(d.questions), 30.0, "the question about the hand")
    await d.stands()
    d.plant.take_part()
    await clock.sleep(0.5)
    assert "part 1" in await d.answer("removed by hand")
    return 1


# -- the guard, and what works like it -------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "after", "part", "batch"),
    [
        (READY, 0.5, "no part is on its way", 1),
        (RUN_BELT, 0.16, "no part is on its way", 1),
        (AWAIT, 1.0, "no part is on its way", 1),  # the belt runs
        (DOWN, 0.2, "part 1 is at infeed", 1),
        (GRIP, 0.2, "part 1 is at infeed", 1),  # the fingers close
        (LIFT, 0.3, "part 1 is in the hand (hand)", 1),
        (PLACE_ABOVE, 0.4, "part 1 is in the hand (hand)", 2),  # the belt runs while the arm places
        (PLACE_OPEN, 0.2, "part 1 is in the hand (hand)", 2),
    ],
)
def test_an_opened_guard_stops_everything_and_closed_again_it_moves_nothing(
    address: str, after: float, part: str, batch: int
) -> None:
    async def story() -> None:
        async with bad_day(batch=batch) as d:
            await d.cell.start()
            await d.at(address, after)
            assert d.moving()
            d.plant.open_guard()
            await clock.sleep(AT_ONCE)
            assert not d.moving()
            await d.ends_in("Held", within=2.0)
            assert (_told(d), d.cause["part"], d.cause["reaction"]) == (GUARD, part, "hold")
            refusal = await d.refused("unhold", "guard_open")
            assert (refusal.where, refusal.hint) == (GUARD[1], "Close the guard door -S3, then Reset")
            await d.refused("reset", "guard_open")
            await d.stands()
            d.plant.close_guard()
            await d.stands()
            assert (await d.refused("unhold", "guard_open")).hint == "Reset first"
            assert (await d.give("reset"))["acknowledged"] == ["guard_open"]
            await d.stands()
            assert d.state == "Held"
            await d.give("unhold")
            if address in (GRIP, PLACE_OPEN):  # fingers that stand half way cannot tell
                assert "nothing tells whether it was done" in await d.answer("do it again")
                await d.ends_in("Held")
                await d.stands()
                await d.give("unhold")
            await d.ends_in("Complete")
            d.done(batch)

    run_virtual(story())


def test_a_turned_mode_selector_does_as_the_guard_does() -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.start()
            await d.at(PLACE_DOWN, 0.2)
            d.plant.set("auto", False)
            await d.ends_in("Held", within=2.0)
            assert _told(d) == SELECTOR
            await d.refused("unhold", "not_automatic")
            await d.refused("mode", "mode")  # the unit's own mode is another matter, and changes at rest only
            d.plant.set("auto", True)
            await d.stands()
            await d.goes_on()
            d.done(1)

    run_virtual(story())


def test_of_two_trips_the_first_out_stays_and_both_are_to_be_restored() -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.start()
            await d.at(ABOVE, 0.2)
            d.plant.open_guard()
            await clock.sleep(0.1)
            d.plant.set("auto", False)
            await d.ends_in("Held", within=5.0)
            assert _told(d) == GUARD
            assert d.cell.status().trips == ("guard_open", "not_automatic")
            d.plant.close_guard()
            await clock.sleep(0.2)
            reset = await d.give("reset")
            assert (reset["acknowledged"], reset["still"]) == (["guard_open"], [SELECTOR[0]])
            await d.refused("unhold", "not_automatic")
            assert _told(d) == GUARD
            d.plant.set("auto", True)
            await d.stands()
            await d.goes_on()
            d.done(1)

    run_virtual(story())


def test_a_guard_opened_while_a_person_holds_the_cell_asks_for_its_own_reset() -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.start()
            await d.at(AWAIT, 1.0)
            await d.give("hold")
            await d.ends_in("Held")
            d.plant.open_guard()
            await clock.sleep(1.0)
            d.plant.close_guard()
            await d.stands()
            assert d.cause["what"].startswith("hold by")
            await d.refused("unhold", "guard_open")
            await d.goes_on()
            d.done(1)

    run_virtual(story())


def test_with_an_open_guard_reset_and_start_lead_nowhere() -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.connected()
            d.plant.open_guard()
            await clock.sleep(0.2)
            await d.give("reset")
            assert await d.cell.reaches("Idle", "Stopped") == "Stopped"
            assert d.cause["what"] == f"Resetting: {GUARD[0]}"
            assert (d.cause["sensor"], d.cause["action"]) == GUARD[1:]
            d.plant.close_guard()
            await d.stands()
            await d.give("reset")
            assert await d.cell.reaches("Idle", "Stopped") == "Idle"
            d.plant.open_guard()
            await clock.sleep(0.2)
            await d.refused("start", "guard_open")
            d.plant.close_guard()
            await d.stands()
            await d.give("reset")
            await d.give("start")
            await d.ends_in("Complete")
            d.done(1)

    run_virtual(story())


# -- emergency stop, protective stop, safeguard ------------------------------------------------------


@pytest.mark.parametrize(("address", "after"), [(ABOVE, 0.2), (PLACE_ABOVE, 0.4)])
def test_an_emergency_stop_aborts_and_released_it_moves_nothing(address: str, after: float) -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.start()
            await d.at(address, after)
            d.arm.press_estop()
            told = ("emergency_stop: estop is on", "estop -S1 (arm.emergency_stop)", "Release the emergency stop -S1")
            await _aborted(d, told)
            d.arm.release_estop()
            await d.stands()
            before = d.counts
            await _again_from_aborted(d)
            taken = await _settle_hand(d)
            await d.cell.reaches("Idle")
            await d.give("start")
            await d.ends_in("Complete")
            d.done(1, taken=taken)
            assert before["placed"] + before["rejected"] == 0

    run_virtual(story())


def test_a_protective_stop_whose_cause_is_still_there_comes_back_and_is_named() -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.start()
            await d.at(LIFT, 0.2)
            d.arm.protective_stop(cause_stays=True)
            told = (
                "protective_stop: protective is on",
                "protective arm (arm.protective_stop)",
                "Find what the arm touched and free it",
            )
            await _aborted(d, told)
            assert "reset" not in d.cell.status().legal and "clear" in d.cell.status().legal
            await _again_from_aborted(d)
            assert await d.cell.reaches("Idle", "Stopped", "Aborted") == "Aborted"
            assert _told(d) == told
            d.arm.clear_cause()
            await d.stands()
            await _again_from_aborted(d)
            taken = await _settle_hand(d)
            await d.cell.reaches("Idle")
            await d.stands()
            await d.give("start")
            await d.ends_in("Complete")
            d.done(1, taken=taken)

    run_virtual(story())


@pytest.mark.parametrize(("address", "after"), [(READY, 0.5), (PLACE_ABOVE, 0.4)])
def test_a_safeguard_stop_that_ends_does_not_let_the_arm_go_on_by_itself(address: str, after: float) -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.start()
            await d.at(address, after)
            d.arm.open_safeguard()
            await d.ends_in("Held", within=10.0)
            assert "it is in safeguard stop" in d.cause["what"] and d.cause["sensor"] == "arm"
            assert d.cause["action"] == "Close the safeguard, then Reset"
            await d.reset_fails("arm is not ready: .*it is in safeguard stop.*Close the safeguard, then Reset")
            d.arm.close_safeguard()
            await d.stands()
            await d.goes_on()
            d.done(1)

    run_virtual(story())
