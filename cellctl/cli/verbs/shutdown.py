"""Stops the cell (Abort where Stop does not help), then ends its controller and emulated devices."""

from __future__ import annotations

import argparse
import contextlib
import os
import select

from cellctl.cli import exits
from cellctl.cli.output import tell
from cellctl.cli.target import add_cell_option, connect
from cellctl.errors import NoAnswer

_WITHIN = 30.0  # s: Stop, then Abort, each with the time that its devices may take


def configure(parser: argparse.ArgumentParser) -> None:
    """Which cell."""
    add_cell_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Ask for it, and wait until the controller has gone."""
    with connect(arguments.cell) as client:
        pid = client.call("status")["pid"]
        with contextlib.suppress(ProcessLookupError):
            process = os.pidfd_open(pid)
            client.call("shutdown", wait=_WITHIN)
            gone, _, _ = select.select([process], [], [], _WITHIN)
            os.close(process)
            if not gone:
                raise NoAnswer(f"the controller (pid {pid}) has stopped its cell and has not ended", where=client.name)
    tell("ended")
    return exits.OK
