"""Paths in recipes: what the arm is asked for, what is refused before the run, and who cannot move along an arc."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from controller_world import HOLD, READY, Bench, bench, do, small_program
from recipe_files import RECIPE, findings, swap, write

from cellctl.devices import ByJoints
from cellctl.motion import Pose
from cellctl.recipe import check, load_cell, load_recipe
from cellctl.recipe.program import Do, Program, Step
from cellctl.testing.running import run_virtual

ANSWERS = {"stopped": HOLD, "unreachable": HOLD, "error": HOLD}
MOVE = "{do: arm.move, to: ready, speed: travel}"


def written(folder: Path, step: str, recipe: str = RECIPE) -> Program:
    write(folder, swap(recipe, MOVE, step))
    return check(load_cell(folder / "cell.yaml", []), load_recipe(folder / "recipe.yaml"))


def argument(program: Program, name: str) -> Any:
    step = next(each for each in program.steps.values() if isinstance(each, Do) and name in each.arguments)
    cell = {"ready": READY}
    pose = Pose(0.4, 0.1, 0.02)
    return step.arguments[name].evaluate(lambda each, field: pose if field else cell[each])


def story(step: Step, tell: Any) -> None:
    async def main() -> None:
        async with bench(program=small_program(step)) as world:
            await world.start()
            await tell(world)

    run_virtual(main())


@pytest.mark.parametrize(
    "path",
    [
        '[ready, "ptp(above(good.slot, 80 mm))", good.slot]',
        '"[ready, ptp(above(good.slot, 80 mm)), good.slot]"',
        "\n      - ready\n      - ptp(above(good.slot, 80 mm))\n      - good.slot",
    ],
)
def test_a_path_can_be_written_in_three_ways(tmp_path: Path, path: str) -> None:
    program = written(tmp_path, f"do: arm.follow\n    path: {path}")
    pose = Pose(0.4, 0.1, 0.02)
    assert argument(program, "path") == (READY, ByJoints(pose.above(0.08)), pose)
    step = next(each for each in program.steps.values() if isinstance(each, Do))
    assert step.text == "arm.follow path [ready, ptp(above(good.slot, 80 mm)), good.slot]"


def test_an_operation_can_take_a_path(tmp_path: Path) -> None:
    recipe = swap(RECIPE, "operations:\n", "operations:\n  go:\n    with: {arm: robot, way: targets}\n    steps:\n"
                  "      - {do: arm.follow, path: way}\n")  # fmt: skip
    program = written(tmp_path, "{call: go, way: [ready, good.slot]}", recipe)
    assert argument(program, "path") == (READY, Pose(0.4, 0.1, 0.02))


def test_an_arm_that_cannot_blend_goes_from_target_to_target() -> None:
    path = "[ready, ptp(above(good.slot, 80 mm)), good.slot, above(good.slot, 80 mm)]"
    step = do("way", "arm.follow", None, path=path, blend="10 mm", answers=ANSWERS)

    async def tell(world: Bench) -> None:
        await world.state("Complete")
        slot = world.cell.stations["good"].slots[0]
        assert world.arm.moves == [READY, slot.above(0.08), slot, slot.above(0.08)]
        ways = [line.split()[0] for line in world.log if line.startswith("arm.move")]
        assert ways == ["arm.move", "arm.move", "arm.move_linear", "arm.move_linear"]

    story(step, tell)


def test_a_stop_on_the_way_ends_the_path() -> None:
    step = do("way", "arm.follow", None, path="[ready, good.slot, ready]", answers=ANSWERS)

    async def tell(world: Bench) -> None:
        await world.until(lambda: len(world.arm.moves) == 2)
        await world.give("hold")
        await world.state("Held")
        assert len(world.arm.moves) == 2
        await world.give("unhold")
        await world.state("Complete")
        assert len(world.arm.moves) == 5  # it begins again at the first target

    story(step, tell)


def test_an_arm_that_knows_no_arcs_says_so() -> None:
    step = do("arc", "arm.move_circular", None, via="good.slot", to="good.slot", answers=ANSWERS)

    async def tell(world: Bench) -> None:
        await world.state("Held")
        assert "cannot move along an arc" in world.tell()
        assert world.arm.moves == []

    story(step, tell)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("{do: arm.follow, path: [ready, 'above(good.slot, 900 mm)']}", "slot 0 of good: arm (ur5e) cannot reach"),
        ("{do: arm.follow, path: ['ptp(above(good.slot, 900 mm))', ready]}", "slot 0 of good: arm (ur5e) cannot reach"),
        ("{do: arm.move_circular, via: 'above(good.slot, 900 mm)', to: good.slot}", "cannot reach"),
    ],
)
def test_a_target_out_of_reach_is_found_before_the_run(tmp_path: Path, step: str, words: str) -> None:
    found = findings(tmp_path, recipe=swap(RECIPE, MOVE, step))
    assert [each.code for each in found] == ["out-of-reach"]
    assert words in found[0].message


def test_every_path_needs_answers_to_the_faults_of_a_move(tmp_path: Path) -> None:
    recipe = swap(swap(RECIPE, "  unreachable: hold\n", ""), MOVE, "{do: arm.follow, path: [ready]}")
    found = findings(tmp_path, recipe=recipe)
    assert {each.code for each in found} == {"unanswered-fault"}
    assert any("arm.follow" in each.message for each in found)
