"""The lines that go through the door, and errors as they travel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from cellctl import errors
from cellctl.errors import CellError, CommandRefused, DeviceFault, Refused, UsageError

LINE_LIMIT = 65536  # bytes in one request
_FORM = 'Send one JSON object a line: {"id": 1, "command": "status", "arguments": {}, "by": "who"}'


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a client. ``id`` comes back with the answer; ``by`` is who asks, as the client says."""

    id: int | str | None
    command: str
    arguments: dict[str, Any]
    by: str = ""


def parse_request(line: bytes) -> Request:
    """Read a request. Raises UsageError that says what is wrong with it."""
    try:
        message: object = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"not a JSON line: {str(error)[:100]}", hint=_FORM) from None
    if not isinstance(message, dict):
        raise UsageError("the line is not a JSON object", hint=_FORM)
    fields = cast("dict[str, object]", message)
    name, arguments, by = fields.get("command"), fields.get("arguments", {}), fields.get("by", "")
    if not isinstance(name, str) or not isinstance(arguments, dict) or not isinstance(by, str):
        raise UsageError("command and by must be text, arguments an object", hint=_FORM)
    printable = "".join(character for character in by[:64] if character.isprintable())
    return Request(request_id(fields), name[:64], cast("dict[str, Any]", arguments), printable)


def request_id(fields: Mapping[str, object]) -> int | str | None:
    """The id of a request if it has a usable one."""
    found = fields.get("id")
    if isinstance(found, str):
        return found[:64]
    return found if isinstance(found, int) else None


def encode_line(message: Mapping[str, Any]) -> bytes:
    """A message as one line. What JSON has no form for is sent as its text."""
    return json.dumps(message, separators=(",", ":"), default=str).encode() + b"\n"


def answer_line(identity: int | str | None, result: Mapping[str, Any]) -> bytes:
    """The answer to a request that was carried out."""
    return encode_line({"id": identity, "ok": True, "result": result})


def error_line(identity: int | str | None, error: CellError) -> bytes:
    """The answer to a request that was not."""
    return encode_line({"id": identity, "ok": False, "error": error_to_json(error)})


def error_to_json(error: CellError) -> dict[str, Any]:
    """An error as it travels: its type's name, and what its reader needs."""
    found: dict[str, Any] = {
        "type": type(error).__name__,
        "message": error.message,
        "where": error.where,
        "hint": error.hint,
    }
    if isinstance(error, CommandRefused):
        found["legal"] = list(error.legal)
    if isinstance(error, DeviceFault):
        found["fault"] = error.fault
    if isinstance(error, Refused):
        found["code"] = error.code
    return found


def error_from_json(found: Mapping[str, Any]) -> CellError:
    """The error that travelled, as the type it was where this side knows it."""
    kind = _kind(str(found.get("type", "")))
    more: dict[str, Any] = {"where": str(found.get("where", "")), "hint": str(found.get("hint", ""))}
    message = str(found.get("message", "no reason was given"))
    if issubclass(kind, CommandRefused):
        return CommandRefused(message, legal=tuple(found.get("legal", ())), **more)
    if issubclass(kind, DeviceFault):
        return DeviceFault(str(found.get("fault", "")), message, **more)
    if issubclass(kind, Refused):
        return Refused(message, code=int(found.get("code", 0)), **more)
    return kind(message, **more)


def _kind(name: str) -> type[CellError]:
    found: object = getattr(errors, name, None)
    return found if isinstance(found, type) and issubclass(found, CellError) else CellError
