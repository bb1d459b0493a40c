"""Until Ctrl-C, or until the controller ends. --json prints each event as the door sends it."""

from __future__ import annotations

import argparse

from cellctl.cli import exits
from cellctl.cli.output import tell, tell_json
from cellctl.cli.target import add_cell_option, connect
from cellctl.cli.words import event_line


def configure(parser: argparse.ArgumentParser) -> None:
    """Which cell, which events, in which form."""
    add_cell_option(parser)
    parser.add_argument("--kind", action="append", default=[], help="only events of this kind (state, step, part, …)")
    parser.add_argument("--json", action="store_true", help="JSON lines")


def run(arguments: argparse.Namespace) -> int:
    """Print what comes."""
    with connect(arguments.cell) as client:
        client.subscribe()
        for event in client.events():
            if arguments.kind and event["event"] not in arguments.kind:
                continue
            if arguments.json:
                tell_json(event)
            elif (line := event_line(event)) is not None:
                for part in line.split("\n"):
                    tell(part)
    return exits.OK
