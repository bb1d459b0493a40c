"""Shows the same as ``cellctl run``, and changes nothing: Ctrl-C only ends the showing."""

from __future__ import annotations

import argparse

from cellctl.cli import exits
from cellctl.cli.follow import Follower
from cellctl.cli.interrupts import Interrupts
from cellctl.cli.output import say
from cellctl.cli.progress import make_progress
from cellctl.cli.target import add_cell_option, connect
from cellctl.errors import NoController


def configure(parser: argparse.ArgumentParser) -> None:
    """Which cell."""
    add_cell_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Until Ctrl-C, or until the controller ends."""
    with connect(arguments.cell) as client, Interrupts() as interrupts:
        progress = make_progress()
        try:
            Follower(client, interrupts, progress).follow(lambda: False, lambda _: True)
        except NoController:
            say("the controller has ended")
        finally:
            progress.close()
    return exits.OK
