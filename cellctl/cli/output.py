"""How things are printed: data on stdout, the rest on stderr, nothing that a terminal would obey."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cellctl.errors import CellError, CommandRefused


def complain(error: CellError) -> None:
    """An error as people read it: what and where, then what to do."""
    where = f"{error.where}: " if error.where else ""
    say(f"cellctl: {where}{error.message}")
    if isinstance(error, CommandRefused) and error.legal and "legal now" not in error.hint.lower():
        say(f"  legal now: {', '.join(error.legal)}")
    if error.hint:
        say(f"  {error.hint}")


def say(text: str) -> None:
    """Lines for the person, on stderr. A terminal that has gone is no reason to leave a cell alone."""
    with contextlib.suppress(OSError):
        print("\n".join(clean(line) for line in text.split("\n")), file=sys.stderr, flush=True)


def tell(text: str) -> None:
    """A line of data, on stdout."""
    print(clean(text), flush=True)


def tell_json(data: object) -> None:
    """Data as one line of JSON, on stdout."""
    print(json.dumps(data, default=str, ensure_ascii=False), flush=True)


def give_up_stdout() -> None:
    """Nobody reads: what is still buffered must not fail again when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def clean(text: str) -> str:
    """The text without control characters: a device's answer must not steer the terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def table(rows: Iterable[Sequence[object]], indent: str = "") -> list[str]:
    """Rows as aligned columns; empty cells stay empty."""
    texts = [[clean("" if cell is None else str(cell)) for cell in row] for row in rows]
    if not texts:
        return []
    widths = [max(len(cell) for cell in column) for column in zip(*texts, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in texts)
    return [f"{indent}{line}".rstrip() for line in lines]


def value_text(signal: Mapping[str, Any]) -> str:
    """A signal's value as people read it, with its quality where it is not good."""
    value, quality = signal.get("value"), signal.get("quality", "good")
    text = {True: "on", False: "off", None: "-"}.get(value, value) if not isinstance(value, float) else f"{value:.6g}"
    return str(text) if quality == "good" else f"{text} ({quality})"
