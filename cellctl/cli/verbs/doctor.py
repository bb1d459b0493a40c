"""A running controller is asked; without one, each device of the cell at PATH is reached directly. Nothing moves
and nothing is written to a device. Exit code 5 where a device cannot work."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from cellctl.cli import exits
from cellctl.cli.output import say, tell, tell_json
from cellctl.cli.target import connect
from cellctl.door.options import Options
from cellctl.errors import NoController

_WITHIN = 30.0  # s for the running controller to ask all its devices


def configure(parser: argparse.ArgumentParser) -> None:
    """Which cell."""
    parser.add_argument("path", nargs="?", metavar="PATH", help="directory of the cell, where no controller runs it")
    parser.add_argument("--cell", metavar="NAME|PATH", default="", help="a cell that runs")
    parser.add_argument("--overlay", action="append", default=[], metavar="FILE", help="site overlay; may be repeated")
    parser.add_argument("--json", action="store_true", help="JSON lines, one a device")


def run(arguments: argparse.Namespace) -> int:
    """Examine each device and print what was found."""
    try:
        with connect(arguments.cell or arguments.path or "") as client:
            say(f"asked the controller that runs {client.name}")
            found = client.call("doctor", wait=_WITHIN)["devices"]
    except NoController:
        if not arguments.path:
            raise
        found = _examine_directly(Options(path=arguments.path, overlays=tuple(arguments.overlay)))
    for device in found:
        if arguments.json:
            tell_json(device)
        else:
            for line in device_lines(device):
                tell(line)
    return exits.DEVICE if any(device["error"] for device in found) else exits.OK


def device_lines(device: Mapping[str, Any]) -> list[str]:
    """What was found about a device, for people."""
    kind = "emulated" if device["emulated"] else "real"
    lines = [f"{device['device']}  {device['driver']}  {device['link']}  ({kind})"]
    if (who := device["identity"]) is not None:
        about = " ".join(filter(None, (who["vendor"], who["model"], who["firmware"])))
        lines.append(f"  is    {about}" + (f", serial {who['serial']}" if who["serial"] else ""))
    if (error := device["error"]) is not None:
        lines.append(f"  wrong {error['message']}")
        lines += [f"  try   {error['hint']}"] if error["hint"] else []
    else:
        lines.append("  ok")
    return lines


def _examine_directly(options: Options) -> list[dict[str, Any]]:
    import asyncio

    from cellctl.door.examination import examine_cell
    from cellctl.recipe import load_cell

    cell = load_cell(options.cell_file, options.overlay_files)
    return asyncio.run(examine_cell(cell))
