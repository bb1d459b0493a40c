"""The journal holds decisions: commands, states, steps, parts, causes, signal edges that mattered. It is read
beside a running controller without holding it up. Times are UTC in --json and in filters."""

from __future__ import annotations

import argparse

from cellctl.cli import exits
from cellctl.cli.output import tell, tell_json
from cellctl.cli.target import add_cell_option, known_place
from cellctl.cli.words import event_line
from cellctl.journal.reader import Filter, JournalReader
from cellctl.journal.record import Record

POLL_EVERY = 0.25  # s, with --follow


def configure(parser: argparse.ArgumentParser) -> None:
    """Which journal, which records, in which form."""
    add_cell_option(parser)
    parser.add_argument("--kind", action="append", default=[], help="only records of this kind; may be repeated")
    parser.add_argument("--run", default="", metavar="RUN", help="only this run's")
    parser.add_argument("--since", default="", metavar="TIME", help="ISO 8601 in UTC, or its beginning: 2026-11-22T08")
    parser.add_argument("--until", default="", metavar="TIME", help="likewise; not included")
    parser.add_argument("--grep", default="", metavar="TEXT", help="only records with this text in them")
    parser.add_argument("-n", "--last", type=int, default=None, metavar="N", help="only the last N")
    parser.add_argument("--follow", "-f", action="store_true", help="then print what is added, until Ctrl-C")
    parser.add_argument("--json", action="store_true", help="JSON lines")


def run(arguments: argparse.Namespace) -> int:
    """Print the records."""
    reader = JournalReader(known_place(arguments.cell).journal)
    kinds = tuple(arguments.kind)
    wanted = Filter(kinds, arguments.run, arguments.since, arguments.until, arguments.grep, last=arguments.last)
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
