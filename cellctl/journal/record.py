"""One record of the journal: a decision, an intent, a result, with when and in which run."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast


@dataclass(frozen=True, slots=True)
class Record:
    """What is on disk. ``order`` counts from 1 over the journal's whole life; ``data`` is JSON text.

    ``at`` is the wall clock (UTC, ISO 8601), ``time`` the loop's seconds in the process that wrote it.
    """

    order: int
    at: str
    time: float
    run: str
    kind: str
    data: str

    def fields(self) -> dict[str, Any]:
        """The data as it was given."""
        found: dict[str, Any] = json.loads(self.data)
        return found

    def to_json(self) -> dict[str, Any]:
        """The record as ``cellctl log --json`` prints it."""
        return {
            "order": self.order,
            "at": self.at,
            "time": self.time,
            "run": self.run,
            "kind": self.kind,
            "data": self.fields(),
        }


def encode(data: Mapping[str, Any]) -> str:
    """The data as JSON text. Never refuses: what JSON has no form for is written as its text,
    because a record of a stop must not fail on what is in it."""
    try:
        return json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        return json.dumps(_plain(data, 0), separators=(",", ":"), ensure_ascii=False)


def _plain(value: object, depth: int) -> object:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth < 16 and isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {str(key): _plain(item, depth + 1) for key, item in items}
    if depth < 16 and isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, depth + 1) for item in cast("list[object]", value)]
    return str(value)
