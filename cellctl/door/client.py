"""The client's side of the door, for programs that wait: light to import, no event loop.

with Client.connect(place) as client:
    client.call("hold")
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import socket
from collections import deque
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, cast

from cellctl.door.messages import encode_line, error_from_json
from cellctl.door.place import Place, short_path
from cellctl.errors import NoAnswer, NoController, UsageError

PATIENCE = 30.0  # s for an answer; most come at once, but a Reset that acknowledges may prepare an arm
_CHUNK = 65536


class Client:
    """One connection to a controller's door. Events that come while an answer is awaited are kept."""

    def __init__(self, connection: socket.socket, place: Place) -> None:
        self._socket = connection
        self.name = place.name
        self._log = place.log
        self._buffer = bytearray()
        self._events: deque[dict[str, Any]] = deque()
        self._last = 0
        self._by = whoami()

    @classmethod
    def connect(cls, place: Place) -> Client:
        """Connect to the cell's controller. Raises NoController where none runs."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(PATIENCE)
        try:
            with short_path(place.socket) as path:
                connection.connect(path)
        except OSError:
            connection.close()
            hint = "Start one: cellctl run PATH"
            raise NoController(f"no controller runs the cell {place.name!r}", hint=hint) from None
        return cls(connection, place)

    def call(
        self, command: str, arguments: Mapping[str, Any] | None = None, *, wait: float = PATIENCE
    ) -> dict[str, Any]:
        """Ask, and wait for the answer; its result. Raises the error that the controller answered
        with, NoController where it has gone, NoAnswer after ``wait`` seconds of silence."""
        number = self.send(command, arguments, wait=wait)
        return self._answer(number, command)

    def send(self, command: str, arguments: Mapping[str, Any] | None = None, *, wait: float = PATIENCE) -> int:
        """Ask, and do not wait; the number for ``poll``. Raises NoController where it has gone."""
        self._last += 1
        request = {"id": self._last, "command": command, "arguments": dict(arguments or {}), "by": self._by}
        try:
            self._socket.settimeout(wait)
            self._socket.sendall(encode_line(request))
        except OSError as error:
            raise self._down(error) from None
        return self._last

    def poll(self, number: int) -> dict[str, Any] | None:
        """The result of what was sent; None where no answer has come yet. Raises as ``call`` does."""
        self._socket.settimeout(0)
        try:
            return self._answer(number, "")
        except NoAnswer:
            return None

    def subscribe(self) -> dict[str, Any]:
        """Ask for events from now on; the status at this moment."""
        status: dict[str, Any] = self.call("events")["status"]
        return status

    def refresh(self) -> dict[str, Any]:
        """The status now; events from before it, which it has in it already, are forgotten."""
        status = self.call("status")
        self._events.clear()
        return status

    def event(self, wait: float | None = None) -> dict[str, Any] | None:
        """The next event; None where none comes within ``wait`` seconds (None: for ever). Raises NoController."""
        if self._events:
            return self._events.popleft()
        self._socket.settimeout(wait)
        try:
            message = self._receive("events")
        except NoAnswer:
            return None
        return message if "event" in message else self.event(wait)

    def events(self) -> Iterator[dict[str, Any]]:
        """Every event, until the controller ends."""
        with contextlib.suppress(NoController):
            while True:
                if (event := self.event()) is not None:
                    yield event

    def fileno(self) -> int:
        """The descriptor, for select: readable when something may have come."""
        return self._socket.fileno()

    @property
    def waiting(self) -> bool:
        """True where ``event`` has something to give without looking at the descriptor."""
        return bool(self._events) or b"\n" in self._buffer

    def close(self) -> None:
        """Close; harmless when closed."""
        self._socket.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self, number: int, command: str) -> dict[str, Any]:
        while True:
            message = self._receive(command)
            if "event" in message:
                self._events.append(message)
            elif message.get("id") == number or message.get("id") is None:
                if message.get("ok"):
                    result: dict[str, Any] = message.get("result", {})
                    return result
                raise error_from_json(message.get("error", {}))

    def _receive(self, command: str) -> dict[str, Any]:
        while (end := self._buffer.find(b"\n")) < 0:
            try:
                chunk = self._socket.recv(_CHUNK)
            except (TimeoutError, BlockingIOError):
                raise NoAnswer(f"the controller does not answer {command}", where=self.name) from None
            except OSError as error:
                raise self._down(error) from None
            if not chunk:
                raise self._down(None)
            self._buffer += chunk
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        message: object = json.loads(line)
        if not isinstance(message, dict):
            raise UsageError(f"the controller sent {line[:80]!r}", where=self.name)
        return cast("dict[str, Any]", message)

    def _down(self, error: OSError | None) -> NoController:
        reason = f": {error.strerror}" if error is not None else ""
        hint = f"Its last words: {self._log}"
        return NoController(f"the controller has ended{reason}", where=self.name, hint=hint)


def whoami() -> str:
    """Who asks: login and terminal, ``kim@pts/1``."""
    try:
        login = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        login = f"uid {os.geteuid()}"
    for descriptor in (0, 1, 2):
        with contextlib.suppress(OSError):
            return f"{login}@{os.ttyname(descriptor).removeprefix('/dev/')}"
    return login
