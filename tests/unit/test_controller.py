"""The controller from its front door, on fake devices, in virtual time."""

from __future__ import annotations

import pytest
from controller_world import bench

from cellctl import clock
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import CommandRefused, UsageError


def test_a_recipe_runs_from_reset_to_complete() -> None:
    async def main() -> None:
        async with bench(batch=3) as b:
            b.world.qualities = [True, False, True]
            await b.start()
            await b.state("Complete")
            status = b.controller.status()
            assert status.counts["placed"] == 2 and status.counts["rejected"] == 1
            assert len(b.world.put) == 3 and b.world.dropped == 0
            b.conserved()
            assert [s["count"] for s in status.stations] == [0, 2, 1]
            states = [event.state for event in b.of("state")]
            assert states == ["Stopped", "Resetting", "Idle", "Starting", "Execute", "Completing", "Complete"]
            runs = b.of("run")
            assert [run.result for run in runs] == ["", "complete"]
            assert runs[-1].counts["handled"] == 3 and runs[-1].cycle_time > 0

    run_virtual(main())


def test_a_command_that_is_not_legal_is_refused_with_the_reason_and_the_legal_ones() -> None:
    async def main() -> None:
        async with bench() as b:
            with pytest.raises(CommandRefused, match="hold is not legal in Stopped") as refused:
                await b.give("hold")
            assert set(refused.value.legal) == {"reset", "abort"}
            with pytest.raises(CommandRefused, match=r"there is no command 'strat'.*Did you mean start"):
                await b.give("strat")
            commands = [r for r in b.store.records if r.kind == "command"]
            await b.give("mode", mode="manual")
            assert b.controller.status().mode == "Manual"
            assert [c.fields()["by"] for c in commands] == ["kim"] * len(commands)

    run_virtual(main())


def test_every_intent_is_durable_before_its_command_and_every_result_follows() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.state("Complete")
            steps = [r.fields() for r in b.store.records if r.kind == "step"]
            intents = [s["address"] for s in steps if s["phase"] == "intent"]
            assert intents[:5] == ["approach", "sort/feed/1", "sort/feed/3", "sort/look", "sort/pick/open"]
            for index, record in enumerate(steps):
                if record["phase"] == "intent":
                    following = [s for s in steps[index + 1 :] if s["address"] == record["address"]]
                    assert following[0]["phase"] == "done"
            grip = next(s for s in steps if s["address"] == "sort/pick/grip" and s["phase"] == "done")
            assert grip["effect"] == {"verb": "holds", "part": 1, "place": "hand", "fate": "held"}
            assert grip["position"]["cursors"][0]["address"] == "sort/pick/lift"

    run_virtual(main())


PICK = ["sort/pick/open", "sort/pick/above", "sort/pick/down", "sort/pick/grip", "sort/pick/lift"]


@pytest.mark.parametrize("after", [0.0, 0.02, 0.11, 0.5, 0.97])
@pytest.mark.parametrize("address", [*PICK, "approach", "sort/feed/2", "sort/look", "sort/place/good/open"])
def test_hold_and_unhold_at_each_step_lose_no_part(address: str, after: float) -> None:
    async def main() -> None:
        async with bench(batch=2) as b:
            await b.start()
            await b.step(address)
            await clock.sleep(after)
            if b.controller.status().state != "Execute":
                return
            await b.give("hold")
            await b.state("Held")
            here = b.controller.status().steps[0]["address"]
            stood = len(b.log)
            await clock.sleep(5.0)
            assert len(b.log) == stood, "something moved in Held"
            assert not b.arm.permitted
            assert here != "sort/pick/lift", "after the grip the region is finished"
            b.conserved()
            await b.give("unhold")
            await b.state("Complete")
            b.conserved()
            counts = b.controller.status().counts
            assert (counts["placed"], counts["dropped"], counts["missed"], counts["removed"]) == (2, 0, 0, 0)

    run_virtual(main())


def test_hold_before_the_grip_retreats_and_starts_the_region_again() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.step("sort/pick/down")
            await clock.sleep(0.5)
            await b.give("hold")
            await b.state("Held")
            retreat = [e.text for e in b.of("step") if e.address == "sort/pick/(retreat)" and e.phase == "done"]
            assert retreat == ["arm.move_linear up 120 mm", "arm.move to ready"]
            assert b.controller.status().steps[0]["address"] == "sort/look"
            await b.give("unhold")
            await b.state("Complete")
            assert b.log.count("camera.inspect") == 2
            assert b.controller.status().counts["seen"] == 1, "the same part was looked at again"

    run_virtual(main())


def test_hold_stops_the_belt_and_unhold_runs_it_again() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.step("sort/feed/2")
            await clock.sleep(0.5)
            await b.give("hold")
            await b.state("Held")
            assert b.belt.signal("running").value is False
            await b.give("unhold")
            await b.state("Execute")
            await clock.sleep(0.1)
            assert b.belt.signal("running").value is True
            await b.state("Complete")
            assert b.log.count("belt.advance") == 2

    run_virtual(main())


