"""Every verb: its module, its one line of help. Light: ``cellctl --help`` imports nothing else."""

from __future__ import annotations

from typing import NamedTuple


class Verb(NamedTuple):
    """A verb's module under ``cellctl.cli.verbs`` and what it does, in one line."""

    module: str
    help: str


GROUPS: dict[str, dict[str, Verb]] = {
    "Run a cell": {
        "run": Verb("run", "start the controller of a cell, run its recipe, show its progress"),
        "attach": Verb("attach", "show the progress of a controller that runs already"),
        "emulate": Verb("emulate", "serve a cell's emulated devices for other programs"),
        "shutdown": Verb("shutdown", "stop the cell and end its controller"),
    },
    "Command a running cell": {
        "hold": Verb("command", "hold: the step in hand comes to a safe place, then the cell waits"),
        "unhold": Verb("command", "go on after a hold"),
        "suspend": Verb("command", "wait for something outside the cell"),
        "unsuspend": Verb("command", "go on after a suspend"),
        "stop": Verb("command", "controlled stop; the run is over, the gripper keeps its part"),
        "abort": Verb("command", "stop as fast as the devices can (software, not an emergency stop)"),
        "clear": Verb("command", "after an abort: back to Stopped"),
        "reset": Verb("command", "acknowledge what stopped the cell and get the devices ready"),
        "start": Verb("command", "start the recipe from Idle"),
        "complete": Verb("command", "end the run when the part in hand is put down"),
        "mode": Verb("mode", "change the mode: production, maintenance, manual"),
        "answer": Verb("answer", "answer a question of the cell"),
        "empty": Verb("empty", "say that a station has been emptied"),
    },
    "Look at a cell": {
        "status": Verb("status", "state, step, parts, what stopped it, what is legal"),
        "events": Verb("events", "every event as it happens"),
        "io": Verb("io", "live signals with their electrical tags"),
        "log": Verb("log", "read the journal"),
        "doctor": Verb("doctor", "reach each device, say what is wrong and what to try; moves nothing"),
    },
    "Write a cell": {
        "check": Verb("check", "find what is wrong in cell and recipe files before anything moves"),
        "schema": Verb("schema", "JSON Schema of the files, for editors"),
        "drivers": Verb("drivers", "the installed drivers"),
    },
}
HIDDEN = {"controller": Verb("controller", "the controller's own process")}
VERBS: dict[str, Verb] = {name: verb for group in GROUPS.values() for name, verb in group.items()}
