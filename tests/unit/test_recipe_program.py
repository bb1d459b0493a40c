"""What a checked recipe becomes: addresses, expanded operations, answers, regions, zones, bindings, digests."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from recipe_files import CELL, RECIPE, findings, swap, write

from cellctl.motion.pose import Pose
from cellctl.recipe import CheckFailed, Program, check, check_paths, load_cell, load_recipe
from cellctl.recipe.expressions import parse
from cellctl.recipe.program import Ask, Choose, Do, Fork, PartEffect, Repeat, Set, Wait, Zone
from cellctl.recipe.recipe_build import builtin_operations

HEAD = RECIPE[: RECIPE.index("operations:")]


def program(folder: Path, recipe: str = RECIPE, cell: str = CELL, **arguments: Any) -> Program:
    write(folder, recipe, cell)
    return check(load_cell(folder), load_recipe(folder), **arguments)


def procedure(*lines: str) -> str:
    return HEAD + "procedure:\n" + "\n".join(f"  {line}" for line in lines) + "\n"


def leads_somewhere(made: Program) -> None:
    """Every address that is named is there, and every step can be come to."""
    reached: set[str] = set()
    waiting = [made.first]
    while waiting:
        address = waiting.pop()
        if address in reached:
            continue
        reached.add(address)
        step = made.steps[address]
        waiting += [each for each in [step.next] if each]
        answers = list(step.answers.values())
        while answers:
            answer = answers.pop()
            answers += [*answer.choices.values(), *([answer.otherwise] if answer.otherwise else [])]
            assert (answer.target is not None) == (answer.then == "goto")
            waiting += [answer.target] if answer.target else []
        match step:
            case Repeat():
                waiting.append(step.body)
            case Choose():
                waiting += [step.otherwise, *(target for _, target in step.branches)]
            case Fork():
                waiting += step.branches
            case Ask():
                waiting += step.choices.values()
            case _:
                pass
        assert step.region is None or step.region in made.regions
    assert reached == set(made.steps)
    for region in made.regions.values():
        assert region.first in made.steps
        assert region.parent is None or region.parent in made.regions


def test_the_flagship_recipe_is_right() -> None:
    folder = Path(__file__).parents[2] / "recipes" / "vision_sort"
    assert check_paths([folder]).diagnostics == []
    leads_somewhere(check(load_cell(folder), load_recipe(folder)))


def test_addresses_and_order(tmp_path: Path) -> None:
    made = program(tmp_path)
    leads_somewhere(made)
    assert made.first == "1"
    assert [address for address in made.steps if "dropped" not in address] == [
        "1",
        "sort",
        "sort/1/1",
        "sort/1/2",
        "sort/1/3",
        "sort/look",
        "sort/pick/open",
        "sort/pick/above",
        "sort/pick/down",
        "sort/pick/grip",
        "sort/pick/grip/missed/retreat",
        "sort/pick/lift",
        "sort/place",
        "sort/place/1/above",
        "sort/place/1/down",
        "sort/place/1/open",
        "sort/place/1/up",
        "sort/place/2/above",
        "sort/place/2/down",
        "sort/place/2/open",
        "sort/place/2/up",
    ]


def test_an_operation_is_written_out_in_the_words_of_the_recipe(tmp_path: Path) -> None:
    made = program(tmp_path)
    step = made.steps["sort/place/2/above"]
    assert isinstance(step, Do)
    assert step.text.startswith("arm.move to above(bin.slot, 80 mm), speed travel")
    assert step.arguments["to"] == parse("above(bin.slot, 80 mm)")
    assert (step.device, step.capability, step.action, step.moves) == ("arm", "robot", "move", True)
    grip = made.steps["sort/pick/grip"]
    assert isinstance(grip, Do)
    assert grip.effect == PartEffect(verb="holds", part="part")
    assert grip.verify == parse("hand.holding")
    look = made.steps["sort/look"]
    assert isinstance(look, Do)
    assert look.effect == PartEffect(verb="takes", part="part", station="infeed")
    wait = made.steps["sort/1/2"]
    assert isinstance(wait, Wait)
    assert (wait.until, wait.within) == (parse("infeed.present"), 30.0)


def test_answers_are_inherited_from_the_inside_out(tmp_path: Path) -> None:
    made = program(tmp_path)
    grip = made.steps["sort/pick/grip"].answers
    assert set(grip) == {"missed", "wrong_size", "unverified"}
    assert (grip["missed"].then, grip["missed"].part, grip["missed"].outcome) == ("goto", "part", "missed")
    assert made.steps["sort/pick/grip/missed/retreat"].next == "sort"
    assert set(grip["wrong_size"].choices) == {"retry", "stop"}
    assert grip["wrong_size"].choices["retry"].target == "sort/pick/grip"
    above = made.steps["sort/place/1/above"].answers
    assert set(above) == {"unreachable", "stopped", "dropped"}
    assert above["dropped"].choices["gone"].target == "sort/place/1/above/dropped/gone/clear"
    assert made.steps["sort/place/1/above/dropped/gone/clear"].next == "sort"  # leaves the operation
    assert above["dropped"].choices["gone"].outcome == "dropped"
    look = made.steps["sort/look"].answers
    assert look["nothing_seen"].target == "sort"
    assert (look["failed"].then, look["failed"].times) == ("retry", 2)
    assert look["failed"].otherwise is not None
    assert look["failed"].otherwise.then == "ask"
    assert made.steps["sort/1/2"].answers["timeout"].then == "suspend"


def test_regions(tmp_path: Path) -> None:
    made = program(tmp_path)
    region = made.regions["sort/pick"]
    assert (region.first, region.before_grip, region.after_grip) == ("sort/pick/open", "retreat", "finish")
    assert made.steps["sort/pick/grip/missed/retreat"].region == "sort/pick"
    assert made.steps["sort/look"].region is None


def test_a_call_overrides_on_hold(tmp_path: Path) -> None:
    recipe = swap(RECIPE, "call: pick, part: part", "call: pick, part: part, on_hold: {before_grip: pause}")
    assert program(tmp_path, recipe).regions["sort/pick"].before_grip == "pause"


def test_next_leaves_every_zone_of_the_loop(tmp_path: Path) -> None:
    recipe = procedure(
        "- zone: over_belt",
        "  steps:",
        "  - repeat: {until: seen >= batch}",
        "    steps:",
        "    - zone: other",
        "      steps: [{name: look, do: camera.inspect, takes: part, from: infeed, on_fault: {nothing_seen: next}}]",
    )
    made = program(tmp_path, recipe, swap(CELL, "zones:\n", "zones:\n  other: {}\n"))
    leads_somewhere(made)
    leave = made.steps[made.steps["1/1/1/look"].answers["nothing_seen"].target or ""]
    assert isinstance(leave, Zone)
    assert (leave.zone, leave.verb, leave.next) == ("other", "leave", "1/1")
    enter = made.steps["1"]
    assert isinstance(enter, Zone)
    assert (enter.verb, made.steps["1/leave"].next) == ("enter", None)
    assert made.steps["1/1"].next == "1/leave"


def test_every_head(tmp_path: Path) -> None:
    recipe = procedure(
        "- unit_procedure: all",
        "  steps:",
        "  - operation: first",
        "    steps:",
        "    - {set: {tries: 0, slow: pace * 0.5}}",
        "    - phase: go",
        "      on_fault: {timeout: {steps: [{do: belt.halt}], then: stop}}",
        "      steps:",
        "      - parallel:",
        "          belt: [{do: belt.advance, speed: slow}, {wait: belt.running, within: 5 s}]",
        "          arm: [{do: arm.move, to: ready}, {wait: 500 ms}]",
        "      - repeat: {times: 3, index: round}",
        "        steps: [{set: {tries: tries + round}}]",
        "      - {ask: Is the tray in place?, choices: {go on: [], wait a bit: [{wait: 2 s}]}}",
        "      - {do: camera.inspect, as: view, on_fault: {nothing_seen: skip}}",
        "      - choose: [{when: tries > 2, steps: [{set: {tries: 0}}]}]",
    )
    made = program(tmp_path, recipe)
    leads_somewhere(made)
    base = "all/first"
    first = made.steps[f"{base}/1"]
    assert isinstance(first, Set)
    assert first.values["slow"] == parse("pace * 0.5")
    fork = made.steps[f"{base}/go/1"]
    assert isinstance(fork, Fork)
    assert fork.branches == (f"{base}/go/1/belt/1", f"{base}/go/1/arm/1")
    assert made.steps[f"{base}/go/1/belt/2"].next is None
    pause = made.steps[f"{base}/go/1/arm/2"]
    assert isinstance(pause, Wait)
    assert pause.until is None
    assert pause.seconds == parse("500 ms")
    timeout = made.steps[f"{base}/go/1/belt/2"].answers["timeout"]
    assert timeout.target == f"{base}/go/1/belt/2/timeout/1"
    after = made.steps[made.steps[timeout.target].next or ""]  # halted, and then the run ends
    assert isinstance(after, Wait)
    assert after.until == parse("false")
    assert after.within is not None
    assert after.answers["timeout"].then == "stop"
    assert made.steps[timeout.target].answers["not_reached"].then == "hold"
    ask = made.steps[f"{base}/go/3"]
    assert isinstance(ask, Ask)
    assert ask.choices == {"go on": f"{base}/go/4", "wait a bit": f"{base}/go/3/wait a bit/1"}
    look = made.steps[f"{base}/go/4"]
    assert isinstance(look, Do)
    assert look.result == "view"
    assert look.answers["nothing_seen"].target == f"{base}/go/5"
    choose = made.steps[f"{base}/go/5"]
    assert isinstance(choose, Choose)
    assert isinstance(made.steps[choose.otherwise], Set)  # the end of the program, where nothing is done


def test_a_part_is_told_by_name_where_there_are_two(tmp_path: Path) -> None:
    lines = [
        "- {do: camera.inspect, takes: bolt, from: infeed, on_fault: {nothing_seen: skip}}",
        "- {do: camera.inspect, takes: nut, from: infeed, on_fault: {nothing_seen: {part: missed, then: skip}}}",
    ]
    assert [each.code for each in findings(tmp_path, procedure(*lines))] == ["part"]
    lines[1] = lines[1].replace("part: missed", "part: {bolt: missed}")
    assert program(tmp_path, procedure(*lines)).steps["2"].answers["nothing_seen"].part == "bolt"


def test_values_on_every_way(tmp_path: Path) -> None:
    lines = ["- choose: [{when: batch > 3, steps: [{set: {x: 1}}]}]", "- choose: [{when: x > 3, steps: []}]"]
    found = findings(tmp_path, procedure(*lines))
    assert [(each.code, each.mark.line) for each in found] == [("no-value", len(HEAD.split("\n")) + 2)]
    lines[0] = "- choose: [{when: batch > 3, steps: [{set: {x: 1}}]}, {otherwise: true, steps: [{set: {x: 2}}]}]"
    assert findings(tmp_path, procedure(*lines)) == []


def test_zones_entered_in_another_order(tmp_path: Path) -> None:
    lines = (
        "- parallel:",
        "    a: [{zone: over_belt, steps: [{zone: other, steps: [{do: belt.halt}]}]}]",
        "    b: [{zone: other, steps: [{zone: over_belt, steps: [{do: arm.move, to: ready}]}]}]",
    )
    found = findings(tmp_path, procedure(*lines), swap(CELL, "zones:\n", "zones:\n  other: {}\n"))
    assert [each.code for each in found] == ["zone"]
    assert "wait for each other" in found[0].message


def test_leave_goes_on_after_the_operation(tmp_path: Path) -> None:
    operation = (
        "operations:\n  show:\n    with: {pause: {type: time, default: 2 s}}\n    steps:\n"
        "      - {do: camera.inspect, as: view, on_fault: {nothing_seen: leave}}\n      - {wait: pause}\n"
    )
    recipe = HEAD + operation + "procedure:\n  - {call: show}\n  - {do: belt.halt}\n"
    made = program(tmp_path, recipe)
    assert made.steps["1/1"].answers["nothing_seen"].target == "2"
    pause = made.steps["1/2"]
    assert isinstance(pause, Wait)
    assert pause.seconds == parse("2 s")
    recipe = procedure("- {do: camera.inspect, as: view, on_fault: {nothing_seen: leave}}")
    assert [each.code for each in findings(tmp_path, recipe)] == ["leave-outside-operation"]
    branch = "- {parallel: {a: [{do: camera.inspect, as: view, on_fault: {nothing_seen: leave}}], b: [{wait: 1 s}]}}"
    recipe = HEAD + f"operations:\n  show:\n    steps:\n      {branch}\nprocedure:\n  - {{call: show}}\n"
    assert [each.code for each in findings(tmp_path, recipe)] == ["leave-outside-operation"]


def test_a_wait_for_what_another_branch_sets(tmp_path: Path) -> None:
    lines = [
        "- {set: {ready_now: false}}",
        "- parallel:",
        "    a: [{wait: ready_now}]",
        "    b: [{wait: 1 s}, {set: {ready_now: true}}]",
    ]
    assert findings(tmp_path, procedure(*lines)) == []
    lines[3] = "    b: [{wait: 1 s}]"
    assert [each.code for each in findings(tmp_path, procedure(*lines))] == ["endless-wait"]


def test_calls_that_grow_beyond_bounds_are_refused(tmp_path: Path) -> None:
    operations = "".join(
        f"  o{n}:\n    steps: [{{call: o{n + 1}}}, {{call: o{n + 1}}}, {{call: o{n + 1}}}, {{call: o{n + 1}}}]\n"
        for n in range(12)
    )
    recipe = HEAD + f"operations:\n{operations}  o12:\n    steps: [{{wait: 1 s}}]\nprocedure:\n  - {{call: o0}}\n"
    assert [each.code for each in findings(tmp_path, recipe)] == ["too-large"]
    operations = "".join(
        f"  o{n}:\n    with: {{x: number}}\n    steps: [{{call: o{n + 1}, x: x * x * x * x}}]\n" for n in range(12)
    )
    last = "  o12:\n    with: {x: number}\n    steps: [{set: {y: x}}]\n"
    recipe = HEAD + f"operations:\n{operations}{last}procedure:\n  - {{call: o0, x: batch}}\n"
    assert {each.code for each in findings(tmp_path, recipe)} == {"too-large"}


def test_bindings_and_parameters(tmp_path: Path) -> None:
    recipe = RECIPE.replace("ready", "rest")
    with pytest.raises(CheckFailed, match="no position called 'rest'"):
        program(tmp_path, recipe)
    made = program(tmp_path, recipe, bindings={"rest": "ready"}, parameters={"batch": 5, "pace": "0.2 m/s"})
    assert made.bindings["rest"] == "ready"
    assert made.parameters == {"batch": 5, "pace": 0.2, "travel": pytest.approx(math.radians(100))}
    assert made.part is not None
    assert (made.part.mass, made.part.width, made.part.tolerance) == (0.25, 0.038, 0.002)


@pytest.mark.parametrize(
    ("bindings", "parameters", "code"),
    [
        ({"amr": "arm"}, {}, "unknown-name"),
        ({"arm": "belt"}, {}, "unbound"),
        ({}, {"btch": 3}, "unknown-name"),
        ({}, {"batch": 0}, "bounds"),
        ({}, {"batch": 2.5}, "wrong-type"),
        ({}, {"batch": "many"}, "unknown-name"),
        ({}, {"batch": "3 +"}, "expression"),
        ({}, {"pace": "100"}, "unit-missing"),
        ({}, {"pace": "1 m/s"}, "bounds"),
    ],
)
def test_wrong_bindings_and_parameters(
    tmp_path: Path, bindings: Mapping[str, str], parameters: Mapping[str, Any], code: str
) -> None:
    with pytest.raises(CheckFailed) as caught:
        program(tmp_path, bindings=bindings, parameters=parameters)
    assert [each.code for each in caught.value.diagnostics] == [code]


def test_a_parameter_without_default_must_be_given(tmp_path: Path) -> None:
    recipe = swap(RECIPE, "type: count, default: 20, min: 1", "type: count, min: 1")
    with pytest.raises(CheckFailed, match="has no default"):
        program(tmp_path, recipe)
    assert findings(tmp_path, recipe) == []  # the file is right
    assert program(tmp_path, recipe, parameters={"batch": 3}).parameters["batch"] == 3


def test_digests_tell_files_apart(tmp_path: Path) -> None:
    first = program(tmp_path)
    assert program(tmp_path).digest == first.digest
    assert program(tmp_path, RECIPE + "# a remark\n").digest != first.digest
    assert program(tmp_path, cell=CELL + "# a remark\n").digest != first.digest
    write(tmp_path)
    overlaid = load_cell(tmp_path, [{"devices": {"arm": {"link": "tcp 127.0.0.1:1", "emulated": True}}}])
    assert check(overlaid, load_recipe(tmp_path)).digest != first.digest


def test_the_cell_is_in_si_and_in_the_base_frame(tmp_path: Path) -> None:
    write(tmp_path)
    cell = load_cell(tmp_path)
    assert getattr(cell.devices["arm"].config, "watchdog", None) == 0.3
    assert getattr(cell.devices["arm"].config, "tool", None) == Pose(0, 0, 0.163)
    first = cell.positions["first"].pose
    assert first is not None
    assert first[:3] == pytest.approx((0.1, 0.3, 0.05))  # the table is turned by 90 degrees
    assert cell.frames["view"][:3] == pytest.approx((0.1, 0.2, 0.0))
    assert cell.positions["ready"].taught_by == "kim"
    good = cell.stations["good"]
    assert [slot[:3] for slot in good.slots[:2]] == [pytest.approx((0.1, 0.3, 0.05)), pytest.approx((0.1, 0.35, 0.05))]
    assert good.slots[3][:3] == pytest.approx((0.04, 0.3, 0.05))
    assert (good.capacity, good.when_full, len(good.slots)) == (6, "suspend", 6)
    assert (cell.stations["bin"].capacity, len(set(cell.stations["bin"].slots))) == (50, 1)
    assert cell.stations["infeed"].window == pytest.approx((0.4, 0.7))
    assert cell.retreats[0].moves == (0.12, "ready")
    assert cell.retreats[1].ask_to_jog
    assert cell.on_lost == {"arm": "abort", "belt": "hold", "camera": "hold", "hand": "hold"}
    assert (cell.signals["eye"].device, cell.signals["eye"].signal, cell.signals["eye"].tag) == ("arm", "di0", "-B1")


def test_an_overlay_changes_addresses_taught_data_and_limits(tmp_path: Path) -> None:
    site = (
        "site: hall3\ncell: bench\n"
        "devices:\n  arm: {link: tcp 10.0.0.9, watchdog: 200 ms, modbus_port: 1502}\n"
        "  belt: {link: rtu /dev/ttyS1 unit 3}\n"
        "positions:\n  ready:\n    pose: [300 mm, 100 mm, 300 mm, 180 deg, 0 deg, 0 deg]\n"
        "    taught: {by: lee, at: 2026-12-01}\n"
        "stations: {bin: {capacity: 20}}\n"
    )
    write(tmp_path, site=site)
    cell = load_cell(tmp_path, [tmp_path / "site.yaml"])
    assert cell.devices["arm"].config.link == "tcp 10.0.0.9"
    assert cell.positions["ready"].joints is None
    assert cell.positions["ready"].taught_by == "lee"
    assert cell.stations["bin"].capacity == 20
    assert cell.devices["camera"].config.link == "tcp 192.168.0.11"


def test_a_wrong_overlay_of_a_program_names_the_overlay(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(CheckFailed) as caught:
        load_cell(tmp_path, [{"devices": {"arm": {"model": "ur10e"}}}])
    assert caught.value.diagnostics[0].mark.file == "overlay 1"


def test_several_directories_and_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(tmp_path / name)
    assert len(check_paths([tmp_path]).files) == 4
    report = check_paths([tmp_path / "one" / "recipe.yaml", tmp_path / "two" / "cell.yaml"])
    assert report.ok
    (tmp_path / "two" / "cell.yaml").unlink()
    assert check_paths([tmp_path / "two"]).ok  # a recipe alone: all that can be known without a cell
    (tmp_path / "two" / "recipe.yaml").write_text(swap(RECIPE, "speed: fast", "speed: fats"), encoding="utf-8")
    assert [each.code for each in check_paths([tmp_path / "two"]).diagnostics] == ["file-missing", "unknown-name"]


def test_the_built_in_operations_hold_their_schema() -> None:
    assert {"pick", "place"} <= set(builtin_operations())


def test_help_needs_no_pydantic() -> None:
    heavy = "{'pydantic', 'ruamel', 'numpy'}"
    code = f"import sys, cellctl.recipe; sys.exit(any(name.split('.')[0] in {heavy} for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
