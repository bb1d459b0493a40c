"""One mistake in a file gives one good message: the code, the place, what to write instead."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from recipe_files import CELL, RECIPE, findings, swap

from cellctl.devices import Driver, driver_names, find_driver
from cellctl.recipe import CheckFailed, cell_build, check_paths, load_recipe
from cellctl.recipe.fields import device_field


def test_the_files_themselves_are_right(tmp_path: Path) -> None:
    assert findings(tmp_path) == []


MOVE = "do: arm.move, to: ready, speed: travel"

#: what is there, what is written instead, the code, what the caret marks, a word of message and hint
RECIPE_MISTAKES = [
    ("do: camera.inspect", "do: camra.inspect", "unknown-name", "camra", "Did you mean camera?"),
    ("do: camera.inspect", "do: camera.inspekt", "unknown-name", "inspekt", "Did you mean inspect?"),
    ("do: camera.inspect", "do: infeed.inspect", "wrong-type", "infeed", "is a station, not a device"),
    ("do: camera.inspect", "do: inspect", "value", "inspect", "Write role.action"),
    ("to: ready, speed: travel", "to: ready, sped: travel", "unknown-key", "sped", "Did you mean speed?"),
    ("to: ready, speed: travel", "speed: travel", "missing-key", "arm.move", "Write to: …"),
    ("to: ready, speed: travel", "to: infeed", "wrong-type", "infeed", "not a station"),
    ("to: ready, speed: travel", "to: ready, speed: 0 deg/s", "bounds", "0 deg/s", "must be above 0 deg/s"),
    (
        "do: arm.move, to: ready, speed: travel",
        "do: arm.follow, path: ready",
        "wrong-type",
        "ready",
        "Write it in brackets",
    ),
    (MOVE, "do: arm.follow, path: []", "wrong-type", None, "must have 1 to 100"),
    (
        "do: arm.move, to: ready, speed: travel",
        "do: arm.follow, path: [ready, pace]",
        "wrong-type",
        "pace",
        "pose, joint angles or",
    ),
    (
        "do: arm.move, to: ready, speed: travel",
        "do: arm.follow, path: '[ready, pace]'",
        "wrong-type",
        "pace",
        "pose, joint angles or",
    ),
    (
        "do: arm.move, to: ready, speed: travel",
        "do: arm.follow, path: [redy]",
        "unknown-name",
        "redy",
        "Did you mean ready?",
    ),
    (
        "do: arm.move, to: ready, speed: travel",
        "do: arm.follow, path: [above(good.slot, 5 mm)]",
        "yaml-syntax",
        None,
        "quotes",
    ),
    (
        "do: arm.move, to: ready, speed: travel",
        "do: arm.follow, path: [ready], blend: 5",
        "unit-missing",
        "5",
        "like 5 mm",
    ),
    ("to: ready, speed: travel", "to: [ready], speed: travel", "wrong-type", None, "not a list of targets"),
    ("to: ready, speed: travel", "to: ptp(good.slot)", "wrong-type", "ptp(good.slot)", "stands in the path of follow"),
    (
        "do: arm.move, to: ready, speed: travel",
        "do: arm.move_circular, to: good.slot, via: ready",
        "wrong-type",
        "ready",
        "a pose",
    ),
    ("speed: fast", "speed: 150", "unit-missing", "150", "like 150 mm/s"),
    ("speed: fast", "speed: 150 mm", "wrong-unit", "150 mm", "not a length (mm)"),
    ("speed: fast", "speed: 150 foo", "expression", None, "unknown unit"),
    ("speed: fast", "speed: fats", "unknown-name", "fats", "Did you mean fast?"),
    ("speed: fast", "speed: batch", "unit-missing", "batch", "must be a speed"),
    ("wait: from.present", "wait: from.presnt", "unknown-name", "presnt", "Did you mean present?"),
    ("wait: from.present", "wait: from", "wrong-type", "from", "from.present"),
    ("wait: from.present", "wait: arm.di9", "unknown-name", "di9", "It has di0 … di7"),
    ("wait: from.present", "wait: 5", "unit-missing", "5", "like 2 s"),
    ("wait: from.present", "wait: true", "constant-condition", "true", "over at once"),
    ("wait: from.present", "wait: false", "endless-wait", "false", "never ends"),
    ("wait: from.present", "wait: 1 > 2", "endless-wait", "1 > 2", "always false"),
    ("wait: from.present", "wait: batch > 3", "endless-wait", "batch > 3", "nothing changes batch"),
    ("wait: from.present", "wait: handled > 3", "endless-wait", "handled > 3", "nothing changes handled"),
    ("within: 30 s", "within: 30", "unit-missing", "30", "like 30 s"),
    ("within: 30 s", "within: -1 s", "bounds", "-1 s", "above 0 s"),
    ("wait: from.present, within: 30 s", "wait: 40 s, within: 30 s", "bounds", "40 s", "may take 30 s"),
    ("wait: from.present, within: 30 s", "wait: from.present, on_timeout: hold", "missing-key", "on_timeout", "within"),
    ("until: handled >= batch", "until: batch > 3", "endless-loop", "batch > 3", "no step in this loop changes batch"),
    ("until: handled >= batch", "until: false", "endless-loop", "false", "repeat: forever"),
    ("until: handled >= batch", "until: true", "unreachable", "true", "never run"),
    ("until: handled >= batch", "until: handled >= 1 s", "wrong-unit", "1 s", "counts have no unit"),
    ("until: handled >= batch", "until: 1 s <= handled", "wrong-unit", "1 s", "Compare handled with a whole number"),
    ("until: handled >= batch", "until: handled", "wrong-type", "handled", "true or false"),
    ("until: handled >= batch", "until: handled >== batch", "expression", "=", "Compare with =="),
    ("until: handled >= batch", "times: 0", "unreachable", "0", "never run"),
    ("until: handled >= batch", "times: 2.5", "wrong-type", "2.5", "a whole number"),
    ("{until: handled >= batch}", "{}", "missing-key", None, "until: or times:"),
    ("{do: belt.halt}", "{doo: belt.halt}", "step-head", "doo", "Did you mean do?"),
    ("{do: belt.halt}", "{do: belt.halt, wait: 2 s}", "step-head", "wait", "one head key, and this has 2"),
    ("{do: belt.halt}", "belt.halt", "wrong-type", "belt.halt", "must be a mapping"),
    ("  stuck: ask\n", "", "unanswered-fault", None, "stuck: hold"),
    ("  timeout: suspend\n", "", "unanswered-fault", "from.present", "timeout: hold"),
    ("nothing_seen: next", "nothing_sen: next", "unknown-fault", "nothing_sen", "Did you mean nothing_seen?"),
    ("nothing_seen: next", "nothing_seen: nxt", "wrong-type", "nxt", "Did you mean next?"),
    ("  stopped: hold\n", "  stoped: hold\n", "unknown-fault", "stoped", "Did you mean stopped?"),
    ("  unreachable: hold", "  unreachable: next", "next-outside-repeat", None, "no repeat around"),
    ("failed: {retry: 2, else: ask}", "failed: {retry: 0, else: ask}", "bounds", "0", "at least 1"),
    ("failed: {retry: 2, else: ask}", "failed: {retyr: 2}", "unknown-key", "retyr", "Did you mean retry?"),
    ("  ready: position}", "  raedy: position}", "unbound", "raedy", "Did you mean ready?"),
    ("  ready: position}", "  ready: positon}", "value", "positon", "Did you mean position?"),
    ("takes: part, from: infeed, ", "", "unknown-name", "part", "takes:"),
    ("takes: part, from: infeed", "taks: part, from: infeed", "unknown-key", "taks", "Did you mean takes?"),
    ("hand: gripper", "hand: griper", "value", "griper", "Did you mean gripper?"),
    ("arm: robot", "arm: Robot", "value", "Robot", "Did you mean robot?"),
    ("width: 38 mm", "width: 95 mm", "bounds", "95 mm", "hand opens to 85 mm"),
    ("width: 38 mm", "width: 52 mm", "bounds", "52 mm", "the slots of good are 50 mm apart"),
    ("mass: 0.25 kg", "mass: 3 kg", "bounds", "3 kg", "the payload of arm is 1.2 kg"),
    ("to: ready, speed: travel", "to: ready, speed: 400 deg/s", "bounds", None, "Write at most 180 deg/s"),
    (
        "to: ready, speed: travel",
        "to: above(ready, 30 mm), speed: travel",
        "yaml-syntax",
        "above(ready",
        'to: "above(ready, 30 mm)"',
    ),
    ("takes: part, from: infeed", "takes: part", "missing-key", "takes", "from"),
    ("takes: part, from: infeed", "takes: part, from: good", "station", "good", "not on a belt"),
    ("version: 3\n", "", "missing-key", None, "Write version: 1"),
    ("version: 3\n", "version: three\n", "wrong-type", "three", "a whole number"),
    ("version: 3\n", "version: 3\nversion: 4\n", "duplicate-key", "version", "twice, first in line 2"),
    ("call: feed", "call: fed", "unknown-name", "fed", "Did you mean feed?"),
    ("call: feed, from: infeed, fast: pace", "call: feed, from: infeed", "missing-key", "feed", "fast"),
    ("call: feed, from: infeed", "call: feed, from: arm", "wrong-type", "arm", "is a robot, not a station"),
    ("call: feed, from: infeed", "call: feed, form: infeed, from: infeed", "unknown-key", "form", "Did you mean from?"),
    ("call: feed, from: infeed, fast: pace", "wait: 2 s", "unused", "feed", "never called"),
    ("default: 20, min: 1", "default: 0, min: 1", "bounds", "0", "at least 1"),
    ("default: 150 mm/s", "default: 400 mm/s", "bounds", "400 mm/s", "at most 300 mm/s"),
    ("min: 20 mm/s, max: 300 mm/s", "min: 400 mm/s, max: 300 mm/s", "bounds", "400 mm/s", "above max"),
    ("type: count", "type: cont", "value", "cont", "Did you mean count?"),
    ("default: 150 mm/s", "default: 150", "unit-missing", "150", "must be a speed"),
    ("mass: 0.25 kg", "mass: 0 kg", "bounds", "0 kg", "above 0 kg"),
    ("part: {mass: 0.25 kg, width: 38 mm, tolerance: 2 mm}\n", "", "missing-key", "part", "what a part is"),
    ("  pace: {", "  handled: {type: count}\n  pace: {", "reserved-name", "handled", "word of the language"),
    ("when: part.good,", "when: part.god,", "unknown-name", "god", "Did you mean good?"),
    ("when: part.good,", "when: part.width,", "wrong-type", "part.width", "true or false"),
    ("when: part.good,", "when: false,", "unreachable", "false", "always false"),
    ("when: part.good,", "when: true,", "unreachable", None, "the one before is always true"),
    ("when: part.good,", "otherwise: true,", "unreachable", None, "the one before is otherwise"),
    ("at: bin, approach: 80 mm", "at: infeed, approach: 80 mm", None, None, ""),
    ("at: bin, approach: 80 mm", "at: bin, approach: 900 mm", "out-of-reach", "place", "cannot reach"),
    ("name: pick, call", "name: look, call", "duplicate-name", "look", "here already"),
    (
        "- {do: belt.halt}",
        "- {zone: over_bel, steps: [{do: belt.halt}]}",
        "unknown-name",
        "over_bel",
        "Did you mean over_belt?",
    ),
    ("- {do: belt.halt}", "- {zone: over_belt, steps: []}", "zone", "[", "nothing is done"),
    ("- {do: belt.halt}", "- {zone: over_belt}", "missing-key", None, "'steps'"),
    (
        "- {do: belt.halt}",
        "- {zone: over_belt, steps: [{zone: over_belt, steps: [{do: belt.halt}]}]}",
        "zone",
        "over_belt",
        "inside itself",
    ),
    (
        "- {do: belt.halt}",
        "- {parallel: {a: [{do: belt.halt}], b: [{do: belt.halt}]}}",
        "parallel",
        "belt.halt",
        "in the branches a and b",
    ),
    ("- {do: belt.halt}", "- {parallel: {a: [{do: belt.halt}]}}", "parallel", None, "needs two branches"),
    ("- {do: belt.halt}", "- {call: feed, from: from, fast: fast}", "recursive", "feed", "feed → feed"),
    ("- {do: belt.halt}", "- {set: {batch: 3}}", "duplicate-name", "batch", "is a parameter already"),
    ("- {do: belt.halt}", "- {set: {a: b}}", "unknown-name", "b", "nothing is called 'b'"),
    ("- {do: belt.halt}", "- {do: belt.halt, verify: true}", "constant-condition", "true", "verify never changes"),
    ("- {do: belt.halt}", "- {do: belt.halt, as: x}", "effect", "as", "gives no result"),
    ("- {do: belt.halt}", "- {ask: Go on?, choices: {}}", "missing-key", None, "without choices"),
]


@pytest.mark.parametrize(("old", "new", "code", "marked", "words"), RECIPE_MISTAKES, ids=lambda each: str(each)[:40])
def test_one_mistake_in_a_recipe(
    tmp_path: Path, old: str, new: str, code: str | None, marked: str | None, words: str
) -> None:
    found = findings(tmp_path, recipe=swap(RECIPE, old, new))
    if code is None:
        return
    assert [each.code for each in found] == [code], [each.message for each in found]
    _holds(found[0].mark.file, "recipe.yaml", found[0].excerpt, marked, f"{found[0].message} {found[0].hint}", words)


CELL_MISTAKES = [
    ("driver: cognex", "driver: congex", "unknown-driver", "congex", "Did you mean cognex?"),
    ("driver: altivar, ", "", "missing-key", None, "names no driver"),
    ("link: tcp 192.168.0.11", "link: tpc 192.168.0.11", "address", "tpc 192.168.0.11", "Write tcp HOST"),
    ("link: tcp 192.168.0.11", "link: tcp 192.168.0.11\n    emulated: true", "address", "true", "cannot be emulated"),
    (
        "/dev/ttyUSB1 unit 9 115200 8N1}",
        "/dev/pts/../ttyUSB1 unit 9, emulated: true}",
        "address",
        "true",
        "this machine",
    ),
    (
        "8N1}",
        "8N1, emulated: true}",
        "address",
        "true",
        "'rtu /dev/ttyUSB1 unit 9 115200 8N1' is not an address of this",
    ),
    ("link: tcp 192.168.0.11", "link: tcp 192.168.0.999", "address", "tcp 192.168.0.999", "at most 255"),
    ("unit 9 115200 8N1", "unit 9 115201 8N1", "address", "rtu /dev/ttyUSB1 unit 9 115201 8N1", "Did you mean 115200?"),
    ("unit 9 115200 8N1", "unit 0", "address", "rtu /dev/ttyUSB1 unit 0", "the broadcast"),
    ("unit 9 115200 8N1", "unit 300", "address", "rtu /dev/ttyUSB1 unit 300", "above 255"),
    (
        "rtu /dev/ttyUSB1 unit 9",
        "rtu /dev/ttyUSB0 unit 9",
        "address",
        "rtu /dev/ttyUSB0 unit 9 115200 8N1",
        "19200 8N1",
    ),
    ("rtu /dev/ttyUSB1 unit 9 115200 8N1", "rtu /dev/ttyUSB0 unit 2", "address", None, "the address of belt"),
    ("watchdog: 300 ms", "watchdog: 300", "unit-missing", "300", "like 300 s or 300 ms"),
    ("watchdog: 300 ms", "watchdog: 300 mm", "wrong-unit", "300 mm", "must be a time"),
    ("watchdog: 300 ms", "wachdog: 300 ms", "unknown-key", "wachdog", "Did you mean watchdog?"),
    ("travel_per_rev: 40 mm", "travel_per_rev: -40 mm", "bounds", "-40 mm", "above 0 mm"),
    (", travel_per_rev: 40 mm", "", "missing-key", None, "travel_per_rev"),
    ("tool: gripper, payload", "tool: griper, payload", "unknown-name", "griper", "Did you mean gripper?"),
    ("frame: view", "frame: vew", "unknown-name", "vew", "Did you mean view?"),
    ("found: B002", "found: '#'", "value", "'#'", "neither a cell"),
    ("from: arm.di1", "from: arn.di1", "unknown-name", "arn.di1", "Did you mean arm?"),
    ("from: arm.di1", "from: arm.di99", "unknown-name", "arm.di99", "It has di0 … di7"),
    ("from: arm.di1", "from: arm.do0", "unknown-name", "arm.do0", "It has di0 … di7, joints.0 … joints.5, pose.x"),
    ("from: arm.di1", "from: arm.movng", "unknown-name", "arm.movng", "Did you mean moving?"),
    ("view: {in: table,", "view: {in: tabel,", "unknown-name", "tabel", "Did you mean table?"),
    ("table: {at:", "table: {in: view, at:", "circular-frame", "view", "in a circle"),
    ("at: [0 mm, 0 mm, 163 mm]", "at: [0 mm, 0 mm, 163]", "unit-missing", "163", "like 163 mm"),
    ("at: [0 mm, 0 mm, 163 mm]", "at: [0 mm, 163 mm]", "wrong-type", None, "a list of 3 values, not 2"),
    ("joints: [0 deg, -90 deg, 90 deg", "joints: [0 deg, -90 deg, 400 deg", "out-of-reach", "400 deg", "joint 2"),
    ("joints: [0 deg, -90 deg, 90 deg", "joints: [-90 deg, 90 deg", "out-of-reach", None, "has 6 joints, not 5"),
    ("joints: [0 deg, -90 deg, 90 deg, -90 deg, -90 deg, 0 deg], ", "", "position", None, "neither joints nor pose"),
    ("pose: [100 mm, 100 mm, 50 mm", "pose: [100 mm, 1900 mm, 50 mm", "out-of-reach", None, "cannot reach"),
    ("frame: table, tool: gripper", "frame: tabel, tool: gripper", "unknown-name", "tabel", "Did you mean table?"),
    ("frame: table, tool: gripper", "frame: table, tool: grip", "unknown-name", "grip", "Did you mean gripper?"),
    ("on: belt", "on: bel", "unknown-name", "bel", "Did you mean belt?"),
    ("on: belt", "on: arm", "unknown-name", "arm", "no conveyor 'arm'"),
    ("window: [400 mm, 700 mm], ", "", "missing-key", None, "window"),
    ("window: [400 mm, 700 mm]", "window: [700 mm, 400 mm]", "bounds", None, "ends before it begins"),
    ("present: eye", "present: ey", "unknown-name", "ey", "Did you mean eye?"),
    (", present: eye", "", "station", "from.present", ""),
    (", pitch: [50 mm, 60 mm]", "", "station", "grid", "a grid and no pitch"),
    ("pitch: [50 mm, 60 mm]", "pitch: [0 mm, 60 mm]", "bounds", None, "on one another"),
    ("grid: [3, 2]", "grid: [3, 200]", "out-of-reach", None, "cannot reach"),
    ("grid: [3, 2], ", "", "station", "pitch", "no grid"),
    ("at: first, grid", "at: frist, grid", "unknown-name", "frist", "Did you mean first?"),
    ("at: first, grid", "at: ready, grid", "station", "ready", "taught as joints"),
    ("at: first, capacity: 50", "at: first, on: belt", "station", None, "on a belt and at a position"),
    ("capacity: 50", "capacity: 0", "bounds", "0", "at least 1"),
    ("go: [up 120 mm, ready]", "go: [up 120, ready]", "bounds", "up 120", "up 120 mm"),
    ("go: [up 120 mm, ready]", "go: [up 120 mm, raedy]", "unknown-name", "raedy", "Did you mean ready?"),
    ("  - {otherwise: ask_to_jog}\n", "", "retreat", None, "anywhere else"),
    ("otherwise: ask_to_jog", "otherwise: ask_to_jig", "value", "ask_to_jig", "Did you mean ask_to_jog?"),
    ("trips_when: not guard", "trips_when: not gard", "unknown-name", "gard", "Did you mean guard?"),
    ("trips_when: not guard", "trips_when: arm.di8", "unknown-name", None, "no signal 'di8'"),
    ("trips_when: not guard", "trips_when: true", "constant-condition", "true", "never changes"),
    ("trips_when: not guard", "trips_when: arm.joints.0", "wrong-type", "arm.joints.0", "true or false"),
    ("then: hold, withdraw", "then: hodl, withdraw", "value", "hodl", "Did you mean hold?"),
    (", withdraw: [arm]", "", "withdraw", None, "Write withdraw: [arm]"),
    ("withdraw: [arm]", "withdraw: [belt]", "unknown-name", "belt", "no robot 'belt'"),
    ("on_lost: {arm: abort}", "on_lost: {amr: abort}", "unknown-name", "amr", "Did you mean arm?"),
    ("zones:\n", "zone:\n", "unknown-key", "zone", "Did you mean zones?"),
    ("  ready: {joints", "  raedy: {joints", None, None, ""),
]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tcp 192.168.0.11", "tcp localhost:23\n    emulated: true"),
        ("tcp 192.168.0.11", "tcp 127.0.0.1:23\n    emulated: true"),
        ("tcp 192.168.0.11", "tcp [::1]:23\n    emulated: true"),
        ("/dev/ttyUSB1 unit 9 115200 8N1}", "/dev/pts/3 unit 9, emulated: true}"),
    ],
)
def test_what_this_machine_serves_may_be_emulated(tmp_path: Path, old: str, new: str) -> None:
    assert findings(tmp_path, cell=swap(CELL, old, new)) == []


@pytest.mark.parametrize(("old", "new", "code", "marked", "words"), CELL_MISTAKES, ids=lambda each: str(each)[:40])
def test_one_mistake_in_a_cell(
    tmp_path: Path, old: str, new: str, code: str | None, marked: str | None, words: str
) -> None:
    found = findings(tmp_path, cell=swap(CELL, old, new))
    if code is None:
        assert found
        return
    assert [each.code for each in found] == [code], [each.message for each in found]
    place = "recipe.yaml" if marked == "from.present" else "cell.yaml"
    _holds(found[0].mark.file, place, found[0].excerpt, marked, f"{found[0].message} {found[0].hint}", words)


SITE_MISTAKES = [
    ("site: x\ndevices: {arm: {model: ur10e}}\n", "overlay", "model", "addresses, taught data and limits"),
    ("site: x\ndevices: {amr: {link: tcp 10.0.0.1}}\n", "unknown-name", "amr", "Did you mean arm?"),
    ("site: x\nsignals: {}\n", "overlay", "signals", "addresses, taught data and limits"),
    ("site: x\npostions: {}\n", "overlay", "postions", "Did you mean positions?"),
    ("site: x\ncell: other\n", "overlay", "other", "for the cell 'other'"),
    ("site: x\ndevices: {arm: {link: tpc 10.0.0.1}}\n", "address", "tpc 10.0.0.1", "is no address"),
    (
        "site: x\npositions: {ready: {joints: [0 deg, 0 deg, 0 deg, 0 deg, 0 deg, 500 deg]}}\n",
        "out-of-reach",
        "500 deg",
        "joint 5",
    ),
]


@pytest.mark.parametrize(("site", "code", "marked", "words"), SITE_MISTAKES, ids=lambda each: str(each)[:40])
def test_one_mistake_in_an_overlay(tmp_path: Path, site: str, code: str, marked: str, words: str) -> None:
    found = findings(tmp_path, site=site)
    assert [each.code for each in found] == [code], [each.message for each in found]
    _holds(found[0].mark.file, "site.yaml", found[0].excerpt, marked, f"{found[0].message} {found[0].hint}", words)


def _holds(file: str, name: str, excerpt: str, marked: str | None, told: str, words: str) -> None:
    assert file.endswith(name)
    assert words in told
    if marked is not None:
        line, caret = excerpt.split("\n")
        start = caret.index("^")
        assert line[start : start + caret.count("^")] == marked


@pytest.mark.parametrize(
    ("name", "text", "words"), [("cell", RECIPE, "a recipe, not a cell"), ("recipe", CELL, "a cell file, not a re")]
)
def test_a_file_in_the_place_of_the_other_kind_is_one_error(tmp_path: Path, name: str, text: str, words: str) -> None:
    (found,) = findings(tmp_path, **{name: text})
    assert found.code == "unknown-file" and words in found.message
    assert found.mark.file.endswith(f"{name}.yaml")


def test_a_recipe_that_is_a_cell_file_is_refused_with_one_error(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(CELL, encoding="utf-8")
    with pytest.raises(CheckFailed) as caught:
        load_recipe(tmp_path)
    assert [each.code for each in caught.value.diagnostics] == ["unknown-file"]


def test_a_driver_that_declares_no_signals_has_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_ended = dataclasses.replace(find_driver("universal_robots"), signals=())

    def found(name: str) -> Driver:
        return open_ended if name == "universal_robots" else find_driver(name)

    monkeypatch.setattr(cell_build, "find_driver", found)
    assert findings(tmp_path, cell=swap(CELL, "from: arm.di1", "from: arm.di17")) == []


def test_every_signal_that_a_driver_declares_has_a_type() -> None:
    for name in driver_names():
        driver = find_driver(name)
        assert all(device_field(driver.capability, signal) is not None for signal in driver.signals), name


def test_all_mistakes_come_in_one_run_each_once(tmp_path: Path) -> None:
    recipe = swap(RECIPE, "do: camera.inspect", "do: camra.inspect")
    recipe = swap(recipe, "until: handled >= batch", "until: handled >== batch")
    recipe = swap(recipe, "speed: fast", "speed: 150")
    cell = swap(CELL, "watchdog: 300 ms", "watchdog: 300")
    cell = swap(cell, "trips_when: not guard", "trips_when: not gard")
    found = findings(tmp_path, recipe, cell)
    assert [(each.mark.file.rpartition("/")[2], each.code) for each in found] == [
        ("cell.yaml", "unit-missing"),
        ("cell.yaml", "unknown-name"),
        ("recipe.yaml", "unit-missing"),
        ("recipe.yaml", "expression"),
        ("recipe.yaml", "unknown-name"),
    ]
    assert found == sorted(found, key=lambda each: each.place)


def test_a_thousand_typos_take_no_minute(tmp_path: Path) -> None:
    needs = ",\n ".join(f"arm{number}: robot" for number in range(1500))
    steps = "".join(f"  - {{do: arn{number}.move, to: x}}\n" for number in range(1500))
    recipe = f"recipe: x\nversion: 1\nneeds: {{{needs}}}\nprocedure:\n{steps}"
    (tmp_path / "recipe.yaml").write_text(recipe, encoding="utf-8")
    assert len(check_paths([tmp_path / "recipe.yaml"]).diagnostics) == 1500


def test_a_driver_that_cannot_be_imported_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> object:
        raise ImportError(f"no module {name}")

    monkeypatch.setattr("cellctl.recipe.cell_build.find_driver", broken)
    cell = "cell: x\ndevices:\n  arm: {driver: foo, link: tcp 10.0.0.1}\n"
    (tmp_path / "cell.yaml").write_text(cell, encoding="utf-8")
    found = check_paths([tmp_path / "cell.yaml"]).diagnostics
    assert [each.code for each in found] == ["broken-driver"]
