"""The controller's own process; ``cellctl run`` starts it and reads its stdout."""

from __future__ import annotations

import argparse

from cellctl.door.options import Options


def configure(parser: argparse.ArgumentParser) -> None:
    """One argument: the options as text."""
    parser.add_argument("options")


def run(arguments: argparse.Namespace) -> int:
    """Until it is shut down."""
    from cellctl.door.host import host

    return host(Options.from_text(arguments.options))
