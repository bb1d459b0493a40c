"""The choice is its number or its words. Without arguments: the open questions and their choices."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from cellctl.cli import exits
from cellctl.cli.output import tell
from cellctl.cli.target import add_cell_option, connect
from cellctl.cli.words import question_lines
from cellctl.errors import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """The question's number and the choice."""
    parser.add_argument("id", type=int, nargs="?", help="the question's number")
    parser.add_argument("choice", nargs="*", help="one of its choices: its number, or its words")
    add_cell_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Answer, or list."""
    if arguments.id is not None and not arguments.choice:
        raise UsageError("an answer needs the question's number and a choice", hint="cellctl answer lists them")
    with connect(arguments.cell) as client:
        if arguments.id is None:
            for question in client.call("status")["questions"]:
                for line in question_lines(question):
                    tell(line)
        else:
            choice = _meant(client.call("status")["questions"], arguments.id, " ".join(arguments.choice))
            client.call("answer", {"id": arguments.id, "choice": choice})
            tell(f"{arguments.id}: {choice}")
    return exits.OK


def _meant(questions: Sequence[Mapping[str, Any]], number: int, given: str) -> str:
    """The choice that was given by its words or its number; what is neither is left to the controller to refuse."""
    choices: Sequence[str] = ()
    for question in questions:
        if question["id"] == number:
            choices = question["choices"]
    if given not in choices and given.isdecimal() and 0 < int(given) <= len(choices):
        return str(choices[int(given) - 1])
    return given
