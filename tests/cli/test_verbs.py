"""The verbs against a cell that runs: what is printed where, and the exit codes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cellctl.cli.table import VERBS
from cellctl.door.client import Client

Cli = Any
Start = Callable[[str], Any]


def test_help_names_every_verb_and_imports_next_to_nothing(cli: Cli) -> None:
    done = cli("--help")
    assert done.returncode == 0
    assert all(f"  {name}" in done.stdout for name in VERBS)
    code = "import sys; from cellctl.cli.main import main; main(['--help']); print([*sys.modules], file=sys.stderr)"
    done = subprocess.run([*cli.command()[:1], "-c", code], capture_output=True, text=True, check=True)
    heavy = {"asyncio", "pydantic", "ruamel", "numpy", "argparse", "socket", "sqlite3", "cellctl.door.client"}
    assert not heavy & set(eval(done.stderr))


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(cli: Cli, verb: str) -> None:
    done = cli(verb, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: cellctl {verb}")


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        ((), 2, ""),
        (("statsu",), 2, "Did you mean status?"),
        (("mode", "banana"), 2, "invalid choice"),
        (("run",), 2, "required: PATH"),
        (("run", "/nowhere"), 2, "there is no"),
        (("run", ".", "--set", "x"), 2, "not NAME=VALUE"),
        (("answer", "4"), 2, "cellctl answer lists them"),
        (("status",), 4, "no controller runs any cell"),
        (("hold", "--cell", "c9"), 4, "no controller runs the cell 'c9'"),
        (("log",), 2, "no journal"),
    ],
)
def test_what_is_wrong_is_said_on_stderr_with_its_code(cli: Cli, words: tuple[str, ...], code: int, text: str) -> None:
    done = cli(*words)
    assert done.returncode == code
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_version(cli: Cli) -> None:
    assert cli("--version").stdout.startswith("cellctl 0.")


def test_status_for_people_and_for_programs(cli: Cli, running: Start) -> None:
    running("c1")
    text = cli("status").stdout
    for word in (
        "Execute",
        "sort v3",
        "sort/2",
        "waits for arm",
        "3 seen: 2 placed, 1 rejected",
        "4.22 s",
        "cellctl answer 4 gone | retry",
        "emulated",
        "2 of 24",
        "hold, stop",
    ):
        assert word in text
    assert "\x1b" not in text
    assert json.loads(cli("status", "--json").stdout)["state"] == "Execute"


def test_a_command_says_where_it_led_and_who_gave_it(cli: Cli, running: Start) -> None:
    cell = running("c1").cell
    done = cli("hold", "--wait")
    assert (done.stdout, done.returncode) == ("Held\n", 0)
    [(name, _, by)] = cell.commands
    assert name == "hold"
    assert by
    assert json.loads(cli("unhold", "--json").stdout) == {"state": "Execute"}


def test_a_refused_command_names_the_legal_ones(cli: Cli, running: Start) -> None:
    running("c1")
    done = cli("start")
    assert done.returncode == 3
    assert done.stdout == ""
    assert "Start is not legal in Execute" in done.stderr
    assert "legal now: hold, stop" in done.stderr


def test_a_traceback_comes_only_when_asked_for(cli: Cli, running: Start) -> None:
    running("c1")
    assert "Traceback" in cli("start", "--traceback").stderr
    cli.environment["CELLCTL_TRACEBACK"] = "1"
    assert "Traceback" in cli("start").stderr


def test_arguments_of_commands(cli: Cli, running: Start) -> None:
    cell = running("c1").cell
    assert cli("mode", "manual").stdout == "Manual\n"
    assert cli("answer").stdout == "Where is part 3?  -> cellctl answer 4 gone | retry\n"
    assert cli("answer", "4", "gone").returncode == 0
    assert cli("empty", "good").stdout == "good: 2 of 24\n"
    assert [(name, arguments) for name, arguments, _ in cell.commands] == [
        ("mode", {"mode": "manual"}),
        ("answer", {"id": 4, "choice": "gone"}),
        ("empty", {"station": "good"}),
    ]


def test_which_cell(cli: Cli, running: Start, tmp_path: Path) -> None:
    first = running("c1")
    running("c2.emulated")
    done = cli("status")
    assert done.returncode == 2
    assert "several cells run: c1, c2.emulated" in done.stderr
    assert "cell     c1 " in cli("status", "--cell", "c1").stdout
    assert "cell     c2.emulated " in cli("status", "--cell", "c2").stdout
    assert "cell     c1 " in cli("status", "--cell", str(first.place.directory)).stdout
    assert cli("status", "--cell", str(tmp_path)).returncode == 4


def test_io_shows_values_with_tags_and_quality(cli: Cli, running: Start) -> None:
    running("c1")
    assert [line.split() for line in cli("io").stdout.splitlines()] == [
        ["guard", "on", "-S3", "arm.di1"],
        ["speed", "0.123457", "(stale)", "belt.speed"],
    ]


def test_doctor_asks_the_running_controller(cli: Cli, running: Start) -> None:
    running("c1")
    done = cli("doctor")
    assert done.returncode == 5
    assert "is    UR UR5e 5.13, serial 2023" in done.stdout
    assert "wrong is in Local mode" in done.stdout
    assert "try   Switch it to Remote Control" in done.stdout


def test_events_until_the_controller_ends(cli: Cli, running: Start) -> None:
    one = running("c1")
    for words, expected in (((), "08:00:01.5  part     part 3 placed (good[2])\n"), (("--json",), '"fate": "placed"')):
        process = cli.start("events", *words)
        one.cell.followed.wait(10)
        one.call(one.cell.tell_part)
        assert expected in process.stdout.readline()
        process.terminate()
        process.communicate(timeout=10)
        one.cell.left.wait(10)
    process = cli.start("attach")
    one.cell.followed.wait(10)
    cli("hold")
    with Client.connect(one.place) as client:
        client.call("shutdown")
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    cause = errors[errors.index("  what ") :].splitlines()
    assert [line.split()[0] for line in cause[:3]] == ["what", "sensor", "do"]
    assert errors.endswith("the controller has ended\n")


def test_a_reader_that_goes_is_no_error(cli: Cli) -> None:
    read, write = os.pipe()
    os.close(read)
    process = cli.start("--help", stdout=write)
    os.close(write)
    assert process.communicate(timeout=10)[1] == ""
    assert process.returncode == 141


def test_drivers_are_listed(cli: Cli) -> None:
    done = cli("drivers", "--json")
    found = {json.loads(line)["driver"] for line in done.stdout.splitlines()}
    assert found >= {"universal_robots", "altivar", "robotiq", "cognex"}
