"""Every emulated device speaks its real protocol at the address that is printed. --overlay-out writes the site overlay
that makes a controller, or any other program that reads cell files, use them. Ctrl-C ends them."""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

from cellctl.cli import exits
from cellctl.cli.interrupts import Interrupts
from cellctl.cli.output import say, table, tell, tell_json
from cellctl.door.emulator_process import emulator_command
from cellctl.errors import CellError


def configure(parser: argparse.ArgumentParser) -> None:
    """Which cell, which of its devices."""
    parser.add_argument("path", metavar="PATH", help="directory of the cell")
    parser.add_argument("--only", metavar="A,B", help="only these devices")
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the plant")
    parser.add_argument("--overlay", action="append", default=[], metavar="FILE", help="site overlay; may be repeated")
    parser.add_argument("--overlay-out", metavar="FILE", help="write the site overlay (YAML) there")
    parser.add_argument("--json", action="store_true", help="overlay and addresses as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    only = arguments.only.split(",") if arguments.only else None
    command = emulator_command(Path(arguments.path), only, arguments.seed, arguments.overlay)
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, start_new_session=True)
    with Interrupts() as interrupts, process:
        assert process.stdin is not None and process.stdout is not None
        try:
            interrupts.wait(process.stdout, None)
            line = process.stdout.readline() if interrupts.take() is None else b""
            if not line:
                return exits.INTERRUPTED if process.poll() is None else exits.FAILED
            _show(json.loads(line), arguments)
            if interrupts.wait(process.stdout, None):  # it says no more, so this is its end
                raise CellError("the emulated devices' process has ended")
        finally:
            process.stdin.close()  # its word to end
            process.stdin = None
    return exits.OK


def _show(serves: dict[str, Any], arguments: argparse.Namespace) -> None:
    if arguments.overlay_out:
        Path(arguments.overlay_out).write_text(json.dumps(serves["overlay"], indent=2) + "\n")  # JSON is YAML
    if arguments.json:
        tell_json(serves)
    else:
        for row in table(serves["addresses"].items()):
            tell(row)
    say("serving; Ctrl-C ends it")
