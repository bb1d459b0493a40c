"""What a crash left behind, read from the records of the last run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cellctl.journal.record import Record

_ENDED = ("done", "failed", "stopped")


def describe_unfinished(records: Iterable[Record]) -> dict[str, Any] | None:
    """The run that ``records`` (from its beginning, see ``Store.last_run``) leave open, None where it ended.

    Gives the data of the run's first record, with ``run``, ``order``, ``at``; ``last`` (when it was
    last heard of), ``in_doubt``: the data of every step whose intent has no result, and ``in_hand``:
    the parts that were in a hand when they were last told of (``part``, ``place``).
    """
    first: Record | None = None
    last = ""
    open_steps: dict[tuple[object, object], dict[str, Any]] = {}
    in_hand: dict[object, dict[str, Any]] = {}
    for record in records:
        first, last = first or record, record.at
        if record.run != first.run:
            continue
        data = record.fields()
        if record.kind == "run" and data.get("result"):
            return None
        if record.kind == "step":
            _note_step(open_steps, data)
        if record.kind == "part":
            _note_part(in_hand, data)
    if first is None or first.kind != "run":
        return None
    return {
        **first.fields(),
        "run": first.run,
        "order": first.order,
        "at": first.at,
        "last": last,
        "in_doubt": list(open_steps.values()),
        "in_hand": list(in_hand.values()),
    }


def _note_step(open_steps: dict[tuple[object, object], dict[str, Any]], data: dict[str, Any]) -> None:
    key = (data.get("branch"), data.get("address"))
    if data.get("phase") == "intent":
        open_steps[key] = data
    elif data.get("phase") in _ENDED:
        open_steps.pop(key, None)


def _note_part(in_hand: dict[object, dict[str, Any]], data: dict[str, Any]) -> None:
    in_hand.pop(data.get("part"), None)
    if data.get("fate") == "held":
        in_hand[data.get("part")] = {"part": data.get("part"), "place": data.get("place")}
