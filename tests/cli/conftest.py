"""A cell that runs, as far as the door shows it; and the command line as a person calls it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from cellctl.door.place import Place
from cellctl.door.server import DoorServer
from cellctl.errors import CommandRefused
from cellctl.events import Event, PartChanged, StateChanged, Status, Stopped


class FakeCell:
    """A controller behind a real door in a thread of its own: states change at once when commanded."""

    LEADS_TO: ClassVar = {"hold": "Held", "unhold": "Execute", "stop": "Stopped", "abort": "Aborted", "reset": "Idle"}

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = "Execute"
        self.mode = "Production"
        self.leads_to: dict[str, str] = dict(self.LEADS_TO)
        self.questions: tuple[dict[str, Any], ...] = (
            {"id": 4, "text": "Where is part 3?", "choices": ["gone", "retry"]},
        )
        self.cause: dict[str, Any] | None = None
        self.commands: list[tuple[str, dict[str, Any], str]] = []
        self.callbacks: list[Callable[[Event], None]] = []
        self.ended = asyncio.Event()
        self.rests = asyncio.Event()  # a shutdown waits for it, and Abort leads to it
        self.rests.set()
        self.followed = threading.Event()
        self.left = threading.Event()

    async def command(self, name: str, arguments: dict[str, Any], by: str) -> Mapping[str, Any]:
        self.commands.append((name, arguments, by))
        if name == "start":
            raise CommandRefused("Start is not legal in Execute", legal=("hold", "stop"), hint="Nothing to do")
        if name == "mode":
            self.mode = arguments["mode"].capitalize()
        if name == "abort":
            self.rests.set()
        previous, self.state = self.state, self.leads_to.get(name, self.state)
        self.tell(StateChanged(state=self.state, previous=previous, mode=self.mode, by=by, at="2026-11-22T08:00:00Z"))
        if name == "hold":
            self.tell(Stopped(what="guard_open: guard is off", sensor="guard -S3 (arm.di1)", action="Close -S3"))
        return {"state": self.state}

    async def shutdown(self, arguments: dict[str, Any], by: str) -> Mapping[str, Any]:
        await self.rests.wait()
        asyncio.get_running_loop().call_later(0.05, self.ended.set)
        return {}

    async def doctor(self, arguments: dict[str, Any], by: str) -> Mapping[str, Any]:
        about = {"driver": "universal_robots", "link": "tcp 10.0.0.1", "emulated": False, "condition": "not ready"}
        error = {"message": "is in Local mode", "hint": "Switch it to Remote Control"}
        who = {"vendor": "UR", "model": "UR5e", "serial": "2023", "firmware": "5.13", "address": ""}
        return {"devices": [{"device": "arm", **about, "identity": who, "error": error}]}

    def status(self) -> Status:
        return Status(
            cell=self.name,
            pid=os.getpid(),
            state=self.state,
            mode=self.mode,
            legal=("hold", "stop"),
            recipe="sort",
            version=3,
            run="r1",
            steps=({"address": "sort/2", "text": "arm.move to \x1b[31mready", "since": 1.0, "waits_for": "arm"},),
            counts={"seen": 3, "placed": 2, "rejected": 1},
            cycle_time=4.217,
            cause=self.cause,
            questions=self.questions,
            devices=(
                {
                    "name": "arm",
                    "driver": "universal_robots",
                    "condition": "ready",
                    "text": "",
                    "hint": "",
                    "emulated": True,
                    "link": "tcp 127.0.0.1",
                },
            ),
            signals=(
                {"name": "guard", "value": True, "quality": "good", "tag": "-S3", "source": "arm.di1"},
                {"name": "speed", "value": 0.123456789, "quality": "stale", "tag": "", "source": "belt.speed"},
            ),
            stations=({"name": "good", "count": 2, "capacity": 24, "full": False},),
        )

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        self.callbacks.append(callback)
        self.left.clear()
        self.followed.set()

        def unsubscribe() -> None:
            self.callbacks.remove(callback)
            self.followed.clear()
            self.left.set()

        return unsubscribe

    def tell(self, event: Event) -> None:
        for callback in list(self.callbacks):
            callback(event)

    def tell_part(self) -> None:
        self.tell(PartChanged(part=3, place="good[2]", fate="placed", at="2026-11-22T08:00:01.500+00:00"))


class Running:
    """The thread that serves a FakeCell."""

    def __init__(self, state: Path, name: str) -> None:
        self.place = Place(name, state)
        self._open = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name=f"cell {name}")
        self._thread.start()
        assert self._open.wait(10)

    async def _main(self) -> None:
        self.cell = FakeCell(self.place.name)
        self.loop = asyncio.get_running_loop()
        self.place.make()
        lock = self.place.take({"path": str(self.place.directory)})
        queries = {"shutdown": self.cell.shutdown, "doctor": self.cell.doctor}
        door = DoorServer(self.cell, self.place, queries)
        await door.open()
        self._open.set()
        await self.cell.ended.wait()
        await door.aclose()
        os.close(lock)

    def call(self, work: Callable[[], None]) -> None:
        self.loop.call_soon_threadsafe(work)

    def end(self) -> None:
        if self._thread.is_alive():
            self.call(self.cell.ended.set)
        self._thread.join(10)
        assert not self._thread.is_alive()


class Cli:
    """Calls ``cellctl`` with a state directory of its own."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.environment = {**os.environ, "CELLCTL_STATE": str(state), "TZ": "UTC"}
        self.environment.pop("CELLCTL_TRACEBACK", None)
        self.started: list[subprocess.Popen[str]] = []

    def __call__(self, *words: str, timeout: float = 60, **more: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            **{"stdin": subprocess.DEVNULL, **more},
        )

    def start(self, *words: str, **more: Any) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        given = {"stdin": subprocess.DEVNULL, "stdout": pipe, "stderr": pipe, **more}
        self.started.append(subprocess.Popen(self.command(*words), env=self.environment, text=True, **given))
        return self.started[-1]

    def end(self) -> None:
        """End what a test that has failed has left."""
        for process in self.started:
            if process.poll() is None:
                process.terminate()
                process.communicate(timeout=60)

    @staticmethod
    def command(*words: str) -> list[str]:
        return [sys.executable, "-m", "cellctl.cli.main", *words]


@pytest.fixture
def cli() -> Iterator[Cli]:
    with tempfile.TemporaryDirectory(prefix="cellctl") as directory:
        made = Cli(Path(directory))
        yield made
        made.end()


@pytest.fixture
def running(cli: Cli) -> Iterator[Callable[[str], Running]]:
    made: list[Running] = []

    def make(name: str) -> Running:
        made.append(Running(cli.state, name))
        return made[-1]

    yield make
    for one in made:
        one.end()
