"""The station's count begins anew; a cell that was held or suspended because it was full can go on."""

from __future__ import annotations

import argparse

from cellctl.cli import exits
from cellctl.cli.output import tell
from cellctl.cli.target import add_cell_option, connect


def configure(parser: argparse.ArgumentParser) -> None:
    """The station."""
    parser.add_argument("station")
    add_cell_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Tell the controller."""
    with connect(arguments.cell) as client:
        client.call("empty", {"station": arguments.station})
        for station in client.call("status")["stations"]:
            if station["name"] == arguments.station:
                tell(f"{station['name']}: {station['count']} of {station['capacity']}")
    return exits.OK
