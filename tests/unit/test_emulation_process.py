"""The process of the emulated devices: what it says, what it answers, and that it ends."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from cellctl.door import emulator_process
from cellctl.door.emulator_process import EmulatorProcess
from cellctl.errors import NoAnswer

CELL = Path(__file__).parents[2] / "recipes" / "vision_sort"
PATIENCE = 60  # s; never waited for where all is well


@contextmanager
def process(*arguments):
    command = [sys.executable, "-m", "cellctl.emulation", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def ask(running, line):
    running.stdin.write(line + "\n")
    running.stdin.flush()
    return json.loads(running.stdout.readline())


def test_it_serves_answers_and_ends_with_its_parent():
    with process(str(CELL), "--seed", "7") as running:
        told = json.loads(running.stdout.readline())
        assert set(told["overlay"]["devices"]) == set(told["addresses"]) == {"arm", "belt", "camera", "hand"}
        host, port = "127.0.0.1", told["overlay"]["devices"]["arm"]["dashboard_port"]
        with socket.create_connection((host, port), timeout=PATIENCE) as dashboard:
            assert dashboard.recv(100).startswith(b"Connected")
        report = ask(running, "report")
        assert (report["seed"], report["wrong"]) == (7, 0)
        assert ask(running, '{"set": "guard", "value": false}') == {"set": "guard", "value": False}
        assert "error" in ask(running, "x" * 1000)
        running.stdin.close()
        assert running.wait(PATIENCE) == 0
        assert running.stderr.read() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_on_a_signal(number):
    with process(str(CELL), "--only", "camera") as running:
        assert list(json.loads(running.stdout.readline())["addresses"]) == ["camera"]
        running.send_signal(number)
        assert running.wait(PATIENCE) == 0
        assert running.stderr.read() == ""


def test_what_it_cannot_serve_it_says_on_stderr(tmp_path):
    for arguments, word in (((str(CELL), "--only", "cam"), "cam"), ((str(tmp_path),), "cell.yaml")):
        with process(*arguments) as running:
            out, errors = running.communicate(timeout=PATIENCE)
        assert running.returncode == 1
        assert out == ""
        assert word in errors
        assert "Traceback" not in errors


def test_a_cell_without_a_plant_file_is_told_so_once(tmp_path):
    (tmp_path / "cell.yaml").write_text((CELL / "cell.yaml").read_text())
    with process(str(tmp_path), "--only", "arm") as running:
        running.stdout.readline()
        running.stdin.close()
        assert running.wait(PATIENCE) == 0
        (line,) = running.stderr.read().splitlines()
    assert "every input is off" in line
    assert str(tmp_path / "plant.yaml") in line


def test_its_end_is_told_with_its_pid():
    async def main():
        parent = await EmulatorProcess.start(CELL, ["camera"], None)
        try:
            await parent.ready()
            pid = parent._process.pid
            parent._process.kill()
            assert await parent.ended() == f"the emulated devices' process (pid {pid}) has ended by SIGKILL"
        finally:
            await parent.aclose()

    asyncio.run(main())


#: It answers the first line only when the second has come.
_LATE = """
import sys
lines = [sys.stdin.readline().strip() for _ in range(2)]
print(*(f'{{"to": {line}}}' for line in lines), sep="\\n", flush=True)
for line in sys.stdin:
    print(f'{{"to": {line.strip()}}}', flush=True)
"""


def test_an_answer_that_came_too_late_is_nobody_elses(monkeypatch):
    monkeypatch.setattr(emulator_process, "emulator_command", lambda *_: [sys.executable, "-c", _LATE])

    async def main():
        parent = await EmulatorProcess.start(CELL, None, None)
        try:
            monkeypatch.setattr(emulator_process, "ANSWER_WITHIN", 0.01)
            with pytest.raises(NoAnswer, match="do not answer within"):
                await parent.ask("1")
            monkeypatch.setattr(emulator_process, "ANSWER_WITHIN", PATIENCE)
            assert [await parent.ask(f"{number}") for number in (2, 3)] == [{"to": 2}, {"to": 3}]
        finally:
            await parent.aclose()

    asyncio.run(main())
