"""``cellctl run`` with emulated devices on real sockets and ptys, as a person at a terminal has it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import resource
import signal
import struct
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cellctl.door.client import Client
from cellctl.door.place import Place

RECIPE = str(Path(__file__).parents[2] / "recipes" / "vision_sort")
EMULATED = ("run", RECIPE, "--emulate", "--seed", "3")
Cli = Any


@pytest.fixture(autouse=True)
def nothing_is_left_behind(cli: Cli) -> Iterator[None]:
    yield
    leave_nothing(cli)


def leave_nothing(cli: Cli) -> None:
    """Every controller that a test has started has ended; those that have not are killed, which is a failure."""
    left: list[int] = []
    for lock in cli.state.glob("*/lock"):
        with lock.open() as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                left.append(json.loads(held.read())["pid"])
                os.kill(left[-1], signal.SIGKILL)
    assert not left, f"controllers were left running: {left}"


def door(cli: Cli) -> Client:
    return Client.connect(Place("vision_sort.emulated", cli.state))


def wait_for(client: Client, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Follow the events until one is wanted."""
    while True:
        event = client.event(60)
        assert event is not None, "nothing has happened for a minute"
        if wanted(event):
            return event


def read_until(process: Any, word: str) -> str:
    """What the process says on stderr until a line with the word."""
    told = ""
    while word not in told:
        line = process.stderr.readline()
        assert line, told
        told += line
    return told


def started(cli: Cli, *words: str) -> Client:
    """A run of many parts that has been left to its controller; its door, with events."""
    done = cli(*EMULATED, "--set", "batch=50", "--detach", *words)
    assert done.returncode == 0, done.stderr
    client = door(cli)
    client.subscribe()
    return client


def on_a_terminal(cli: Cli, *words: str) -> tuple[str, str, int]:
    """Run it with a terminal for stderr: stdout, what the terminal showed, and the exit code."""
    ours, theirs = pty.openpty()
    cli.environment["TERM"] = "xterm"
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 40, 160, 0, 0))
    process = cli.start(*words, stderr=theirs)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # the terminal's end: the process has gone
        while chunk := os.read(ours, 4096):
            shown += chunk
    os.close(ours)
    output, _ = process.communicate(timeout=60)
    return output, shown.decode(), process.returncode


def test_a_run_to_its_end_and_its_result(cli: Cli) -> None:
    output, shown, code = on_a_terminal(cli, *EMULATED, "--set", "batch=1", "--json")
    assert code == 0, shown
    result = json.loads(output)
    assert result["result"] == "complete"
    assert result["counts"]["seen"] == result["counts"]["placed"] + result["counts"]["rejected"] == 1
    assert [result["plant"][key] for key in ("wrong", "dropped", "missed")] == [0, 0, 0]
    for word in ("emulated: arm, belt, camera, hand; real: none", "state   Execute", "step    sort/", "\x1b[J"):
        assert word in shown
    assert shown.index("parts   0 seen") < shown.index("parts   1 seen") < shown.rindex("cycle   ")
    records = [json.loads(line) for line in cli("log", "--json", "--kind", "run").stdout.splitlines()]
    assert [record["data"]["result"] for record in records] == ["", "complete"]
    intents = cli("log", "--kind", "step", "--grep", "intent").stdout
    assert "arm.move to ready" in intents


def test_a_second_controller_is_refused_and_the_first_goes_on(cli: Cli) -> None:
    with started(cli) as client:
        done = cli(*EMULATED)
        assert done.returncode == 3
        assert "a controller runs this cell already (pid" in done.stderr
        assert "cellctl attach --cell vision_sort.emulated" in done.stderr
        assert client.call("status")["state"].lower() == "execute"
    assert cli("shutdown").stdout == "ended\n"


@pytest.mark.parametrize(
    ("number", "state"), [(signal.SIGINT, "Execute"), (signal.SIGTERM, "Resetting"), (signal.SIGHUP, "Resetting")]
)
def test_signals_are_stop(cli: Cli, number: signal.Signals, state: str) -> None:
    process = cli.start(*EMULATED, "--set", "batch=50")
    read_until(process, state)
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "vision_sort v1: stopped" in output
    assert f"{number.name}: stopping; Ctrl-C again aborts" in errors
    assert "Reset, then Start" not in errors
    assert "Stopped" in errors
    if number == signal.SIGHUP:  # the controller survives its terminal
        assert json.loads(cli("status", "--json").stdout)["state"] == "Stopped"
        assert cli("shutdown").returncode == 0
    else:
        assert cli("status").returncode == 4


def test_ctrl_c_while_it_starts_leaves_nothing(cli: Cli) -> None:
    process = cli.start(*EMULATED)
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130


def test_a_trip_is_told_in_the_technicians_order_and_moves_nothing_when_it_is_restored(cli: Cli) -> None:
    with started(cli) as client:
        wait_for(client, lambda event: event["event"] == "part" and event["fate"] == "seen")
        client.call("plant", {"set": "guard", "value": False})
        cause = wait_for(client, lambda event: event["event"] == "cause")
        assert cause["sensor"] == "guard -S3 (arm.di1)"
        assert cause["action"] == "Close the guard door -S3"
        wait_for(client, lambda event: event["event"] == "state" and event["state"].lower() == "held")
        text = cli("status").stdout
        assert text.index("what    guard_open") < text.index("sensor") < text.index("part  ") < text.index("do  ")
        assert cli("unhold").returncode == 3
        client.call("plant", {"set": "guard", "value": True})
        wait_for(client, lambda event: event["event"] == "signal" and event["name"] == "guard" and event["value"])
        assert client.call("status")["state"].lower() == "held"
        assert cli("unhold").returncode == 3
        assert cli("reset").returncode == 0
        assert cli("unhold", "--wait").stdout.lower() == "execute\n"
    assert cli("shutdown").returncode == 0


