"""Hold and Unhold at every 50 ms of a pick cycle: nothing falls, nothing is hit, no part is lost from the books."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellctl import clock
from cellctl.emulation.virtual_time import run_virtual
from cellctl.testing.virtual_cell import VirtualCell, virtual_cell

RECIPE = Path(__file__).parents[2] / "recipes" / "vision_sort"
STEP = 0.05  # s
CYCLE = 8.0  # s from the first look to the next one, and some more
AT_ONCE = 8  # offsets a test: fewer, longer tests
REST = 1.0  # s that the cell is left held


async def _begin_of_cycle(cell: VirtualCell) -> None:
    def looked() -> bool:
        return any(event.kind == "part" for event in cell.events)

    await cell.start()
    await cell.until(looked, 60.0, "the first part")


async def _hold_at(offset: float, seed: int) -> None:
    async with virtual_cell(RECIPE, seed=seed, parameters={"batch": 2}) as cell:
        await _begin_of_cycle(cell)
        await clock.sleep(offset)
        await cell.command("hold")
        await cell.reaches("Held", within=30.0)
        await clock.sleep(REST)
        assert cell.state == "Held"
        await cell.command("unhold")
        where = f"held at {offset:.2f} s"
        assert await cell.reaches("Complete", "Held", "Aborted", "Stopped", within=120.0) == "Complete", where
        report, counts = cell.plant.report(), cell.status().counts
        assert (report["wrong"], report["dropped"], report["missed"], report["collisions"]) == (0, 0, 0, 0), where
        assert report["placed_good"] + report["placed_reject"] == 2, where
        assert counts["seen"] == counts["placed"] + counts["rejected"] == 2, where


@pytest.mark.parametrize("first", range(0, int(CYCLE / STEP), AT_ONCE))
def test_hold_and_unhold_lose_nothing(first: int) -> None:
    for index in range(first, first + AT_ONCE):
        run_virtual(_hold_at(index * STEP, seed=5))
