"""What goes wrong, and what the controller makes of it: interlocks, faults, lost devices, questions, the journal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from controller_world import (
    HOLD,
    bench,
    do,
    make_cell,
    make_program,
    small_program,
    wait,
)  # fmt: skip

from cellctl import clock
from cellctl.controller.cursor import PartRef, Position
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import CommandRefused, DeviceFault, InDoubt, LinkDown, NotReady
from cellctl.journal import MemoryStore
from cellctl.motion.pose import Pose
from cellctl.recipe.expressions import parse
from cellctl.recipe.program import Answer, Ask, Fork, Mark, Repeat, Set, Zone

MARK = Mark("recipe.yaml", 1, 1)


async def answer(b: Any, choice: str) -> None:
    await b.until(lambda: b.controller.status().questions)
    await b.give("answer", id=b.controller.status().questions[0]["id"], choice=choice)


# -- interlocks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["sort/pick/above", "sort/pick/down", "sort/pick/lift", "sort/place/good/down"])
def test_a_restored_guard_moves_nothing_until_reset_and_then_unhold(address: str) -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.step(address)
            await clock.sleep(0.4)
            b.arm.publish("di1", False)
            await clock.sleep(0)
            await clock.sleep(0)
            assert not b.arm.permitted, "the permit goes at once"
            await b.state("Held")
            cause = b.controller.status().cause
            assert cause["what"] == "guard_open: guard is off"
            assert cause["sensor"] == "guard -S3 (arm.di1)"
            assert "part 1" in cause["part"] and cause["action"] == "Close the guard door -S3"
            for refused in ("unhold", "complete", "reset"):
                with pytest.raises(CommandRefused, match="guard_open"):
                    await b.give(refused)
            b.arm.publish("di1", True)
            moves = len(b.arm.moves)
            await clock.sleep(5.0)
            assert len(b.arm.moves) == moves and not b.arm.permitted
            assert b.controller.status().trips == ("guard_open",)
            assert "reset" in b.controller.status().legal and "unhold" not in b.controller.status().legal
            with pytest.raises(CommandRefused, match=r"guard_open.*Reset first"):
                await b.give("unhold")
            assert (await b.give("reset"))["acknowledged"] == ["guard_open"]
            await clock.sleep(5.0)
            assert len(b.arm.moves) == moves and b.controller.status().state == "Held"
            await b.give("unhold")
            await b.state("Complete")
            b.conserved()
            assert b.controller.status().counts["placed"] == 1

    run_virtual(main())


def test_of_several_trips_the_first_out_stays() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.step("sort/pick/above")
            b.arm.publish("di1", False)
            b.arm.publish("protective_stop", True)
            await b.state("Aborted")
            status = b.controller.status()
            assert status.cause["what"] == "guard_open: guard is off"
            assert status.trips == ("guard_open", "protective_stop")

    run_virtual(main())


def test_a_trip_while_held_blocks_unhold_until_reset() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.step("sort/feed/2")
            await b.give("hold")
            await b.state("Held")
            b.arm.publish("di1", False)
            b.arm.publish("di1", True)
            with pytest.raises(CommandRefused, match="guard_open"):
                await b.give("unhold")
            await b.give("reset")
            await b.give("unhold")
            await b.state("Complete")

    run_virtual(main())


def test_a_trip_during_a_hold_that_finishes_a_region_stops_the_arm_at_once() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.step("sort/pick/lift")
            await b.give("hold")
            await clock.sleep(0.2)
            assert b.controller.status().state == "Holding"
            b.arm.publish("di1", False)
            await b.state("Held", within=0.5)
            assert b.controller.status().steps[0]["address"] == "sort/pick/lift"
            b.arm.publish("di1", True)
            await b.give("reset")
            await b.give("unhold")
            await b.state("Complete")
            b.conserved()

    run_virtual(main())


def test_reset_with_an_open_guard_ends_in_stopped_with_the_cause() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            b.arm.publish("di1", False)
            await b.give("reset")
            await b.state("Stopped")
            assert b.controller.status().cause["what"] == "Resetting: guard_open: guard is off"
            assert b.hand.prepared == [], "the fingers are not stroked with the guard open"
            b.arm.publish("di1", True)
            await b.give("reset")
            await b.state("Idle")
            assert b.controller.status().cause is None

    run_virtual(main())


def test_a_signal_that_is_not_known_counts_as_tripped() -> None:
    async def main() -> None:
        async with bench(batch=1, cell=make_cell(on_lost={})) as b:
            await b.start()
            await b.step("sort/pick/above")
            b.arm.lose()
            await b.state("Aborted")
            assert "not known" in b.controller.status().cause["what"]

    run_virtual(main())


def test_a_stop_command_is_not_kept_waiting_by_a_trip_in_idle() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.give("reset")
            await b.state("Idle")
            b.arm.publish("di1", False)
            b.arm.publish("di1", True)
            assert b.controller.status().state == "Idle"
            with pytest.raises(CommandRefused, match="guard_open"):
                await b.give("start")
            await b.give("reset")
            await b.give("start")
            await b.state("Complete")

    run_virtual(main())


# -- devices -------------------------------------------------------------------------------------


def test_a_lost_device_does_what_the_cell_says_and_is_the_cause() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.step("sort/pick/above")
            b.arm.lose()
            await b.state("Aborted")
            cause = b.controller.status().cause
            assert cause["what"] == "arm is lost: the link is down" and cause["action"] == "Plug it in"

    run_virtual(main())


def test_a_lost_belt_holds_and_goes_on_after_it_is_back() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.step("sort/feed/2")
            b.belt.lose()
            await b.state("Held")
            b.belt.find()
            with pytest.raises(CommandRefused, match="belt is lost"):
                await b.give("unhold")
            await b.give("reset")
            await b.give("unhold")
            await b.state("Complete")

    run_virtual(main())


def test_a_driver_that_fails_is_a_lost_device() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.start()
            b.camera.broken.set_result(None)
            await b.state("Held")
            assert "its driver failed" in b.controller.status().cause["what"]

    run_virtual(main())


def test_a_device_that_does_not_get_ready_ends_reset_in_stopped() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            b.belt.fail_prepare = NotReady("SLF1", where="belt", hint="Look at its cable")
            await b.give("reset")
            await b.state("Stopped")
            assert b.controller.status().cause["action"] == "Look at its cable"

    run_virtual(main())


def test_an_arm_that_was_moved_while_held_is_asked_about() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.step("sort/place/good/above")
            await b.give("hold")
            await b.state("Held")
            b.arm.angles[2] += 0.5
            await b.give("unhold")
            await b.until(lambda: b.controller.status().questions)
            assert "axis 3 by 28.6 deg" in b.controller.status().questions[0]["text"]
            await answer(b, "go on from here")
            await b.state("Complete")

    run_virtual(main())


@pytest.mark.parametrize("choice", ["gone", "put back", "stop"])
def test_a_part_that_left_the_hand_while_held_is_asked_about(choice: str) -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.step("sort/pick/lift")
            await b.give("hold")
            await b.state("Held")
            b.hand.lose_part()
            await b.give("unhold")
            await b.until(lambda: b.controller.status().questions)
            if choice == "put back":
                b.world.in_fingers, b.world.dropped = True, 0
                b.hand.publish("holding", True)
            await answer(b, choice)
            await b.state("Stopped" if choice == "stop" else "Complete")
            if choice != "stop":
                b.conserved()
                counts = b.controller.status().counts
                assert (counts["placed"], counts["dropped"]) == (1, 1 if choice == "gone" else 0)

    run_virtual(main())


# -- faults and answers --------------------------------------------------------------------------


def test_a_dropped_part_is_asked_about_and_counted() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.step("sort/pick/lift")
            await clock.sleep(0.5)
            b.hand.lose_part()
            await b.state("Held")
            assert b.arm.stops == [False]
            with pytest.raises(CommandRefused, match="question 1 is open"):
                await b.give("unhold")
            await answer(b, "gone")
            assert b.controller.status().counts["dropped"] == 1
            await b.give("unhold")
            await b.state("Complete")
            b.conserved()
            assert b.controller.status().counts == {
                "seen": 2, "placed": 1, "rejected": 0, "dropped": 1, "missed": 0, "removed": 0,
                "in_hand": 0, "waiting": 0, "handled": 1,
            }  # fmt: skip

    run_virtual(main())


def test_a_missed_part_is_counted_and_the_next_one_taken() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.step("sort/pick/above")
            b.world.at_eye = False
            b.arm.publish("di0", False)
            await b.state("Complete")
            assert b.controller.status().counts["missed"] == 1
            b.conserved()

    run_virtual(main())


def test_a_fault_before_the_grip_holds_and_unhold_retreats_first() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.step("sort/pick/above")
            b.arm.fault = DeviceFault("stopped", "came to rest 12 mm away", where="arm", hint="Look at the arm")
            await b.state("Held")
            cause = b.controller.status().cause
            assert "sort/pick/down" in cause["what"] and cause["action"] == "Look at the arm"
            moves = len(b.arm.moves)
            await clock.sleep(3.0)
            assert len(b.arm.moves) == moves, "after a fault nothing moves by itself"
            await b.give("unhold")
            await b.state("Complete")
            assert [e.text for e in b.of("step") if e.address.endswith("(retreat)") and e.phase == "done"]
            b.conserved()

    run_virtual(main())


def retry_program(answer_: Answer) -> Any:
    return small_program(do("move", "arm.move", None, to="ready", answers={"stopped": answer_}))


def test_a_retry_is_bounded_and_only_while_its_precondition_holds() -> None:
    async def main(condition: str | None, tries: int) -> None:
        only = parse(condition) if condition else None
        program = retry_program(Answer(then="retry", times=2, only_while=only, otherwise=Answer(then="stop")))
        async with bench(program=program) as b:
            failed = 0

            async def fail(*_: Any, **__: Any) -> None:
                nonlocal failed
                failed += 1
                raise DeviceFault("stopped", "no", where="arm")

            b.arm.move = fail
            await b.start()
            await b.state("Stopped")
            assert failed == tries

    run_virtual(main(None, 3))
    run_virtual(main("guard", 3))
    run_virtual(main("not guard", 1))


@pytest.mark.parametrize(("choice", "commands"), [("it was done", 1), ("do it again", 2)])
def test_what_is_in_doubt_is_never_redone_silently(choice: str, commands: int) -> None:
    async def main() -> None:
        program = small_program(do("move", "arm.move", None, to="ready", answers={"stopped": HOLD}))
        async with bench(program=program) as b:
            calls = 0
            real = b.arm.move

            async def doubtful(to: Any, **more: Any) -> None:
                nonlocal calls
                calls += 1
                if calls == 1:
                    raise InDoubt("nobody knows", where="arm")
                await real(to, **more)

            b.arm.move = doubtful
            await b.start()
            await b.state("Held")
            assert [e.phase for e in b.of("step")] == ["intent", "in_doubt"]
            await answer(b, choice)
            await b.give("unhold")
            await b.state("Complete")
            assert calls == commands

    run_virtual(main())


def test_a_doubt_is_settled_by_verify() -> None:
    async def main() -> None:
        step = do("grip", "hand.grip", None, width="38 mm", verify=parse("hand.holding"))
        async with bench(program=small_program(step)) as b:
            b.world.at_eye = True
            real = b.hand.grip

            async def doubtful(**more: Any) -> None:
                await real(**more)
                raise InDoubt("no answer", where="hand")

            b.hand.grip = doubtful
            await b.start()
            await b.state("Complete")

    run_virtual(main())


def test_a_broken_link_holds_and_unhold_looks_whether_it_was_done() -> None:
    async def main() -> None:
        step = do("grip", "hand.grip", None, width="38 mm", verify=parse("hand.holding"))
        async with bench(program=small_program(step)) as b:
            b.world.at_eye = True
            real, calls = b.hand.grip, 0

            async def broken(**more: Any) -> None:
                nonlocal calls
                calls += 1
                await real(**more)
                raise LinkDown("closed", where="hand")

            b.hand.grip = broken
            await b.start()
            await b.state("Held")
            await b.give("unhold")
            await b.until(lambda: b.controller.status().questions or b.controller.status().state == "Complete")
            if b.controller.status().questions:
                await answer(b, "taken out")
            await b.state("Complete")
            assert calls == 1

    run_virtual(main())


def test_a_step_that_hangs_is_stopped_by_its_time_limit() -> None:
    async def main() -> None:
        late = Answer(then="goto", target="end")
        step = do("move", "arm.move", "end", to="ready", within=4.0, answers={"timeout": late})
        async with bench(program=small_program(step, wait("end", None, seconds="1 s"))) as b:
            b.arm.hang = True
            await b.start()
            await b.step("move")
            assert b.controller.status().steps[0]["waits_for"] == "arm.move to be confirmed"
            await b.state("Complete")
            assert b.arm.stops == [False]
            assert any("not confirmed within 4 s" in e.detail for e in b.of("step"))

    run_virtual(main())


def test_a_step_that_hangs_without_a_limit_is_named() -> None:
    async def main() -> None:
        async with bench(program=small_program(do("move", "arm.move", None, to="ready"))) as b:
            b.arm.hang = True
            await b.start()
            await b.until(lambda: any("waits for arm.move to be confirmed" in e.text for e in b.of("note")))
            await b.give("stop")
            await b.state("Stopped")

    run_virtual(main())


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_stale_condition_is_neither_true_nor_false(comes_back: bool) -> None:
    async def main() -> None:
        step = wait("w", None, until="not hand.holding", within=5.0, answers={"timeout": Answer(then="stop")})
        program = small_program(wait("before", "w", seconds="1 s"), step)
        async with bench(program=program, cell=make_cell(on_lost={}, interlocks=())) as b:
            await b.start()
            b.hand.lose()
            await b.step("w")
            await clock.sleep(1.0)
            assert b.controller.status().state == "Execute"
            if comes_back:
                b.hand.find()
                await b.state("Complete", within=1.0)
            else:
                await b.state("Stopped")
                assert "not known (stale, hand is offline)" in b.controller.status().cause["what"]

    run_virtual(main())


def test_a_recipe_can_ask() -> None:
    async def main() -> None:
        ask = Ask(address="ask", text="ask", mark=MARK, question="Which way?", choices={"left": "l", "right": "r"})
        steps = [ask, wait("l", None, seconds="1 s"), wait("r", None, seconds="2 s")]
        async with bench(program=small_program(*steps)) as b:
            await b.start()
            await b.state("Held")
            await answer(b, "right")
            await b.give("unhold")
            await b.step("r")
            await b.state("Complete")

    run_virtual(main())


# -- parallel branches ---------------------------------------------------------------------------


def fork_program() -> Any:
    fork = Fork(address="fork", text="fork", mark=MARK, next="end", branches=("a1", "b1"))
    steps = [
        fork,
        do("a1", "arm.move", "a2", to="ready", answers={"stopped": HOLD}),
        do("a2", "arm.move", None, to="ready", answers={"stopped": HOLD}),
        do("b1", "belt.advance", "b2", speed="100 mm/s"),
        wait("b2", "b3", seconds="3 s"),
        do("b3", "belt.halt", None),
        wait("end", None, seconds="1 s"),
    ]
    return small_program(*steps)


def test_parallel_branches_are_held_together_and_go_on_together() -> None:
    async def main() -> None:
        async with bench(program=fork_program()) as b:
            await b.start()
            await b.step("b2")
            assert {s["branch"] for s in b.controller.status().steps} == {"fork#1", "fork#2"}
            await clock.sleep(0.4)
            await b.give("hold")
            await b.state("Held")
            assert b.arm.stops == [False] and b.belt.signal("running").value is False
            moves = len(b.arm.moves)
            await clock.sleep(5.0)
            assert len(b.arm.moves) == moves
            await b.give("unhold")
            await b.state("Execute")
            await clock.sleep(0.1)
            assert b.belt.signal("running").value is True
            await b.state("Complete")
            assert len(b.arm.moves) == 3

    run_virtual(main())


def test_only_one_branch_is_in_a_zone() -> None:
    async def main() -> None:
        def zone(address: str, verb: Any, following: str | None) -> Zone:
            return Zone(address=address, text=verb, mark=MARK, next=following, zone="over", verb=verb)

        steps = [
            Fork(address="fork", text="fork", mark=MARK, branches=("a/z/enter", "b/z/enter")),
            zone("a/z/enter", "enter", "a/z/1"), wait("a/z/1", "a/z/leave", seconds="2 s"),
            zone("a/z/leave", "leave", None),
            zone("b/z/enter", "enter", "b/z/1"), wait("b/z/1", "b/z/leave", seconds="2 s"),
            zone("b/z/leave", "leave", None),
        ]  # fmt: skip
        async with bench(program=small_program(*steps)) as b:
            await b.start()
            began = clock.now()
            await b.step("b/z/enter")
            assert "zone over, which branch fork#1 is in" in b.controller.status().steps[1]["waits_for"]
            await b.state("Complete")
            assert clock.now() - began == pytest.approx(4.0, abs=0.05)

    run_virtual(main())


# -- positions -----------------------------------------------------------------------------------


def test_a_position_round_trips_through_json() -> None:
    position = Position.start(make_program())
    position.variables = {
        "part": PartRef(3), "p": Pose(1, 2, 3, 4, 5, 6), "j": (0.0, 1.0), "n": 4, "t": "x", "b": True, "f": 0.5,
        "none": None, "record": {"found": 2, "pose": Pose(1.0)},
    }  # fmt: skip
    position.loops, position.retries, position.zones = {"sort": 2}, {"sort/look": 1}, {"over": "main"}
    position.belts = {"belt": ("main", "sort/feed/1")}
    text = json.dumps(position.to_json())
    assert Position.from_json(json.loads(text)) == position


@pytest.mark.parametrize("address", ["sort/pick/down", "sort/pick/lift", "sort/place/good/down"])
def test_a_run_goes_on_from_a_position_that_was_written_down(address: str) -> None:
    async def main() -> None:
        async with bench(batch=2) as b:
            await b.start()
            await b.step(address)
            await clock.sleep(0.3)
            await b.give("hold")
            await b.state("Held")
            unit = b.controller._unit  # what a later recovery will do by the front door
            position = Position.from_json(json.loads(json.dumps(unit.position.to_json())))
            await unit.sequencer.cancel()
            unit.resume_run(position)
            await b.give("unhold")
            await b.state("Complete")
            b.conserved()
            assert b.controller.status().counts["placed"] == 2

    run_virtual(main())


def test_set_gives_all_values_at_once_and_they_are_in_the_position() -> None:
    async def main() -> None:
        steps = [
            Set(address="s1", text="set", mark=MARK, next="s2", values={"x": parse("1"), "y": parse("2")}),
            Set(address="s2", text="set", mark=MARK, next="w", values={"x": parse("y"), "y": parse("x")}),
            wait("w", None, until="x == 2 and y == 1"),
        ]
        async with bench(program=small_program(*steps)) as b:
            await b.start()
            await b.state("Complete")

    run_virtual(main())


# -- the journal ---------------------------------------------------------------------------------


class FailingStore(MemoryStore):
    """A disk that is full while ``full`` is set."""

    full = False

    def write(self, records: Any) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        super().write(records)


def test_a_full_disk_holds_the_cell_says_so_and_loses_nothing() -> None:
    async def main() -> None:
        store = FailingStore()
        async with bench(batch=1, store=store) as b:
            await b.start()
            await b.step("sort/pick/lift")
            store.full = True
            await b.state("Held")
            assert "No space left" in b.controller.status().cause["what"]
            steps = [r.fields() for r in store.records if r.kind == "step"]
            intents = {step["address"] for step in steps if step["phase"] == "intent"}
            assert "sort/place/good/above" not in intents
            moves = len(b.arm.moves)
            with pytest.raises(CommandRefused, match="No space left"):
                await b.give("unhold")
            store.full = False
            await b.until(lambda: any("written again" in e.text for e in b.of("note")))
            assert len(b.arm.moves) == moves
            await b.give("unhold")
            await b.state("Complete")
            b.conserved()
            orders = [r.order for r in store.records]
            assert orders == sorted(orders) and len(set(orders)) == len(orders)

    run_virtual(main())


def test_stop_does_not_wait_for_a_full_disk() -> None:
    async def main() -> None:
        store = FailingStore()
        async with bench(batch=1, store=store) as b:
            await b.start()
            await b.step("sort/pick/above")
            store.full = True
            await b.give("stop")
            await b.state("Stopped")
            store.full = False

    run_virtual(main())


def test_a_run_that_a_crash_left_behind_is_found_and_nothing_starts() -> None:
    async def main() -> None:
        store = MemoryStore()
        async with bench(batch=1, store=store) as b:
            await b.start()
            await b.step("sort/pick/lift")
            left = MemoryStore()
            left.records = list(store.records)
        async with bench(batch=1, store=left) as b:
            await clock.sleep(5.0)
            status = b.controller.status()
            assert status.state == "Stopped" and status.unfinished["recipe"] == "vision_sort"
            assert [s["address"] for s in status.unfinished["in_doubt"]] == ["sort/pick/lift"]
            assert b.log == []
            await b.start()
            assert b.controller.status().unfinished is None
            await b.state("Complete")

    run_virtual(main())


def test_a_mistake_in_the_program_itself_aborts_and_is_told() -> None:
    async def main() -> None:
        async with bench(program=small_program(do("x", "arm.no_such_action", None))) as b:
            await b.start()
            await b.state("Aborted")
            assert "no_such_action" in b.controller.status().cause["what"]

    run_virtual(main())


def test_without_a_recipe_start_is_refused() -> None:
    async def main() -> None:
        async with bench() as b:
            b.controller._unit.program = None
            await b.give("reset")
            await b.state("Idle")
            with pytest.raises(CommandRefused, match="no recipe is loaded"):
                await b.give("start")

    run_virtual(main())


# -- corners -------------------------------------------------------------------------------------


def test_an_arm_without_a_retreat_move_is_jogged_by_a_person() -> None:
    async def main() -> None:
        async with bench(batch=1, cell=make_cell(retreats=())) as b:
            await b.start()
            await b.step("sort/pick/down")
            await clock.sleep(0.5)
            await b.give("hold")
            await b.state("Held")
            with pytest.raises(CommandRefused, match="question 1 is open"):
                await b.give("unhold")
            b.arm.angles[1] += 0.5
            await answer(b, "the arm stands clear")
            await b.give("unhold")
            await b.state("Complete")
            b.conserved()

    run_virtual(main())


def test_a_recipe_does_not_run_in_manual_mode() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.give("mode", mode="Manual")
            await b.give("reset")
            await b.state("Idle")
            with pytest.raises(CommandRefused, match="does not run in mode Manual"):
                await b.give("start")
            assert b.arm.moves == []

    run_virtual(main())


@pytest.mark.parametrize("command", ["stop", "abort"])
def test_a_reset_can_be_broken_off(command: str) -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.give("reset")
            await clock.sleep(0.05)
            await b.give(command)
            await b.state("Stopped" if command == "stop" else "Aborted")
            assert b.controller.status().run == ""

    run_virtual(main())


def test_hold_while_starting_and_then_unhold_runs_the_recipe() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.give("reset")
            await b.state("Idle")
            await b.give("start")
            await b.give("hold")
            await b.state("Held")
            assert b.arm.moves == []
            await b.give("unhold")
            await b.state("Complete")
            assert [run.result for run in b.of("run")] in (["", "complete"], ["complete"])

    run_virtual(main())


def test_shutdown_in_mid_move_stops_first() -> None:
    async def main() -> None:
        async with bench(batch=5) as b:
            await b.start()
            await b.step("sort/pick/down")
            await b.give("shutdown")
            assert b.controller.status().state == "Stopped"
            assert b.arm.stops and not b.arm.permitted
            assert [run.result for run in b.of("run")] == ["", "stopped"]

    run_virtual(main())


def test_what_a_person_took_while_held_is_looked_for_and_counted_as_removed() -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.step("sort/pick/above")
            await b.give("hold")
            await b.state("Held")
            b.world.at_eye = False
            b.arm.publish("di0", False)
            await b.give("unhold")
            await b.state("Complete")
            counts = b.controller.status().counts
            assert (counts["seen"], counts["placed"], counts["removed"]) == (2, 1, 1)

    run_virtual(main())


def test_times_and_index_of_a_loop() -> None:
    async def main() -> None:
        loop = Repeat(address="r", text="repeat", mark=MARK, next="end", body="r/1", times=parse("3"), index="i")
        steps = [
            Set(address="s", text="set", mark=MARK, next="r", values={"sum": parse("0")}),
            loop,
            Set(address="r/1", text="set", mark=MARK, next="r", values={"sum": parse("sum + i")}),
            wait("end", None, until="sum == 6"),
        ]
        async with bench(program=small_program(*steps)) as b:
            await b.start()
            await b.state("Complete", within=5.0)

    run_virtual(main())


@pytest.mark.parametrize("after", [0.0, 0.1, 0.19])
@pytest.mark.parametrize("address", ["sort/place/good/open", "sort/pick/grip"])
def test_a_trip_while_the_fingers_move_is_settled_by_verify(address: str, after: float) -> None:
    async def main() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.step(address)
            await clock.sleep(after)
            b.arm.publish("di1", False)
            if address.endswith("open"):  # the part has left the fingers though nobody confirmed it
                b.world.in_fingers = False
                b.world.put.append(b.arm.at)
                b.hand.publish("holding", False)
            await b.state("Held")
            b.arm.publish("di1", True)
            await b.give("reset")
            await b.give("unhold")
            await b.state("Complete")
            b.conserved()

    run_virtual(main())
