"""The mode changes in Stopped, Idle and Aborted."""

from __future__ import annotations

import argparse

from cellctl.cli import exits
from cellctl.cli.output import tell
from cellctl.cli.target import add_cell_option, connect


def configure(parser: argparse.ArgumentParser) -> None:
    """The mode."""
    parser.add_argument("mode", choices=("production", "maintenance", "manual"))
    add_cell_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Change it."""
    with connect(arguments.cell) as client:
        client.call("mode", {"mode": arguments.mode})
        tell(str(client.call("status")["mode"]))
    return exits.OK
