"""A run's progress on stderr: one block that is redrawn on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from typing import Any, Protocol

from cellctl.cli.output import clean, say
from cellctl.cli.words import cause_lines, counts_text, event_line, question_line, seconds_text

_PLAIN = frozenset({"state", "part", "cause", "question", "run", "note", "device", "lost"})
_ABOVE_BLOCK = frozenset({"cause", "question", "run", "note", "device", "lost"})


class Progress(Protocol):
    """What shows a run."""

    def event(self, event: Mapping[str, Any]) -> None:
        """Something happened."""
        ...

    def status(self, status: Mapping[str, Any]) -> None:
        """How it is now."""
        ...

    def close(self) -> None:
        """Leave the screen as it is."""
        ...


def make_progress() -> Progress:
    """The block where stderr is a terminal that can redraw, else plain lines."""
    if sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        return BlockProgress()
    return PlainProgress()


class PlainProgress:
    """One line for each thing that matters; a step only where it is in trouble."""

    def event(self, event: Mapping[str, Any]) -> None:
        """Print it if it is worth a line."""
        wanted = event["event"] in _PLAIN or event.get("phase") in ("failed", "in_doubt")
        if wanted and (line := event_line(event)) is not None:
            say(line)

    def status(self, status: Mapping[str, Any]) -> None:
        """Lines have said it already."""

    def close(self) -> None:
        """Nothing is open."""


class BlockProgress:
    """State, step, parts, cycle time, redrawn in place; what stays of interest is printed above."""

    def __init__(self) -> None:
        self._height = 0

    def event(self, event: Mapping[str, Any]) -> None:
        """Print above the block what must not scroll out of sight."""
        if event["event"] in _ABOVE_BLOCK and (line := event_line(event)) is not None:
            with contextlib.suppress(OSError):
                self._erase()
            say(line)

    def status(self, status: Mapping[str, Any]) -> None:
        """Redraw."""
        with contextlib.suppress(OSError):  # the terminal has gone; the cell is followed all the same
            width = os.get_terminal_size(sys.stderr.fileno()).columns or 80  # a serial console says 0
            lines = [clean(line)[: width - 1] for line in block_lines(status)]
            self._erase()
            sys.stderr.write("".join(f"{line}\n" for line in lines))
            sys.stderr.flush()
            self._height = len(lines)

    def close(self) -> None:
        """The last block stays."""
        self._height = 0

    def _erase(self) -> None:
        if self._height:
            sys.stderr.write(f"\x1b[{self._height}A\x1b[J")
            self._height = 0


def block_lines(status: Mapping[str, Any]) -> list[str]:
    """The status in as many lines as it needs, the most wanted first."""
    kind = {True: "emulated", False: "REAL"}
    devices = "  ".join(
        f"{device['name']} {kind[bool(device['emulated'])]} {device['condition']}"
        for device in status.get("devices", ())
    )
    lines = [f"state   {status['state']}  {status['mode']}  {status.get('recipe', '')} v{status.get('version', 0)}"]
    for step in status.get("steps", ()):
        waits = f"  waits for {step['waits_for']}" if step.get("waits_for") else ""
        lines.append(f"step    {step['address']}  {step['text']}{waits}")
    lines.append(f"parts   {counts_text(status.get('counts', {}))}")
    lines.append(f"cycle   {seconds_text(status.get('cycle_time'))}")
    lines.append(f"devices {devices}")
    if (cause := status.get("cause")) is not None:
        lines += cause_lines(cause)
    lines += [f"asks    {question_line(question)}" for question in status.get("questions", ())]
    return lines
