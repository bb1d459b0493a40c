"""The command is journalled with who gave it. It is answered when it is accepted; --wait waits until
the cell has come to rest: exit code 0 in the state that the command leads to, 1 in another, and 3 where
a question wants an answer first."""

from __future__ import annotations

import argparse

from cellctl.cli import exits
from cellctl.cli.output import say, tell, tell_json
from cellctl.cli.target import add_cell_option, connect
from cellctl.cli.waiting import LEADS_TO, Rest, wait_for_rest
from cellctl.cli.words import cause_lines, question_lines
from cellctl.door.client import Client


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of the commands that have no arguments of their own."""
    add_cell_option(parser)
    parser.add_argument("--wait", action="store_true", help="until the state that it leads to is reached")
    parser.add_argument("--json", action="store_true", help="the answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Give the command."""
    with connect(arguments.cell) as client:
        if arguments.wait:
            client.subscribe()
        result = client.call(arguments.verb)
        if "state" not in result:
            result["state"] = client.call("status")["state"]
        rest = wait_for_rest(client, arguments.verb, str(result["state"])) if arguments.wait else None
        if rest is not None:
            result["state"] = rest.state
        code = exits.OK if rest is None or rest.wanted else _say_why_not(client, arguments.verb, rest)
    if arguments.json:
        tell_json(result)
    else:
        tell(str(result["state"]))
        for trip in result.get("still", ()):
            say(f"still tripped: {trip}")
    return code


def _say_why_not(client: Client, command: str, rest: Rest) -> int:
    """What keeps the cell from where the command leads, and what a person does about it; the exit code."""
    say(f"cellctl: {command} has led to {rest.state}, not to {' or '.join(sorted(LEADS_TO[command]))}")
    status = client.call("status")
    if status["cause"] is not None:
        say("\n".join(cause_lines(status["cause"], rest.questions)))
    for question in rest.questions:
        say("\n".join(question_lines(question)))
    return exits.REFUSED if rest.questions else exits.FAILED
