"""Once, or with --follow every change until Ctrl-C. A stale value is one that its device no longer confirms."""

from __future__ import annotations

import argparse

from cellctl.cli import exits
from cellctl.cli.output import table, tell, tell_json, value_text
from cellctl.cli.target import add_cell_option, connect
from cellctl.cli.words import event_line


def configure(parser: argparse.ArgumentParser) -> None:
    """Which cell, once or followed."""
    add_cell_option(parser)
    parser.add_argument("--follow", "-f", action="store_true", help="then print each change")
    parser.add_argument("--json", action="store_true", help="JSON lines")


def run(arguments: argparse.Namespace) -> int:
    """Print the signals, and their changes."""
    with connect(arguments.cell) as client:
        signals = client.subscribe()["signals"]
        if arguments.json:
            for signal in signals:
                tell_json(signal)
        else:
            rows = ((s["name"], value_text(s), s.get("tag"), s.get("source")) for s in signals)
            for line in table(rows):
                tell(line)
        for event in client.events() if arguments.follow else ():
            if event["event"] == "signal":
                if arguments.json:
                    tell_json(event)
                else:
                    tell(event_line(event) or "")
    return exits.OK
