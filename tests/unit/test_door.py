"""The door, with a small controller behind it: what clients may send, and what it costs the controller."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import stat
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cellctl.door.client import Client
from cellctl.door.place import Place, short_path
from cellctl.door.server import MOST_CLIENTS, DoorServer
from cellctl.errors import CommandRefused, DeviceFault, NoController, UsageError
from cellctl.events import Event, Note, Status


class FakeController:
    def __init__(self) -> None:
        self.commands: list[tuple[str, dict[str, Any], str]] = []
        self.callbacks: list[Callable[[Event], None]] = []
        self.release = asyncio.Event()
        self.heard = asyncio.Event()
        self.unsubscribed = asyncio.Event()

    async def command(self, name: str, arguments: dict[str, Any], by: str) -> Mapping[str, Any]:
        self.commands.append((name, arguments, by))
        self.heard.set()
        if name == "slow":
            await self.release.wait()
        if name == "start":
            raise CommandRefused("Start is not legal in Held", legal=("unhold", "stop"), where="c1", hint="Unhold")
        if name == "drop":
            raise DeviceFault("missed", "nothing there", where="hand")
        if name == "bug":
            raise KeyError("oops")
        return {"state": "holding"}

    def status(self) -> Status:
        return Status(cell="c1", pid=os.getpid(), state="held", mode="production", legal=("unhold",))

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        self.callbacks.append(callback)

        def unsubscribe() -> None:
            self.callbacks.remove(callback)
            self.unsubscribed.set()

        return unsubscribe

    def emit(self, text: str) -> None:
        for callback in list(self.callbacks):
            callback(Note(level="info", text=text))


@pytest.fixture
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as directory:
        made = Place("c1", Path(directory))
        made.make()
        yield made


@contextlib.asynccontextmanager
async def served(place: Place, **queries: Any) -> AsyncIterator[FakeController]:
    controller = FakeController()
    server = DoorServer(controller, place, queries)
    await server.open()
    try:
        yield controller
    finally:
        await server.aclose()


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 30))


async def raw(place: Place, *lines: bytes) -> list[dict[str, Any]]:
    """Send lines, close our side, and read every answer."""
    reader, writer = await asyncio.open_unix_connection(str(place.socket), limit=1 << 24)
    writer.write(b"".join(lines))
    with contextlib.suppress(ConnectionError):
        writer.write_eof()
    answers = [json.loads(line) async for line in reader]
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return answers


def test_a_command_is_carried_out_and_its_sender_is_known(place: Place) -> None:
    async def main() -> None:
        async with served(place) as controller:
            [answer] = await raw(place, b'{"id": 7, "command": "hold", "arguments": {"a": 1}, "by": "kim@pts/1"}\n')
            assert answer == {"id": 7, "ok": True, "result": {"state": "holding"}}
            [(name, arguments, by)] = controller.commands
            assert (name, arguments) == ("hold", {"a": 1})
            assert by.startswith("kim@pts/1 (")

    run(main())


def test_a_refusal_says_why_and_what_is_legal(place: Place) -> None:
    async def main() -> None:
        async with served(place):
            with pytest.raises(CommandRefused) as refused:
                await asyncio.to_thread(call, place, "start")
            assert refused.value.legal == ("unhold", "stop")
            assert str(refused.value) == "c1: Start is not legal in Held. Unhold"
            with pytest.raises(DeviceFault) as fault:
                await asyncio.to_thread(call, place, "drop")
            assert fault.value.fault == "missed"

    run(main())


def call(place: Place, command: str) -> dict[str, Any]:
    with Client.connect(place) as client:
        return client.call(command)


@pytest.mark.parametrize(
    "line",
    [
        b"hello\n",
        b"\xff\xfe\x00\n",
        b"[1]\n",
        b"{}\n",
        b'{"command": 3}\n',
        b'{"command": "hold", "arguments": []}\n',
        b'{"command": "hold", "by": {}}\n',
        b"[" * 60000 + b"\n",
        b'{"id": ' + b"9" * 5000 + b"}\n",
    ],
)
def test_nonsense_is_answered_and_the_next_line_is_heard(place: Place, line: bytes) -> None:
    async def main() -> None:
        async with served(place) as controller:
            wrong, right = await raw(place, line, b'{"id": "x", "command": "stop"}\n')
            assert wrong["ok"] is False
            assert wrong["error"]["type"] == "UsageError"
            assert right["id"] == "x"
            assert right["ok"] is True
            assert [name for name, _, _ in controller.commands] == ["stop"]

    run(main())


def test_a_line_without_end_closes_that_door_only(place: Place) -> None:
    async def main() -> None:
        async with served(place):
            [answer] = await raw(place, b"x" * 100_000)
            assert "longer than 65536" in answer["error"]["message"]
            assert (await asyncio.to_thread(call, place, "stop"))["state"] == "holding"

    run(main())


def test_an_error_inside_is_answered_without_a_traceback(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with served(place):
            [answer] = await raw(place, b'{"id": 1, "command": "bug"}\n')
            assert answer["error"]["message"] == "internal error: KeyError('oops')"

    run(main())
    assert "bug failed" in caplog.text


def test_a_stop_does_not_wait_behind_a_slow_command(place: Place) -> None:
    async def main() -> None:
        async with served(place) as controller:
            reader, writer = await asyncio.open_unix_connection(str(place.socket))
            writer.write(b'{"id": 1, "command": "slow"}\n{"id": 2, "command": "stop"}\n')
            assert json.loads(await reader.readline())["id"] == 2
            controller.release.set()
            assert json.loads(await reader.readline())["id"] == 1
            writer.close()
            await writer.wait_closed()

    run(main())


def test_a_sender_that_goes_at_once_has_still_been_heard(place: Place) -> None:
    async def main() -> None:
        async with served(place) as controller:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(place.socket))
                connection.sendall(b'{"command": "stop"}\n')
            await controller.heard.wait()

    run(main())


def test_events_follow_the_status(place: Place) -> None:
    async def main() -> None:
        async with served(place) as controller:

            def first_three() -> list[str]:
                with Client.connect(place) as client:
                    assert client.subscribe()["state"] == "held"
                    loop.call_soon_threadsafe(lambda: [controller.emit(f"{n}") for n in range(3)])
                    client.call("hold")
                    return [str((client.event() or {})["text"]) for _ in range(3)]

            loop = asyncio.get_running_loop()
            assert await asyncio.to_thread(first_three) == ["0", "1", "2"]
            await controller.unsubscribed.wait()

    run(main())


def test_a_slow_reader_loses_events_and_is_told_how_many(place: Place) -> None:
    async def main() -> None:
        async with served(place) as controller:
            reader, writer = await asyncio.open_unix_connection(str(place.socket), limit=1 << 24)
            writer.write(b'{"id": 1, "command": "events"}\n')
            await reader.readline()
            writer.transport.pause_reading()
            for number in range(5000):
                controller.emit(f"{number} {'x' * 300}")
                if number % 100 == 0:
                    await asyncio.sleep(0)
            writer.transport.resume_reading()
            events = [json.loads(await reader.readline()) for _ in range(900)]
            controller.emit("end")  # there is room again
            while events[-1].get("text") != "end":
                events.append(json.loads(await reader.readline()))
            lost = sum(event.get("count", 0) for event in events)
            assert len(events) - 2 + lost == 5000  # "end" and "lost" are not among them
            assert lost > 0
            writer.close()
            await writer.wait_closed()

    run(main())


@pytest.mark.parametrize("line", [b'{"id": 1, "command": "status"}\n', b"nonsense\n"])
def test_a_client_that_reads_no_answers_is_not_heard_until_it_does(place: Place, line: bytes) -> None:
    async def main() -> None:
        async with served(place):
            reader, writer = await asyncio.open_unix_connection(str(place.socket), limit=1 << 20)
            writer.transport.pause_reading()
            sent = 0
            with contextlib.suppress(TimeoutError):
                while sent < 50_000:
                    writer.write(line * 100)
                    sent += 100
                    async with asyncio.timeout(0.5):
                        await writer.drain()
            assert sent < 50_000, "the door goes on reading"
            writer.transport.resume_reading()
            for _ in range(sent):
                assert "ok" in json.loads(await reader.readline())
            writer.close()
            await writer.wait_closed()

    run(main())


def test_a_stop_is_heard_from_a_client_that_leaves_its_events_unread(place: Place) -> None:
    async def main() -> None:
        async with served(place) as controller:
            reader, writer = await asyncio.open_unix_connection(str(place.socket), limit=1 << 20)
            writer.write(b'{"id": 1, "command": "events"}\n')
            await reader.readline()
            writer.transport.pause_reading()
            for number in range(3000):
                controller.emit(f"{number} {'x' * 300}")
            writer.write(b'{"id": 2, "command": "stop"}\n')
            await controller.heard.wait()
            writer.transport.abort()
            await controller.unsubscribed.wait()

    run(main())


def test_clients_are_bounded(place: Place) -> None:
    async def main() -> None:
        async with served(place):
            many = [await asyncio.open_unix_connection(str(place.socket)) for _ in range(MOST_CLIENTS + 1)]
            answer = json.loads(await many[-1][0].readline())
            assert "clients are connected already" in answer["error"]["message"]
            for _, writer in many:
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()

    run(main())


def test_the_host_answers_queries_of_its_own(place: Place) -> None:
    async def report(arguments: dict[str, Any], by: str) -> Mapping[str, Any]:
        return {"wrong": 0, **arguments}

    async def main() -> None:
        async with served(place, report=report):
            assert await asyncio.to_thread(call, place, "report") == {"wrong": 0}

    run(main())


# -- the place ----------------------------------------------------------------------------------


def test_the_place_is_its_owners_alone(place: Place) -> None:
    async def main() -> None:
        async with served(place):
            assert stat.S_IMODE(place.directory.stat().st_mode) == 0o700
            assert stat.S_IMODE(place.socket.stat().st_mode) == 0o600

    run(main())
    assert not place.socket.exists()


def test_a_second_controller_is_refused_with_the_first_ones_pid(place: Place) -> None:
    descriptor = place.take({"path": "somewhere"})
    with pytest.raises(CommandRefused, match=rf"pid {os.getpid()}\).*cellctl attach --cell c1"):
        place.take({})
    os.close(descriptor)
    os.close(place.take({}))


def test_a_path_too_long_for_a_socket_still_works() -> None:
    with tempfile.TemporaryDirectory() as directory:
        place = Place("c1", Path(directory) / ("long" * 30))
        place.make()

        async def main() -> None:
            async with served(place):
                assert (await asyncio.to_thread(call, place, "stop"))["state"] == "holding"

        run(main())
        with short_path(place.socket) as path:
            assert len(path) < 100


def test_nobody_there_is_said_so(place: Place) -> None:
    with pytest.raises(NoController, match="no controller runs the cell 'c1'"):
        Client.connect(place)


@pytest.mark.parametrize("name", ["", "..", "a/b", "x" * 200, "-x", "a\nb"])
def test_names_that_would_leave_the_directory_are_refused(name: str) -> None:
    with pytest.raises(UsageError):
        Place(name)
