"""The verbs against a cell that runs: what is printed where, and the exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cellctl.cli.follow import Follower
from cellctl.cli.interrupts import Interrupts
from cellctl.cli.progress import PlainProgress, block_lines
from cellctl.cli.session import Session
from cellctl.cli.table import VERBS
from cellctl.cli.words import cause_lines, run_again
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
        (("log", "--kind", "sates"), 2, "choose from 'command', 'state'"),
        (("log", "--since", "11:00"), 2, "as 2026-11-22T08:30"),
        (("log", "--until", "2026-13"), 2, "as 2026-11-22T08:30"),
        (("log", "-n", "-3"), 2, "no number of records"),
        (("log", "--since", "2026-11-22T08", "--until", "2026-11-22 08:30:00.5Z", "-n", "0"), 2, "no journal"),
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
        "Where is part 3?\n  cellctl answer 4 1    gone\n  cellctl answer 4 2    retry\n",
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


def test_a_wait_ends_at_a_question(cli: Cli, running: Start) -> None:
    one = running("c1")
    one.cell.state = "Held"
    one.cell.leads_to["unhold"] = "Unholding"
    done = cli("unhold", "--wait")
    assert (done.stdout, done.returncode) == ("Unholding\n", 3)
    assert "cellctl answer 4 1    gone" in done.stderr


def test_a_wait_that_ends_elsewhere_is_a_failure(cli: Cli, running: Start) -> None:
    one = running("c1")
    one.cell.questions = ()
    one.cell.leads_to["reset"] = "Resetting"
    process = cli.start("reset", "--wait")
    one.cell.followed.wait(10)
    with Client.connect(one.place) as client:
        while client.call("status")["state"] != "Resetting":
            pass
        client.call("stop")
    output, errors = process.communicate(timeout=10)
    assert (output, process.returncode) == ("Stopped\n", 1)
    assert "reset has led to Stopped, not to idle" in errors


def test_a_cause_says_how_to_answer_and_how_to_run_it_again() -> None:
    cause = {"what": "ask", "action": "Answer the question, then Unhold"}
    question = {"id": 1, "text": "Which?", "choices": ["left", "right"]}
    assert "(cellctl answer 1 1 | cellctl answer 1 2), then Unhold" in cause_lines(cause, [question])[-1]
    for action, expected in (
        ("Reset, then Start", "Run it again: cellctl run x"),
        ("Look at belt, then Reset", "Look at belt, then run it again: cellctl run x"),
    ):
        assert run_again({"action": action}, "cellctl run x")["action"] == expected


def test_devices_that_are_not_ready_come_first_each_in_a_line() -> None:
    devices = [
        {"name": "arm", "emulated": False, "condition": "ready", "text": ""},
        {"name": "hand", "emulated": True, "condition": "offline", "text": "no line"},
    ]
    lines = block_lines({"state": "Idle", "mode": "Production", "devices": devices})
    assert [line.split() for line in lines[-2:]] == [
        ["devices", "hand", "emulated", "offline", "no", "line"],
        ["arm", "REAL", "ready"],
    ]


def test_a_directory_that_lacks_a_file_or_whose_link_leads_nowhere_does_not_pass(cli: Cli, tmp_path: Path) -> None:
    recipe = Path(__file__).parents[2] / "recipes" / "vision_sort"
    (tmp_path / "cell.yaml").write_text((recipe / "cell.yaml").read_text())
    assert "there is no recipe.yaml here" in cli("check", str(tmp_path)).stdout
    (tmp_path / "recipe.yaml").symlink_to(tmp_path / "nowhere.yaml")
    done = cli("check", str(tmp_path))
    assert done.returncode == 1
    assert "cannot be read" in done.stdout


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
    listed = "Where is part 3?\n  cellctl answer 4 1    gone\n  cellctl answer 4 2    retry\n"
    assert cli("answer").stdout == listed
    assert cli("answer", "4", "2").stdout == "4: retry\n"
    assert cli("answer", "4", "removed", "by", "hand").stdout == "4: removed by hand\n"
    assert cli("empty", "good").stdout == "good: 2 of 24\n"
    assert [(name, arguments) for name, arguments, _ in cell.commands] == [
        ("mode", {"mode": "manual"}),
        ("answer", {"id": 4, "choice": "retry"}),
        ("answer", {"id": 4, "choice": "removed by hand"}),
        ("empty", {"station": "good"}),
        ("plant", {"empty": "good"}),
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


def test_a_stray_directory_is_no_cell(cli: Cli, running: Start) -> None:
    (cli.state / "~copy of c1").mkdir()
    (cli.state / "~copy of c1" / "lock").touch()
    running("c1")
    assert "cell     c1 " in cli("status").stdout


def test_a_signal_while_the_controller_is_ended_is_abort(running: Start, capsys: pytest.CaptureFixture[str]) -> None:
    one = running("c1")
    one.call(one.cell.rests.clear)
    ready: dict[str, Any] = {"devices": [], "unfinished": None}
    with Client.connect(one.place) as client, Interrupts() as interrupts:
        session = Session(Follower(client, interrupts, PlainProgress()), ready, as_json=False)
        os.kill(os.getpid(), signal.SIGINT)
        session.end_controller()
    assert [name for name, _, _ in one.cell.commands] == ["abort"]
    assert "SIGINT: abort" in capsys.readouterr().err


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
