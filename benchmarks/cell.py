"""``make bench``: the cell's figures, each from this one run. Nothing else should run on the machine meanwhile."""

from __future__ import annotations

from pathlib import Path

from benchmarks import commands, files, reaction, records, shift, wire
from benchmarks.report import publish


def main() -> None:
    """Measure, print, write."""
    rows = [row for module in (wire, records, files, commands, shift, reaction) for row in module.rows()]
    publish(rows, Path("build/bench/cell.jsonl"))


if __name__ == "__main__":
    main()
