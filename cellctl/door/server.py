"""The controller's side of the door: a Unix socket for its owner, and a bounded place for each client.

A client that reads slowly loses events (and is told how many) and is not heard while it leaves its answers
unread, a client that sends nonsense gets an error for it, and none holds the controller up.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pwd
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from cellctl.door.client_queue import ClientQueue
from cellctl.door.messages import LINE_LIMIT, Request, answer_line, encode_line, error_line, parse_request
from cellctl.door.place import Place, short_path
from cellctl.errors import CellError, LinkDown, UsageError
from cellctl.events import Event, Status

log = logging.getLogger(__name__)
MOST_CLIENTS = 32
CLOSE_WITHIN = 2.0  # s for requests in flight when the door closes
MOST_IN_FLIGHT = 16  # requests of one client that wait for their answers

Query = Callable[[dict[str, Any], str], Awaitable[Mapping[str, Any]]]  # (arguments, by)


class Served(Protocol):
    """What stands behind the door: the controller."""

    async def command(self, name: str, arguments: dict[str, Any], by: str) -> Mapping[str, Any]:
        """Carry out a command. Raises CommandRefused or another CellError."""
        ...

    def status(self) -> Status:
        """Everything a screen shows at its start."""
        ...

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call ``callback`` with each event; returns the way to end that."""
        ...


class DoorServer:
    """Serves one controller at ``place.socket``. ``queries`` are further requests, answered by the host."""

    def __init__(self, served: Served, place: Place, queries: Mapping[str, Query] | None = None) -> None:
        self._served = served
        self._place = place
        self._queries = dict(queries or {})
        self._clients: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen. The caller holds the cell's lock, so a socket that lies there is a dead one's.

        Raises LinkDown where it cannot.
        """
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._place.socket.unlink(missing_ok=True)
            with short_path(self._place.socket) as path:
                listening.bind(path)
            self._place.socket.chmod(0o600)
            listening.setblocking(False)
            self._server = await asyncio.start_unix_server(self._accept, sock=listening, limit=LINE_LIMIT)
        except OSError as error:
            listening.close()
            raise LinkDown(f"the door cannot be opened: {error}", where=str(self._place.socket)) from error

    async def aclose(self) -> None:
        """Stop listening, send each client what waits for it, and let them go."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._place.socket.unlink(missing_ok=True)
        while clients := list(self._clients):
            for task in clients:
                task.cancel()
            await asyncio.wait(clients, timeout=CLOSE_WITHIN)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        queue = ClientQueue(writer)
        try:
            user = _peer(writer)
            if len(self._clients) > MOST_CLIENTS:
                raise UsageError(f"{MOST_CLIENTS} clients are connected already", hint="Close one of them")
            await _Client(self._served, self._queries, queue, user).serve(reader)
        except CellError as error:
            queue.answer(error_line(None, error))
        except (asyncio.CancelledError, ConnectionError):
            pass  # the server closes, or the client has gone: either way it is let go below
        finally:
            self._clients.discard(task)
            await queue.aclose()


class _Client:
    """One connection: its requests, each in a task of its own so that a stop never waits behind another."""

    def __init__(self, served: Served, queries: Mapping[str, Query], queue: ClientQueue, user: str) -> None:
        self._served, self._queries, self._queue, self._user = served, queries, queue, user
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsubscribe: Callable[[], None] | None = None
        self._gone = False

    async def serve(self, reader: asyncio.StreamReader) -> None:
        """Until the client closes. Raises UsageError for a line over the limit.

        What it asked for is carried out even if it has gone: who sends a stop need not wait for the answer.
        """
        try:
            while line := await _line(reader):
                if line.strip():
                    self._take(line)
                await self._queue.room()
        finally:
            await self._finish()
            self._gone = True
            if self._unsubscribe is not None:
                self._unsubscribe()

    async def _finish(self) -> None:
        try:
            if self._tasks:
                await asyncio.wait(self._tasks)
        except asyncio.CancelledError:  # the door closes, and they have had their time
            for task in self._tasks:
                task.cancel()
            raise

    def _take(self, line: bytes) -> None:
        try:
            request = parse_request(line)
        except UsageError as error:
            self._queue.answer(error_line(None, error))
            return
        if len(self._tasks) >= MOST_IN_FLIGHT:
            busy = UsageError(f"{MOST_IN_FLIGHT} requests wait for their answers already")
            self._queue.answer(error_line(request.id, busy))
            return
        task = asyncio.create_task(self._handle(request), name=f"door {request.command}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, request: Request) -> None:
        try:
            result = await self._carry_out(request)
        except CellError as error:
            self._queue.answer(error_line(request.id, error))
        except Exception as error:
            log.exception("door: %s failed", request.command)
            internal = CellError(f"internal error: {error!r}", where=request.command, hint="See controller.log")
            self._queue.answer(error_line(request.id, internal))
        else:
            self._queue.answer(answer_line(request.id, result))
            if request.command == "events" and self._unsubscribe is None and not self._gone:
                self._unsubscribe = self._served.subscribe(self._tell)

    async def _carry_out(self, request: Request) -> Mapping[str, Any]:
        if request.command == "status":
            return self._served.status().to_json()
        if request.command == "events":
            return {"status": self._served.status().to_json()}
        if request.command in self._queries:
            return await self._queries[request.command](request.arguments, self._who(request))
        return await self._served.command(request.command, request.arguments, self._who(request))

    def _who(self, request: Request) -> str:
        """Who asked: as the client says, with the login that the kernel vouches for where it says another."""
        if not request.by:
            return self._user
        return request.by if request.by.split("@")[0] == self._user else f"{request.by} ({self._user})"

    def _tell(self, event: Event) -> None:
        self._queue.event(encode_line(event.to_json()))


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readline()
    except ValueError:
        raise UsageError(f"a line is longer than {LINE_LIMIT} bytes; the door closes") from None


def _peer(writer: asyncio.StreamWriter) -> str:
    """The login of the client's process. Raises UsageError for another user's."""
    sock = writer.get_extra_info("socket")
    credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    if uid not in (os.geteuid(), 0):
        raise UsageError("this door is its owner's alone")
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
