"""Virtual time: how many seconds of the flagship cell pass in one second, everything in one loop."""

from __future__ import annotations

import time

from benchmarks.report import Row, median
from cellctl import clock
from cellctl.emulation.virtual_time import run_virtual
from cellctl.testing.virtual_cell import virtual_cell

PARTS, ROUNDS = 20, 3


async def _one(seed: int) -> float:
    async with virtual_cell("recipes/vision_sort", seed=seed, parameters={"batch": PARTS}) as cell:
        begun, virtual = time.perf_counter(), clock.now()
        await cell.start()
        await cell.reaches("Complete")
        return (clock.now() - virtual) / (time.perf_counter() - begun)


def rows() -> list[Row]:
    """The median over seeds."""
    return [Row("virtual seconds a second", median(run_virtual(_one(seed)) for seed in range(1, 1 + ROUNDS)), "s/s")]