def test_suspend_finishes_the_region_and_unsuspend_goes_on() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.step("sort/pick/above")
            await b.give("suspend")
            await b.state("Suspended")
            assert b.controller.status().counts["in_hand"] == 1
            await b.give("unsuspend")
            await b.state("Complete")
            b.conserved()

    run_virtual(main())


def test_complete_ends_after_the_part_in_the_hand_is_put_down() -> None:
    async def main() -> None:
        async with bench(batch=50) as b:
            await b.start()
            await b.step("sort/pick/lift")
            await b.give("complete")
            await b.state("Complete")
            counts = b.controller.status().counts
            assert (counts["placed"], counts["in_hand"]) == (1, 0)
            b.conserved()

    run_virtual(main())


def test_complete_does_not_wait_for_the_next_part_and_stops_the_belt() -> None:
    async def main() -> None:
        async with bench(batch=50) as b:
            b.world.on_belt = 0
            await b.start()
            await b.step("sort/feed/2")
            await clock.sleep(1.0)
            await b.give("complete")
            await b.state("Complete", within=5.0)
            assert b.belt.signal("running").value is False

    run_virtual(main())


def test_complete_from_held_goes_on_to_the_end_of_the_cycle() -> None:
    async def main() -> None:
        async with bench(batch=50) as b:
            await b.start()
            await b.step("sort/pick/lift")
            await b.give("hold")
            await b.state("Held")
            await b.give("complete")
            await b.state("Complete")
            assert b.controller.status().counts["placed"] == 1
            b.conserved()

    run_virtual(main())


def test_stop_keeps_the_part_and_reset_asks_about_it() -> None:
    async def main() -> None:
        async with bench(batch=5) as b:
            await b.start()
            await b.step("sort/place/good/above")
            await clock.sleep(0.3)
            await b.give("stop")
            await b.state("Stopped")
            assert b.hand.log.count("hand.release") == 1 and b.world.in_fingers
            assert b.controller.status().cause["part"] == "part 1 is in the hand (hand)"
            await b.give("reset")
            await b.until(lambda: b.controller.status().questions)
            (question,) = b.controller.status().questions
            assert "part 1" in question["text"] and "still held" in question["choices"]
            assert b.hand.prepared == [False], "nothing is done to the fingers before the answer"
            with pytest.raises(CommandRefused, match="is no answer to question"):
                await b.give("answer", id=question["id"], choice="removed")
            await b.give("answer", id=question["id"], choice="still held")
            await b.state("Idle")
            assert b.hand.prepared == [False, True]
            with pytest.raises(CommandRefused, match="part 1 is still in hand"):
                await b.give("start")
            await b.give("stop")
            await b.state("Stopped")
            await b.give("reset")
            await b.until(lambda: b.controller.status().questions)
            b.hand.lose_part()
            b.world.dropped = 0  # it was taken out
            await b.give("answer", id=b.controller.status().questions[0]["id"], choice="removed by hand")
            await b.state("Idle")
            await b.give("start")
            await b.step("sort/pick/lift")

    run_virtual(main())


def test_abort_is_fast_withdraws_the_permit_and_needs_clear() -> None:
    async def main() -> None:
        async with bench(batch=5) as b:
            await b.start()
            await b.step("sort/pick/above")
            await b.give("abort")
            await b.state("Aborted")
            assert b.arm.stops[-1] is True and not b.arm.permitted
            with pytest.raises(CommandRefused, match="start is not legal in Aborted"):
                await b.give("start")
            await b.give("clear")
            await b.state("Stopped")
            assert [run.result for run in b.of("run")] == ["", "aborted"]

    run_virtual(main())


def test_a_hung_step_is_named_with_what_it_waits_for() -> None:
    async def main() -> None:
        async with bench(batch=5) as b:
            b.world.on_belt = 0
            await b.start()
            await b.step("sort/feed/2")
            (step,) = b.controller.status().steps
            assert "infeed.present is off" in step["waits_for"] and "-B1" in step["waits_for"]
            await b.state("Suspended")
            assert "timeout" in b.controller.status().cause["what"]
            b.world.on_belt = 1
            await b.give("unsuspend")
            await b.step("sort/pick/lift")

    run_virtual(main())


def test_a_full_station_does_what_its_cell_says_and_goes_on_once_it_is_empty() -> None:
    async def main() -> None:
        async with bench(batch=5) as b:
            await b.start()
            await b.state("Suspended")
            assert "station good is full: 4 of 4" in b.controller.status().cause["what"]
            assert b.controller.status().counts["in_hand"] == 1
            with pytest.raises(UsageError, match="no station is called"):
                await b.give("empty", station="god")
            await b.give("empty", station="good")
            await b.give("unsuspend")
            await b.state("Complete")
            assert b.controller.status().counts["placed"] == 5
            assert [s["count"] for s in b.controller.status().stations] == [0, 1, 0]

    run_virtual(main())
