"""Without arguments: the open questions and their choices."""

from __future__ import annotations

import argparse

from cellctl.cli import exits
from cellctl.cli.output import tell
from cellctl.cli.target import add_cell_option, connect
from cellctl.cli.words import question_line
from cellctl.errors import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """The question's number and the choice."""
    parser.add_argument("id", type=int, nargs="?", help="the question's number")
    parser.add_argument("choice", nargs="?", help="one of its choices")
    add_cell_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Answer, or list."""
    if arguments.id is not None and arguments.choice is None:
        raise UsageError("an answer needs the question's number and a choice", hint="cellctl answer lists them")
    with connect(arguments.cell) as client:
        if arguments.id is None:
            for question in client.call("status")["questions"]:
                tell(question_line(question))
        else:
            client.call("answer", {"id": arguments.id, "choice": arguments.choice})
            tell(f"{arguments.id}: {arguments.choice}")
    return exits.OK
