"""What a crash left behind, read from the records of the last run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cellctl.journal.record import Record

_ENDED = ("done", "failed", "stopped", "skipped")


def describe_unfinished(records: Sequence[Record]) -> dict[str, Any] | None:
    """The run that ``records`` (from its beginning) leave open, None where it ended.

    Gives the data of the run's first record, with ``run``, ``order``, ``at``; ``last`` (when it was
    last heard of) and ``in_doubt``: the data of every step whose intent has no result.
    """
    if not records or records[0].kind != "run":
        return None
    run = records[0].run
    open_steps: dict[tuple[object, object], dict[str, Any]] = {}
    for record in records:
        if record.run != run:
            continue
        if record.kind == "run" and record.fields().get("result"):
            return None
        if record.kind == "step":
            _note_step(open_steps, record.fields())
    first = records[0]
    return {
        **first.fields(),
        "run": run,
        "order": first.order,
        "at": first.at,
        "last": records[-1].at,
        "in_doubt": list(open_steps.values()),
    }


def _note_step(open_steps: dict[tuple[object, object], dict[str, Any]], data: dict[str, Any]) -> None:
    key = (data.get("branch"), data.get("address"))
    if data.get("phase") == "intent":
        open_steps[key] = data
    elif data.get("phase") in _ENDED:
        open_steps.pop(key, None)
