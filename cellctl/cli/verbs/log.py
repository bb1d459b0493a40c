"""The journal holds decisions: commands, states, steps, parts, causes, signal edges that mattered. It is read
beside a running controller without holding it up. Times are UTC in --json and in filters."""

from __future__ import annotations

import argparse
import re
from datetime import datetime

from cellctl.cli import exits
from cellctl.cli.output import tell, tell_json
from cellctl.cli.target import add_cell_option, known_place
from cellctl.cli.words import event_line
from cellctl.journal.reader import Filter, JournalReader
from cellctl.journal.record import Record

#: Every kind that the controller writes: its events (events.py), and what persons asked for.
KINDS = ("command", "state", "step", "part", "cause", "question", "run", "device", "signal", "note", "journal")
_BEGINNING = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d+)?)?)?)?)?)?")
_FIRST_MOMENT = "0001-01-01T00:00:00"
POLL_EVERY = 0.25  # s, with --follow


def configure(parser: argparse.ArgumentParser) -> None:
    """Which journal, which records, in which form."""
    add_cell_option(parser)
    parser.add_argument("--kind", action="append", default=[], choices=KINDS, help="only this kind; may be repeated")
    parser.add_argument("--run", default="", metavar="RUN", help="only this run's")
    parser.add_argument(
        "--since",
        type=utc_beginning,
        metavar="TIME",
        help="ISO 8601 in UTC, or its beginning: 2026-11-22T08",
    )
    parser.add_argument("--until", type=utc_beginning, metavar="TIME", help="likewise; not included")
    parser.add_argument("--grep", default="", metavar="TEXT", help="only records with this text in them")
    parser.add_argument("-n", "--last", type=at_least_none, default=None, metavar="N", help="only the last N")
    parser.add_argument("--follow", "-f", action="store_true", help="then print what is added, until Ctrl-C")
    parser.add_argument("--json", action="store_true", help="JSON lines")


def utc_beginning(text: str) -> str:
    """A stamp as the journal writes it, or its beginning. Raises ArgumentTypeError for another form."""
    plain = re.sub(r"(?:Z|\+00:00)$", "", text.strip()).replace(" ", "T")
    try:
        if _BEGINNING.fullmatch(plain):
            datetime.fromisoformat((plain + _FIRST_MOMENT[len(plain) :])[: len(_FIRST_MOMENT)])
            return plain
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is no time: ISO 8601 in UTC or its beginning, as 2026-11-22T08:30")


def at_least_none(text: str) -> int:
    """A number of records. Raises ArgumentTypeError."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of records")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Print the records."""
    reader = JournalReader(known_place(arguments.cell).journal)
    kinds = tuple(arguments.kind)
    wanted = Filter(
        kinds, arguments.run, arguments.since or "", arguments.until or "", arguments.grep, last=arguments.last
    )
    last = _print(reader, wanted, arguments.json)
    if arguments.follow:
        import asyncio

        asyncio.run(_follow(reader, wanted, last, arguments.json))
    return exits.OK


async def _follow(reader: JournalReader, wanted: Filter, last: int, as_json: bool) -> None:
    from dataclasses import replace

    from cellctl import clock

    while True:
        last = _print(reader, replace(wanted, after=last, last=None), as_json)
        await clock.sleep(POLL_EVERY)


def _print(reader: JournalReader, wanted: Filter, as_json: bool) -> int:
    last = wanted.after
    for record in reader.records(wanted):
        last = record.order
        if as_json:
            tell_json(record.to_json())
        else:
            for line in record_text(record).split("\n"):
                tell(line)
    return last


def record_text(record: Record) -> str:
    """A record for people: as the event was shown, or its data as it is."""
    data = record.fields()
    line = event_line(data) if "event" in data else None
    if line is None:
        line = event_line({"event": "note", "at": record.at, "level": record.kind, "text": record.data}) or ""
        line = line.replace("note    ", f"{record.kind:<8}", 1).replace(f"{record.kind}: ", "", 1)
    return f"{record.order:>6}  {line}"
