"""A run's progress on stderr: one block that is redrawn on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from cellctl.cli.output import clean, say, table
from cellctl.cli.words import cause_lines, counts_text, event_line, question_lines, run_again, seconds_text

_PLAIN = frozenset({"state", "part", "cause", "question", "run", "note", "device", "lost"})
_OVER = frozenset({"stopping", "stopped", "aborting", "aborted"})
_ABOVE_BLOCK = frozenset({"cause", "question", "run", "note", "device", "lost"})


class Progress(Protocol):
    """What shows a run."""

    def event(self, event: Mapping[str, Any]) -> None:
        """Something happened."""
        ...

    def status(self, status: Mapping[str, Any]) -> None:
        """How it is now."""
        ...

    def say(self, text: str) -> None:
        """Lines for the person, which stay."""
        ...

    def close(self) -> None:
        """Leave the screen as it is."""
        ...


def make_progress(again: str = "") -> Progress:
    """The block where stderr is a terminal that can redraw, else plain lines.

    ``again`` is the command that runs it again, where the controller ends with the run.
    """
    if sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        return BlockProgress(again)
    return PlainProgress(again)


def with_way_on(cause: Mapping[str, Any], again: str, state: str = "") -> Mapping[str, Any]:
    """The cause as it is, or with ``again`` for what to do where the run is over with it and its controller ends."""
    over = cause.get("reaction") in ("stop", "abort") or state.lower() in _OVER
    return run_again(cause, again) if again and over else cause


class PlainProgress:
    """One line for each thing that matters; a step only where it is in trouble."""

    def __init__(self, again: str = "") -> None:
        self._again = again

    def event(self, event: Mapping[str, Any]) -> None:
        """Print it if it is worth a line."""
        wanted = event["event"] in _PLAIN or event.get("phase") in ("failed", "in_doubt")
        event = with_way_on(event, self._again) if event["event"] == "cause" else event
        if wanted and (line := event_line(event)) is not None:
            say(line)

    def status(self, status: Mapping[str, Any]) -> None:
        """Lines have said it already."""

    def say(self, text: str) -> None:
        """Print it."""
        say(text)

    def close(self) -> None:
        """Nothing is open."""


class BlockProgress:
    """State, step, parts, cycle time, redrawn in place; what stays of interest is printed above."""

    def __init__(self, again: str = "") -> None:
        self._again = again
        self._height = 0

    def event(self, event: Mapping[str, Any]) -> None:
        """Print above the block what must not scroll out of sight."""
        event = with_way_on(event, self._again) if event["event"] == "cause" else event
        if event["event"] in _ABOVE_BLOCK and (line := event_line(event)) is not None:
            self.say(line)

    def status(self, status: Mapping[str, Any]) -> None:
        """Redraw."""
        with contextlib.suppress(OSError):  # the terminal has gone; the cell is followed all the same
            size = os.get_terminal_size(sys.stderr.fileno())
            width, height = size.columns or 80, size.lines or 24  # a serial console says 0
            if status.get("cause") is not None:
                status = {**status, "cause": with_way_on(status["cause"], self._again, str(status["state"]))}
            lines = [clean(line)[: width - 1] for line in block_lines(status)[: max(height - 1, 1)]]
            self._erase()
            sys.stderr.write("".join(f"{line}\n" for line in lines))
            sys.stderr.flush()
            self._height = len(lines)

    def say(self, text: str) -> None:
        """Print above the block, which the next status draws again."""
        with contextlib.suppress(OSError):
            self._erase()
        say(text)

    def close(self) -> None:
        """The last block stays."""
        self._height = 0

    def _erase(self) -> None:
        if self._height:
            sys.stderr.write(f"\x1b[{self._height}A\x1b[J")
            self._height = 0


def block_lines(status: Mapping[str, Any]) -> list[str]:
    """The status in as many lines as it needs, the most wanted first."""
    lines = [f"state   {status['state']}  {status['mode']}  {status.get('recipe', '')} v{status.get('version', 0)}"]
    for step in status.get("steps", ()):
        waits = f"  waits for {step['waits_for']}" if step.get("waits_for") else ""
        lines.append(f"step    {step['address']}  {step['text']}{waits}")
    lines.append(f"parts   {counts_text(status.get('counts', {}))}")
    lines.append(f"cycle   {seconds_text(status.get('cycle_time'))}")
    if (cause := status.get("cause")) is not None:
        lines += cause_lines(cause, status.get("questions", ()))
    for question in status.get("questions", ()):
        asks, *answers = question_lines(question)
        lines += [f"asks    {asks}", *answers]
    return [*lines, *_device_lines(status.get("devices", ()))]


def _device_lines(devices: Iterable[Mapping[str, Any]]) -> list[str]:
    """One a line, those that are not ready first."""
    kind = {True: "emulated", False: "REAL"}
    first = sorted(devices, key=lambda device: device["condition"] == "ready")
    rows = ((each["name"], kind[bool(each["emulated"])], each["condition"], each.get("text")) for each in first)
    return [f"{'' if number else 'devices':<7} {row}" for number, row in enumerate(table(rows))]
