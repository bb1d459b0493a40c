"""The controller is a process of its own: it outlives this terminal unless the run comes to its end here.
Ctrl-C, SIGTERM and SIGHUP are Stop, a second one is Abort. Where the journal shows no unfinished run this
counts as a person's Reset and Start; on real devices it says what will move, and wants --yes or a typed yes.
The result goes to stdout, progress to stderr."""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import Any

from cellctl.cli import exits
from cellctl.cli.cell_options import add_file_options, to_options
from cellctl.cli.follow import Follower
from cellctl.cli.interrupts import Interrupted, Interrupts
from cellctl.cli.output import say, table
from cellctl.cli.progress import make_progress
from cellctl.cli.session import Session, unattended_text
from cellctl.cli.start import StartFailed, end_process, start_controller, wait_for_end
from cellctl.door.client import Client
from cellctl.door.place import Place


def configure(parser: argparse.ArgumentParser) -> None:
    """The files and how to run them."""
    add_file_options(parser)
    parser.add_argument("--yes", action="store_true", help="real devices may move: do not ask")
    parser.add_argument("--detach", action="store_true", help="start the run, and leave the controller to itself")
    parser.add_argument("--json", action="store_true", help="the result as JSON on stdout")


def run(arguments: argparse.Namespace) -> int:
    """Start the controller, start the run, show it, print its result, end the controller."""
    options = to_options(arguments)
    _ = options.cell_file, options.recipe_file, options.overlay_files
    with Interrupts() as interrupts:
        try:
            process, ready = start_controller(options, interrupts)
        except StartFailed as failed:
            return failed.report()
        except Interrupted as signal:
            return exits.SIGNALLED + signal.number
        announce(ready)
        if ready["unfinished"] and not arguments.detach and not at_a_terminal():
            say(unattended_text(ready["unfinished"]))
            end_process(process)
            return exits.REFUSED
        if not ready["unfinished"] and not may_move(ready, arguments.yes, interrupts):
            end_process(process)
            number = interrupts.take()
            return exits.REFUSED if number is None else exits.SIGNALLED + number
        try:
            with Client.connect(Place(ready["cell"])) as client:
                again = "" if arguments.detach else shlex.join(["cellctl", *sys.argv[1:]])
                session = Session(Follower(client, interrupts, make_progress(again)), ready, as_json=arguments.json)
                code = session.start_and_leave() if arguments.detach else session.run_to_its_end()
                leaves = arguments.detach and (code == exits.OK or bool(ready["unfinished"]))
                leaves = leaves or session.hung_up  # the terminal has gone: the stopped cell can be attached to
                if not leaves:
                    session.end_controller()
        except BaseException:
            end_process(process)  # whatever has gone wrong here, the cell is stopped
            raise
        if not leaves:
            wait_for_end(process)
        return code


def announce(ready: dict[str, Any]) -> None:
    """Who runs what, and which devices are real."""
    say(f"{ready['recipe']} v{ready['version']} on cell {ready['cell']}")
    say(f"controller pid {ready['pid']}, log {ready['log']}")
    emulated = [device["device"] for device in ready["devices"] if device["emulated"]]
    real = [f"{device['device']} ({device['link']})" for device in ready["devices"] if not device["emulated"]]
    say(f"emulated: {', '.join(emulated) or 'none'}; real: {', '.join(real) or 'none'}")


def at_a_terminal() -> bool:
    """Whether a person can type here."""
    return sys.stdin is not None and sys.stdin.isatty()  # it is None where stdin was closed


def may_move(ready: dict[str, Any], yes: bool, interrupts: Interrupts) -> bool:
    """Say what real devices will do, and have a person's yes for it."""
    real = [device for device in ready["moves"] if not device["emulated"]]
    if not real:
        return True
    say("These REAL devices will move (Reset makes them ready: power, brakes, activation; Start runs the recipe):")
    say("\n".join(table(((d["device"], d["driver"], d["link"], ", ".join(d["actions"])) for d in real), indent="  ")))
    if yes:
        return True
    if not at_a_terminal():
        say("cellctl: not started: nobody said yes. Give --yes, or run it from a terminal and type yes")
        return False
    sys.stderr.write("Is the cell clear, and may they move? Type yes: ")
    sys.stderr.flush()
    if interrupts.wait(sys.stdin, None) and sys.stdin.readline().strip().lower() == "yes":
        return True
    say("cellctl: not started")
    return False
