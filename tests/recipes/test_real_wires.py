"""The flagship recipe as a user runs it: processes, sockets, ptys, and the clock on the wall."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

RECIPE = Path(__file__).parents[2] / "recipes" / "vision_sort"
SEEDS, PARTS = (101, 102, 103), 20


def test_three_seeds_are_sorted_on_real_sockets_and_ptys(tmp_path: Path) -> None:
    cells = [
        subprocess.Popen(
            [sys.executable, "-m", "cellctl", "run", str(RECIPE), "--emulate", "--seed", str(seed), "--json"],
            env={**os.environ, "CELLCTL_STATE": str(tmp_path / str(seed))},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        for seed in SEEDS
    ]
    for seed, cell in zip(SEEDS, cells, strict=True):
        out, progress = cell.communicate(timeout=400)
        assert cell.returncode == 0, f"seed {seed}: {progress[-2000:]}"
        summary = json.loads(out)
        counts, plant = summary["counts"], summary["plant"]
        assert (plant["wrong"], plant["dropped"], plant["missed"], plant["collisions"]) == (0, 0, 0, 0), seed
        assert plant["placed_good"] + plant["placed_reject"] == PARTS, seed
        assert (counts["placed"], counts["rejected"]) == (plant["placed_good"], plant["placed_reject"]), seed
        assert counts["seen"] == PARTS, seed
