"""Reset: what it waits for, what it asks, and Reset in a pause, on fake devices in virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from controller_world import Bench, bench

from cellctl import clock
from cellctl.devices import Condition
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import CommandRefused, NotReady
from cellctl.journal import MemoryStore

PAST_THE_END = 10.0  # s


def waits(b: Bench) -> list[str]:
    return [step["waits_for"] for step in b.controller.status().steps if step["address"] == "(reset)"]


def errors(b: Bench) -> list[str]:
    return [event.text for event in b.of("note") if event.level == "error"]


async def asked(b: Bench) -> dict[str, Any]:
    await b.until(lambda: bool(b.controller.status().questions))
    return b.controller.status().questions[0]


def fingers_cannot_tell(b: Bench) -> None:
    """As after a power cut: the fingers are not open, and the gripper is not activated."""
    del b.hand.signals["holding"]
    b.hand.set_health(Condition.NOT_READY, "not activated")


async def held(b: Bench) -> None:
    await b.start()
    await b.step("sort/feed/2")
    await b.give("hold")
    await b.state("Held")


# -- the fingers cannot tell ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "part_held"), [("nothing", False), ("removed by hand", False), ("still held", True)]
)
def test_fingers_that_cannot_tell_are_asked_about_before_they_move(choice: str, part_held: bool) -> None:
    async def main() -> None:
        async with bench() as b:
            fingers_cannot_tell(b)
            await b.give("reset")
            question = await asked(b)
            assert question["text"] == "Is something in the fingers of hand? hand cannot tell"
            await clock.sleep(PAST_THE_END)
            assert b.hand.prepared == [], "nothing is done to the fingers before the answer"
            assert b.arm.prepared == [True], "a part may be held until that is answered"
            await b.give("answer", id=question["id"], choice=choice)
            await b.state("Idle")
            assert b.hand.prepared == [part_held]

    run_virtual(main())


def test_open_fingers_are_not_asked_about() -> None:
    async def main() -> None:
        async with bench() as b:
            b.hand.set_health(Condition.NOT_READY, "not activated")  # and it says that it holds nothing
            await b.give("reset")
            await b.state("Idle")
            assert b.of("question") == [] and b.hand.prepared == [False]

    run_virtual(main())


@pytest.mark.parametrize("felt", [True, None])
def test_a_part_that_an_unfinished_run_left_in_the_hand_is_named_until_reset_has_ended(felt: bool | None) -> None:
    async def main() -> None:
        store, left = MemoryStore(), MemoryStore()
        async with bench(batch=1, store=store) as b:
            await b.start()
            await b.step("sort/place/good/above")
            left.records = list(store.records)
            run = b.controller.status().run
        async with bench(batch=1, store=left) as b:
            assert b.controller.status().unfinished["in_hand"] == [{"part": 1, "place": "hand"}]
            fingers_cannot_tell(b)
            if felt:
                b.hand.publish("holding", True)
            await b.give("reset")
            called = f"part 1 of the unfinished run {run}"
            expected = f"hand holds {called}" if felt else f"hand cannot tell; {called} was in them"
            assert expected in (await asked(b))["text"]
            await b.give("stop")
            await b.state("Stopped")
            await b.give("reset")
            question = await asked(b)
            assert expected in question["text"], "the Reset before was not answered"
            b.hand.publish("holding", False)
            await b.give("answer", id=question["id"], choice="removed by hand")
            await b.state("Idle")
            assert b.controller.status().unfinished is None and b.hand.prepared == [False]

    run_virtual(main())


def test_a_part_in_a_hand_that_cannot_tell_may_be_there_still() -> None:
    async def main() -> None:
        async with bench() as b:
            await b.start()
            await b.step("sort/place/good/above")
            await b.give("stop")
            await b.state("Stopped")
            fingers_cannot_tell(b)
            await b.give("reset")
            question = await asked(b)
            lies = ("lies in the next slot of good", "lies in the next slot of reject")
            assert question["choices"] == ("removed by hand", "dropped", *lies, "still held")
            await b.give("answer", id=question["id"], choice="still held")
            await b.state("Idle")
            assert b.hand.prepared[-1] is True and b.controller.status().counts["in_hand"] == 1

    run_virtual(main())


def test_in_a_pause_fingers_that_cannot_tell_are_not_moved() -> None:
    async def main() -> None:
        async with bench() as b:
            await held(b)
            fingers_cannot_tell(b)
            await b.give("reset")
            await b.until(lambda: not waits(b))
            assert b.hand.prepared[-1] is True

    run_virtual(main())


# -- Reset in a pause ----------------------------------------------------------------------------


async def _readying(b: Bench) -> None:
    """Held after the guard was open, with a drive that has tripped; Reset has begun to make it ready."""
    await held(b)
    b.arm.publish("di1", False)
    b.arm.publish("di1", True)
    b.belt.set_health(Condition.FAULT, "OHF: it is too hot")
    b.belt.prepare_takes = 60.0
    began = clock.now()
    assert (await b.give("reset"))["preparing"] == ["belt"]
    assert clock.now() == began, "it is answered at once"
    await clock.sleep(1.0)
    assert waits(b) == ["belt to be made ready"]
    b.belt.stops.clear()


@pytest.mark.parametrize("condition", [Condition.FAULT, Condition.NOT_READY])
def test_a_device_that_is_ill_without_an_interlock_is_made_ready_while_held(condition: Condition) -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await held(b)
            assert "reset" not in b.controller.status().legal
            b.belt.set_health(condition, "OHF: it is too hot")
            assert "reset" in b.controller.status().legal
            await b.give("reset")
            await b.until(lambda: not waits(b))
            assert b.belt.health.condition is Condition.READY
            await b.give("unhold")
            await b.state("Complete")

    run_virtual(main())


def test_reset_in_held_acknowledges_when_the_devices_are_ready() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await _readying(b)
            assert b.controller.status().trips == ("guard_open",)
            await b.until(lambda: not b.controller.status().trips)
            assert waits(b) == [] and b.controller.status().state == "Held"
            await b.give("unhold")
            await b.state("Complete")

    run_virtual(main())


def test_a_device_that_does_not_get_ready_is_told_and_may_be_tried_again() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await held(b)
            b.belt.set_health(Condition.FAULT, "OHF: it is too hot")
            b.belt.fail_prepare = NotReady("OHF: its cause is still there", where="belt", hint="Let it cool")
            await b.give("reset")
            await b.until(lambda: not waits(b))
            assert "belt is not ready" in errors(b)[-1] and "Let it cool" in errors(b)[-1]
            b.belt.fail_prepare = None
            await b.give("reset")
            await b.until(lambda: b.belt.health.condition is Condition.READY)

    run_virtual(main())


@pytest.mark.parametrize("command", ["reset", "unhold", "complete"])
def test_what_would_go_on_is_refused_while_reset_makes_devices_ready(command: str) -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await _readying(b)
            assert command not in b.controller.status().legal
            with pytest.raises(
                CommandRefused, match=rf"{command}: belt is being made ready.*Stop and Abort"
            ) as refused:
                await b.give(command)
            assert {"stop", "abort"} <= set(refused.value.legal)
            assert b.controller.status().state == "Held" and b.belt.prepared.count(False) == 2

    run_virtual(main())


@pytest.mark.parametrize("command", ["stop", "abort"])
def test_stop_and_abort_end_a_reset_in_held(command: str) -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await _readying(b)
            await b.give(command)
            await b.state("Stopped", "Aborted", within=5.0)
            assert waits(b) == [] and b.belt.stops
            await clock.sleep(100.0)
            assert b.belt.health.condition is Condition.FAULT, "it was made ready to its end"
            assert b.controller.status().trips == ("guard_open",), "nothing was acknowledged"

    run_virtual(main())


def test_a_trip_ends_a_reset_in_held_and_stops_what_it_made_ready() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await _readying(b)
            cameras = list(b.camera.stops)
            b.arm.publish("di1", False)
            await b.until(lambda: bool(b.belt.stops), within=1.0)
            await clock.sleep(100.0)
            assert b.belt.health.condition is Condition.FAULT and b.camera.stops == cameras
            assert b.controller.status().state == "Held" and waits(b) == []
            with pytest.raises(CommandRefused, match="guard_open"):
                await b.give("reset")
            b.arm.publish("di1", True)
            await b.give("reset")
            await b.until(lambda: not b.controller.status().trips)

    run_virtual(main())


def test_of_two_resets_at_once_one_is_taken() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await held(b)
            b.belt.set_health(Condition.FAULT, "OHF: it is too hot")
            results = await asyncio.gather(b.give("reset"), b.give("reset"), return_exceptions=True)
            assert [isinstance(each, CommandRefused) for each in results] == [False, True]
            await b.until(lambda: not waits(b))
            assert b.belt.log.count("belt.prepare") == 2

    run_virtual(main())


# -- a device that is late -----------------------------------------------------------------------


def test_resetting_waits_for_a_device_that_powers_up_90_s_late_and_names_it() -> None:
    async def main() -> None:
        async with bench() as b:
            b.belt.lose()
            await b.give("reset")
            await clock.sleep(90.0)
            assert b.controller.status().state == "Resetting"
            assert waits(b) == ["belt to be reached: the link is down"]
            b.belt.find()
            await b.state("Idle", within=5.0)

    run_virtual(main())


def test_a_device_that_never_comes_ends_resetting_with_its_name() -> None:
    async def main() -> None:
        async with bench() as b:
            b.belt.lose()
            await b.give("reset")
            await b.state("Stopped", within=125.0)
            cause = b.controller.status().cause
            assert cause["what"] == "Resetting: belt was not reached within 120 s: the link is down"
            assert (cause["sensor"], cause["action"]) == ("belt", "Plug it in")
            assert b.arm.prepared == []

    run_virtual(main())


@pytest.mark.parametrize("command", ["stop", "abort"])
def test_waiting_for_a_late_device_can_be_broken_off(command: str) -> None:
    async def main() -> None:
        async with bench() as b:
            b.belt.lose()
            await b.give("reset")
            await clock.sleep(20.0)
            await b.give(command)
            await b.state("Stopped", "Aborted", within=1.0)

    run_virtual(main())
