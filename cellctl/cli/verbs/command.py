"""The command is journalled with who gave it. It is answered when it is accepted; --wait waits until
the cell has come to rest in the state it leads to."""

from __future__ import annotations

import argparse

from cellctl.cli import exits
from cellctl.cli.output import say, tell, tell_json
from cellctl.cli.target import add_cell_option, connect
from cellctl.cli.waiting import wait_for_rest


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
        if arguments.wait:
            result["state"] = wait_for_rest(client)
        elif "state" not in result:
            result["state"] = client.call("status")["state"]
    if arguments.json:
        tell_json(result)
    else:
        tell(str(result["state"]))
        for trip in result.get("still", ()):
            say(f"still tripped: {trip}")
    return exits.OK
