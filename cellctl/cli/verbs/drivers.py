"""Drivers register under the entry-point group ``cellctl.drivers``; a cell file names them."""

from __future__ import annotations

import argparse

from cellctl.cli import exits
from cellctl.cli.output import say, table, tell, tell_json


def configure(parser: argparse.ArgumentParser) -> None:
    """In which form."""
    parser.add_argument("--json", action="store_true", help="JSON lines")


def run(arguments: argparse.Namespace) -> int:
    """Import each, and say what it is for. One that cannot be imported does not hide the others."""
    from cellctl.devices.registry import driver_names, find_driver

    rows: list[dict[str, str]] = []
    broken = False
    for name, point in sorted(driver_names().items()):
        package = point.dist.name if point.dist is not None else ""
        try:
            driver = find_driver(name)
        except Exception as error:  # a driver of somebody else's: whatever is wrong in it is told here
            say(f"cellctl: driver {name} ({point.value}) cannot be used: {error!r}")
            broken = True
            continue
        rows.append({"driver": name, "capability": driver.capability, "title": driver.title, "package": package})
    if arguments.json:
        for row in rows:
            tell_json(row)
    else:
        for line in table(tuple(row.values()) for row in rows):
            tell(line)
    return exits.FAILED if broken else exits.OK
