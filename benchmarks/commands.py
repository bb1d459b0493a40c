"""What a technician waits for: ``--help``, the start of a run; and what the controller holds in memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import Row, median

RECIPE = "recipes/vision_sort"
CELLCTL = [sys.executable, "-m", "cellctl"]
ROUNDS = 15


def _seconds(words: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _help() -> Row:
    pairs = [(_seconds([*CELLCTL, "--help"]), _seconds([sys.executable, "-c", "pass"])) for _ in range(ROUNDS)]
    ours, bare = (median(column) for column in zip(*pairs, strict=True))
    return Row("cellctl --help after the interpreter's start", (ours - bare) * 1e3, "ms")


def _run() -> list[Row]:
    """From the command to the recipe's first step, and the controller's memory then."""
    with tempfile.TemporaryDirectory() as state:
        env = {**os.environ, "CELLCTL_STATE": state}
        start = time.perf_counter()
        made = subprocess.Popen(
            [*CELLCTL, "run", RECIPE, "--emulate"],
            env=env,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert made.stderr is not None
        attached = 0.0
        for line in made.stderr:
            attached = attached or time.perf_counter() - start
            if line.rstrip().endswith("Execute"):
                break
        executing = time.perf_counter() - start
        status = subprocess.run([*CELLCTL, "status", "--json"], env=env, check=True, capture_output=True, text=True)
        memory = _resident(json.loads(status.stdout)["pid"])
        made.terminate()
        made.communicate()
    return [
        Row("run: command to attached, emulated", attached, "s"),
        Row("run: command to Execute, power-up of the emulated arm included", executing, "s"),
        Row("controller, resident memory", memory, "MiB"),
    ]


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def rows() -> list[Row]:
    """All of them."""
    return [_help(), *_run()]
