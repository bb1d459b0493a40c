"""The process of the emulated devices.

    python -m cellctl.emulation CELL_DIR [--only arm,belt] [--seed N] [--overlay FILE]…

It says one JSON line on stdout once it serves: ``{"overlay": {…}, "addresses": {…}}``. Where it cannot, it
says why on stderr and ends with status 1. Then it answers each line on stdin with one (see ``answers``).
It ends when its stdin closes, so that it does not outlive its parent, and on SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cellctl.emulation.answers import answer
from cellctl.emulation.overlay import addresses
from cellctl.emulation.serve import Emulation, Entries, emulate
from cellctl.errors import CellError
from cellctl.links import SystemNetwork
from cellctl.recipe import load_cell

MAX_LINE = 1 << 16


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until stdin closes or a signal comes; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m cellctl.emulation", description="Serve a cell's emulated devices.")
    parser.add_argument("cell", type=Path, help="directory of the cell, or its cell file")
    parser.add_argument("--only", help="devices to emulate, with commas between; all unless said")
    parser.add_argument("--seed", type=int, default=1, help="decides which parts come, and when")
    parser.add_argument("--overlay", type=Path, action="append", default=[], help="site overlay, after site.yaml")
    options = parser.parse_args(arguments)
    only = None if options.only is None else [name for name in options.only.split(",") if name]
    file: Path = options.cell / "cell.yaml" if options.cell.is_dir() else options.cell
    try:
        asyncio.run(_serve(file, _entries(file, options.overlay), only, options.seed))
    except CellError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before it served
        return 1
    return 0


def _entries(file: Path, overlays: Sequence[Path]) -> Entries:
    """The devices of the cell as its files have them: its site overlay, and then those that are named."""
    site = file.with_name("site.yaml")
    cell = load_cell(file, [site, *overlays] if site.exists() else overlays)
    return {name: (device.driver, device.config) for name, device in cell.devices.items()}


async def _serve(file: Path, entries: Entries, only: list[str] | None, seed: int) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    plant = file.with_name("plant.yaml")
    emulation = await emulate(entries, plant, SystemNetwork(), only=only, seed=seed)
    if not plant.exists():
        print(f"there is no plant file, so every input is off and nothing is met. Write {plant}", file=sys.stderr)
    try:
        _say({"overlay": emulation.overlay, "addresses": addresses(emulation.overlay)})
        await _answer(emulation, ended)
    finally:
        await emulation.aclose()


async def _answer(emulation: Emulation, ended: asyncio.Event) -> None:
    """Answer lines until there are no more, or until a signal."""
    lines = asyncio.create_task(_lines(emulation), name="stdin")
    lines.add_done_callback(lambda _: ended.set())
    try:
        await ended.wait()
    finally:
        lines.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await lines


async def _lines(emulation: Emulation) -> None:
    reader = asyncio.StreamReader(limit=MAX_LINE)
    try:
        pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
    except (ValueError, OSError):  # a file or /dev/null: there is no parent whose end could be noticed
        await asyncio.Event().wait()
        return
    try:
        while line := await reader.readline():
            _say(answer(emulation, line.decode(errors="replace").strip()))
    except ValueError:  # a line over the limit
        _say({"error": f"a line is longer than {MAX_LINE} bytes"})
    finally:
        pipe.close()


def _say(message: Any) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    sys.exit(main())
