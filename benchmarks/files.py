"""How long ``check`` takes on a recipe of 2,000 lines, YAML and all."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.report import Row, median
from cellctl.recipe import check, load_cell, load_recipe

CELL = Path("recipes/vision_sort/cell.yaml")
HEAD = """recipe: long
version: 1
needs: {arm: robot, hand: gripper, camera: vision_station, belt: conveyor, ready: position}
parameters:
  slow: {type: angular_speed, default: 30 deg/s, min: 5 deg/s, max: 180 deg/s}
on_fault: {stopped: hold, unreachable: hold, not_reached: hold, stuck: ask, failed: ask, nothing_seen: hold}
procedure:
"""
STEP = """  - name: move_{0}
    do: arm.move
    to: ready
    speed: slow + {1} deg/s
    within: {2} s
    on_fault:
      stopped: {{retry: 2, while: not arm.moving, else: hold}}
      timeout: hold
"""
ROUNDS = 5


def rows() -> list[Row]:
    """The median of whole runs: cell file, recipe file, checks, program."""
    text = HEAD + "".join(STEP.format(index, index % 50, 5 + index % 20) for index in range(250))
    samples = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "recipe.yaml")
        path.write_text(text, encoding="utf-8")
        for _ in range(ROUNDS):
            start = time.perf_counter()
            check(load_cell(CELL, []), load_recipe(path))
            samples.append(time.perf_counter() - start)
    return [Row(f"check of {text.count(chr(10))} lines", median(samples), "s")]
