"""Exit code 4 where no controller runs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from cellctl.cli import exits
from cellctl.cli.output import table, tell, tell_json
from cellctl.cli.session import unfinished_text
from cellctl.cli.target import add_cell_option, connect
from cellctl.cli.words import cause_lines, counts_text, question_lines, seconds_text


def configure(parser: argparse.ArgumentParser) -> None:
    """Which cell, and in which form."""
    add_cell_option(parser)
    parser.add_argument("--json", action="store_true", help="everything, as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Ask and print."""
    with connect(arguments.cell) as client:
        status = {**client.call("status"), "cell": client.name}
    if arguments.json:
        tell_json(status)
    else:
        for line in status_lines(status):
            tell(line)
    return exits.OK


def status_lines(status: Mapping[str, Any]) -> list[str]:
    """The status for people."""
    lines = [
        f"cell     {status['cell']} (pid {status['pid']})",
        f"state    {status['state']}, mode {status['mode']}",
        f"recipe   {status['recipe']} v{status['version']}" + (f", run {status['run']}" if status["run"] else ""),
        *(f"step     {step['address']}  {step['text']}{_waits(step)}" for step in status["steps"]),
        f"parts    {counts_text(status['counts'])}",
        f"cycle    {seconds_text(status['cycle_time'])}",
    ]
    if status["cause"] is not None:
        lines += ["stopped", *cause_lines(status["cause"], status["questions"])]
    lines += [f"tripped  {trip}" for trip in status["trips"]]
    for question in status["questions"]:
        asks, *answers = question_lines(question)
        lines += [f"asks     {asks}", *answers]
    if status["unfinished"] is not None:
        lines += unfinished_text(status["unfinished"], status["cell"]).split("\n")
    lines.append("devices")
    lines += table(
        (
            (
                device["name"],
                "emulated" if device["emulated"] else "real",
                device["condition"],
                device["driver"],
                device["link"],
                ". ".join(filter(None, (device["text"], device["hint"]))),
            )
            for device in status["devices"]
        ),
        indent="  ",
    )
    if status["stations"]:
        lines.append("stations")
        lines += table(((s["name"], _fill(s), "full" if s["full"] else "") for s in status["stations"]), indent="  ")
    lines.append(f"legal    {', '.join(status['legal'])}")
    return lines


def _waits(step: Mapping[str, Any]) -> str:
    return f"  waits for {step['waits_for']}" if step.get("waits_for") else ""


def _fill(station: Mapping[str, Any]) -> str:
    return f"{station['count']}" if station["capacity"] is None else f"{station['count']} of {station['capacity']}"
