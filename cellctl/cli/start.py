"""Starting a controller's process and hearing how that went."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from cellctl.cli import exits
from cellctl.cli.interrupts import Interrupted, Interrupts
from cellctl.cli.output import say
from cellctl.door.messages import error_from_json
from cellctl.door.options import Options
from cellctl.errors import CellError

END_WITHIN = 30.0  # s; a controller that ends stops its cell first


class StartFailed(CellError):
    """The controller did not start; ``error`` is its reason, ``text`` its diagnostics where files are wrong."""

    def __init__(self, error: CellError, text: str = "") -> None:
        super().__init__(error.message, where=error.where, hint=error.hint)
        self.error = error
        self.text = text

    def report(self) -> int:
        """Print the diagnostics and give the exit code. Raises the reason where there are none."""
        if not self.text:
            raise self.error
        say(self.text.rstrip())
        return exits.code_of(self.error)


def start_controller(options: Options, interrupts: Interrupts) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    """Start a controller in a session of its own, which outlives this terminal.

    Gives its process and what it says of itself (``cell``, ``pid``, ``log``, ``unfinished``, ``recipe``,
    ``version``, ``moves``, …). Raises StartFailed, or Interrupted by a signal that came meanwhile.
    """
    command = [sys.executable, "-P", "-m", "cellctl.cli.main", "controller", options.to_text()]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    interrupts.wait(process.stdout, None)
    if (number := interrupts.take()) is not None:  # nothing moves yet
        process.stdout.close()
        end_process(process)
        raise Interrupted(number)
    line = process.stdout.readline()
    process.stdout.close()
    message: dict[str, Any] = json.loads(line) if line else {}
    if "ready" in message:
        ready: dict[str, Any] = message["ready"]
        return process, ready
    code = process.wait()
    if "failed" in message:
        raise StartFailed(error_from_json(message["failed"]), message["failed"].get("text", ""))
    raise CellError(f"the controller's process has ended with exit code {code} before it was ready")


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Ask the process to stop its cell and end; wait for that."""
    process.terminate()
    wait_for_end(process)


def wait_for_end(process: subprocess.Popen[bytes]) -> bool:
    """Wait for the controller's process; False where it takes too long."""
    try:
        process.wait(END_WITHIN)
    except subprocess.TimeoutExpired:
        say(f"cellctl: the controller (pid {process.pid}) has not ended after {END_WITHIN:g} s")
        return False
    return True
