"""What lies in a station: a release that was cut short, and emptying while an arm is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellctl import clock
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import CommandRefused
from cellctl.testing.virtual_cell import VirtualCell, virtual_cell

RECIPE = Path(__file__).parents[2] / "recipes" / "vision_sort"


async def _release_begins(cell: VirtualCell) -> None:
    def begun() -> bool:
        return any(
            event.kind == "step"
            and event.to_json()["phase"] == "intent"
            and event.to_json()["address"].endswith("1/open")
            for event in cell.events
        )

    await cell.start()
    await cell.until(begun, 60.0, "the first release")


@pytest.mark.parametrize("command", ["stop", "abort"])
def test_a_part_whose_release_was_cut_short_can_be_said_to_lie_in_its_slot(command: str) -> None:
    async def story() -> None:
        async with virtual_cell(RECIPE, seed=5, parameters={"batch": 3}) as cell:
            await _release_begins(cell)
            await clock.sleep(0.15)
            await cell.command(command)
            if await cell.reaches("Stopped", "Aborted") == "Aborted":
                await cell.command("clear")
                await cell.reaches("Stopped")
            await cell.command("reset")
            await cell.until(lambda: bool(cell.status().questions), 60.0, "a question")
            (question,) = cell.status().questions
            await cell.command("answer", id=question["id"], choice="lies in the next slot of good")
            await cell.reaches("Idle")
            await cell.command("start")
            assert await cell.reaches("Complete", "Held", "Stopped", "Aborted") == "Complete"
            report = cell.plant.report()
            assert (report["wrong"], report["dropped"], report["missed"], report["collisions"]) == (0, 0, 0, 0)
            assert report["placed_good"] + report["placed_reject"] == 4

    run_virtual(story())


def test_a_station_is_not_emptied_under_a_moving_arm() -> None:
    async def story() -> None:
        async with virtual_cell(RECIPE, seed=5, parameters={"batch": 2}) as cell:
            await _release_begins(cell)
            with pytest.raises(CommandRefused, match="the cell is in Execute"):
                await cell.command("empty", station="good")
            await cell.command("hold")
            await cell.reaches("Held")
            with pytest.raises(CommandRefused, match="no slots"):
                await cell.command("empty", station="infeed")
            await cell.command("empty", station="good")
            cell.plant.empty("good")
            await cell.command("unhold")
            assert await cell.reaches("Complete", "Held", "Stopped", "Aborted") == "Complete"
            assert cell.plant.report()["collisions"] == 0

    run_virtual(story())
