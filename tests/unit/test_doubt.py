"""What nobody knows is never taken for known: steps in doubt, arms that were moved, answers that cannot be."""

from __future__ import annotations

from typing import Any

import pytest
from controller_world import bench, do, small_program

from cellctl.controller.questions import Questions
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import CommandRefused, LinkDown
from cellctl.journal import MemoryStore
from cellctl.recipe.expressions import parse


@pytest.mark.parametrize(("verify", "asked"), [(None, True), ("hand.holding", False)])
def test_a_grip_whose_answer_was_lost_is_not_done_again_unless_it_is_known_not_to_be_done(
    verify: str | None, asked: bool
) -> None:
    step = do("grip", "hand.grip", None, width="38 mm", verify=None if verify is None else parse(verify))

    async def story() -> None:
        async with bench(program=small_program(step)) as b:
            grips: list[Any] = []

            async def broken(**more: Any) -> None:
                grips.append(more)
                if len(grips) == 1:
                    raise LinkDown("closed", where="hand")
                b.hand.publish("holding", True)

            b.hand.grip = broken
            b.hand.publish("holding", False)
            await b.start()
            await b.state("Held")
            await b.give("unhold")
            await b.until(lambda: b.controller.status().questions or b.controller.status().state == "Complete")
            questions = b.controller.status().questions
            assert bool(questions) == asked
            assert len(grips) == (1 if asked else 2)
            if asked:
                assert questions[0]["choices"] == ("it was done", "do it again", "stop")

    run_virtual(story())


def test_an_arm_that_was_moved_is_asked_about_after_every_pause_until_it_is_answered() -> None:
    async def story() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.step("sort/place/good/above")
            await b.give("hold")
            await b.state("Held")
            b.arm.angles[2] += 0.5
            for _ in range(2):
                await b.give("unhold")
                await b.until(lambda: b.controller.status().questions)
                assert "was moved while the cell stood" in b.controller.status().questions[0]["text"]
                await b.give("hold")
                await b.state("Held")

    run_virtual(story())


def test_a_question_stays_open_when_its_answer_cannot_be_carried_out() -> None:
    async def story() -> None:
        async with bench() as b:
            questions = Questions(b.controller._unit.bulletin)
            chosen: list[str] = []

            def then(choice: str) -> None:
                if choice == "a":
                    raise LinkDown("the line is down")
                chosen.append(choice)

            number = questions.ask("which?", ("a", "b"), then)
            with pytest.raises(CommandRefused, match="the line is down"):
                questions.answer(number, "a", "kim")
            assert len(questions) == 1
            questions.answer(number, "b", "kim")
            assert (chosen, len(questions)) == (["b"], 0)

    run_virtual(story())


def test_what_is_told_of_a_stop_is_the_last_word_of_a_person_not_the_first() -> None:
    async def story() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.step("sort/place/good/above")
            await b.give("hold")
            await b.state("Held")
            await b.give("abort")
            await b.state("Aborted")
            cause = b.controller.status().cause
            assert cause is not None
            assert "abort" in cause["what"]
            assert "Unhold" not in cause["action"]

    run_virtual(story())


def test_a_new_controller_knows_what_lies_in_the_stations() -> None:
    store = MemoryStore()

    async def first() -> None:
        async with bench(batch=2, store=store) as b:
            await b.start()
            await b.state("Complete")

    async def second() -> None:
        async with bench(batch=2, store=store) as b:
            stations = {station["name"]: station["count"] for station in b.controller.status().stations}
            assert stations["good"] + stations["reject"] == 2
            full = next(name for name, count in stations.items() if count)
            await b.give("empty", station=full)

    async def third() -> None:
        async with bench(batch=2, store=store) as b:
            assert sum(station["count"] for station in b.controller.status().stations) < 2

    run_virtual(first())
    run_virtual(second())
    run_virtual(third())


def test_where_an_arm_was_held_in_one_run_is_nothing_to_the_next() -> None:
    async def story() -> None:
        async with bench(batch=1) as b:
            await b.start()
            await b.step("sort/pick/above")
            await b.give("hold")
            await b.state("Held")
            await b.give("stop")
            await b.state("Stopped")
            b.arm.angles[2] += 0.5
            await b.start()
            await b.step("sort/place/good/above")
            await b.give("hold")
            await b.state("Held")
            await b.give("unhold")
            await b.until(lambda: b.controller.status().questions or b.controller.status().state == "Complete")
            assert b.controller.status().questions == ()

    run_virtual(story())
