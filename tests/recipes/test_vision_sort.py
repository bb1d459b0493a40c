"""The flagship recipe in virtual time, through the same drivers and framing as on real wires."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellctl.emulation.virtual_time import run_virtual
from cellctl.testing.virtual_cell import virtual_cell

RECIPE = Path(__file__).parents[2] / "recipes" / "vision_sort"
PARTS = 20


@pytest.mark.parametrize("seed", range(1, 51))
def test_every_part_of_a_seed_is_sorted(seed: int) -> None:
    async def story() -> None:
        async with virtual_cell(RECIPE, seed=seed, parameters={"batch": PARTS}) as cell:
            await cell.start()
            assert await cell.reaches("Complete", "Held", "Suspended", "Aborted", "Stopped") == "Complete"
            report, counts = cell.plant.report(), cell.status().counts
            assert (report["wrong"], report["dropped"], report["missed"], report["collisions"]) == (0, 0, 0, 0)
            assert report["placed_good"] + report["placed_reject"] == PARTS
            # What the controller believes agrees with what has happened.
            assert counts["seen"] == counts["placed"] + counts["rejected"] + counts["dropped"] + counts["missed"]
            assert (counts["placed"], counts["rejected"]) == (report["placed_good"], report["placed_reject"])

    run_virtual(story())
