"""The station's count begins anew; a cell that was held or suspended because it was full can go on."""

from __future__ import annotations

import argparse
import contextlib

from cellctl.cli import exits
from cellctl.cli.output import tell
from cellctl.cli.target import add_cell_option, connect
from cellctl.errors import LinkError, UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """The station."""
    parser.add_argument("station")
    add_cell_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Tell the controller."""
    with connect(arguments.cell) as client:
        client.call("empty", {"station": arguments.station})
        status = client.call("status")
        if all(device["emulated"] for device in status["devices"]):
            with contextlib.suppress(UsageError, LinkError):  # an emulated tray is emptied by nobody else
                client.call("plant", {"empty": arguments.station})
        for station in status["stations"]:
            if station["name"] == arguments.station:
                tell(f"{station['name']}: {station['count']} of {station['capacity']}")
    return exits.OK