def test_a_crash_leaves_an_unfinished_run_that_a_person_must_look_at(cli: Cli) -> None:
    with started(cli) as client:
        wait_for(client, lambda event: event["event"] == "step" and event["phase"] == "intent")
        os.kill(client.call("status")["pid"], signal.SIGKILL)
    left = cli(*EMULATED, "--detach")
    assert left.returncode == 3
    assert "runs on" not in left.stderr
    assert "nothing runs, and the controller waits for that" in left.stderr
    assert cli("shutdown").returncode == 0
    alone = cli(*EMULATED)
    assert alone.returncode == 3
    assert "never ended. Nothing has been moved" in alone.stderr
    assert "run it again from a terminal" in alone.stderr
    person, terminal = pty.openpty()
    process = cli.start(*EMULATED, "--set", "batch=1", stdin=terminal)
    os.close(terminal)
    told = read_until(process, "starts a new run")
    assert "never ended. Nothing has been moved" in told
    assert "in doubt: " in told
    assert "Stopped" in cli("status").stdout
    assert cli("reset", "--wait").stdout.lower() == "idle\n"
    assert cli("start").returncode == 0
    assert cli("shutdown").returncode == 0
    output, _ = process.communicate(timeout=60)
    os.close(person)
    assert "vision_sort v1: stopped" in output
    assert process.returncode == 1


def test_a_full_disk_holds_the_cell_and_loses_nothing(cli: Cli) -> None:
    """The kernel's bound on the size of a file stands for the disk; raising it, for a person who makes room."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    small = (120 * 1024, hard)
    limited = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, small)}
    done = cli(*EMULATED, "--set", "batch=50", "--detach", **limited)
    assert done.returncode == 0, done.stderr
    with door(cli) as client:
        pid = client.subscribe()["pid"]
        cause = wait_for(client, lambda event: event["event"] == "cause")
        assert "the journal cannot be written" in cause["what"]
        wait_for(client, lambda event: event["event"] == "state" and event["state"].lower() == "held")
        refused = cli("unhold")
        assert refused.returncode == 3
        assert "the journal cannot be written" in refused.stderr
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        wait_for(client, lambda event: event["event"] == "note" and "can be written again" in event["text"])
        assert cli("unhold", "--wait").stdout.lower() == "execute\n"
    assert cli("shutdown").returncode == 0
    kinds = [json.loads(line)["kind"] for line in cli("log", "--json").stdout.splitlines()]
    assert "cause" in kinds
    assert kinds[-1] in ("state", "command")


def test_real_devices_do_not_move_without_a_yes(cli: Cli) -> None:
    done = cli("run", RECIPE, "--emulate=arm,camera,hand")
    assert done.returncode == 3
    assert "These REAL devices will move" in done.stderr
    assert "belt" in done.stderr
    assert "nobody said yes" in done.stderr


def test_a_typed_yes_counts_and_a_typed_no_ends_it(cli: Cli) -> None:
    ours, theirs = pty.openpty()
    process = cli.start("run", RECIPE, "--emulate=arm,camera,hand", stdin=theirs)
    os.close(theirs)
    os.write(ours, b"no\n")
    _, errors = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 3
    assert "Type yes: " in errors


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--emulate=camra",), "camra"),
        (("--emulate", "--set", "batch=many"), "batch"),
        (("--emulate", "--bind", "arm=elbow"), "elbow"),
        (("--emulate", "--overlay", "/nowhere.yaml"), "there is no overlay"),
    ],
)
def test_what_is_wrong_in_what_was_given_is_named(cli: Cli, words: tuple[str, ...], text: str) -> None:
    done = cli("run", RECIPE, *words)
    assert done.returncode in (1, 2)
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_in_a_file_is_located(cli: Cli, tmp_path: Path) -> None:
    for file in Path(RECIPE).glob("*.yaml"):
        (tmp_path / file.name).write_text(file.read_text().replace("driver: altivar", "driver: altivarr"))
    done = cli("run", str(tmp_path), "--emulate")
    assert done.returncode == 1
    assert "cell.yaml:" in done.stderr
    assert "altivar" in done.stderr
    assert done.stderr.count("altivarr") < 4
    assert cli("check", str(tmp_path)).returncode == 1


def test_the_emulators_serve_others_until_ctrl_c(cli: Cli, tmp_path: Path) -> None:
    overlay = tmp_path / "emulated.yaml"
    process = cli.start("emulate", RECIPE, "--json", "--overlay-out", str(overlay))
    serves = json.loads(process.stdout.readline())
    assert set(serves["addresses"]) == {"arm", "belt", "camera", "hand"}
    assert json.loads(overlay.read_text()) == serves["overlay"]
    found = cli("doctor", RECIPE, "--overlay", str(overlay), "--json")
    devices = {device["device"]: device for device in map(json.loads, found.stdout.splitlines())}
    assert devices["camera"]["identity"]["vendor"] == "Cognex"
    assert all(device["emulated"] for device in devices.values())
    assert found.returncode == 5  # the arm's brakes are on, and doctor does not release them
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_doctor_names_ports_that_refuse(cli: Cli, tmp_path: Path) -> None:
    overlay = tmp_path / "site.yaml"
    nobody = "{link: tcp 127.0.0.1:1}"
    overlay.write_text(f"devices: {{arm: {nobody}, camera: {nobody}, belt: {{link: rtu {tmp_path}/tty unit 2}}}}")
    done = cli("doctor", RECIPE, "--overlay", str(overlay))
    assert done.returncode == 5
    assert done.stdout.count("wrong") == 4
    assert done.stdout.count("try") >= 3
