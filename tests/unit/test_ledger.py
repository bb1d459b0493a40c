"""Parts: what becomes of them, and that the counters always add up."""

from __future__ import annotations

import json
import random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cellctl import clock
from cellctl.controller import ledger as ledger_module
from cellctl.controller.cursor import PartRef
from cellctl.controller.holding import gripped
from cellctl.controller.ledger import ENDS, Ledger, Part, StationFull
from cellctl.controller.values import RunValues
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import UsageError
from cellctl.motion.pose import Pose
from cellctl.recipe.cell import Station
from cellctl.recipe.expressions import EvaluationError
from cellctl.recipe.program import Do, Mark, PartEffect, PartSpec, Region

STATIONS = {
    "infeed": Station("infeed", on="belt"),
    "good": Station("good", slots=(Pose(), Pose(1.0), Pose(2.0))),
    "bin": Station("bin", capacity=2),
    "floor": Station("floor"),
}
SPEC = PartSpec(mass=0.25, width=0.038, tolerance=0.002)
GOOD = {"good": True, "readable": True, "code": "A1", "pose": Pose(0.4)}


def virtually(story: Any) -> None:
    async def main() -> None:
        told: list[tuple[int, str, str]] = []
        made = Ledger(STATIONS, lambda part: told.append((part.id, part.where(), part.fate)))
        made.begin("run 1")
        story(made, told)

    run_virtual(main())


def test_a_part_from_the_infeed_to_a_slot() -> None:
    def story(ledger: Ledger, told: list[Any]) -> None:
        part = ledger.see("infeed", GOOD, SPEC)
        assert (part.width, part.mass, part.tolerance, part.pose) == (0.038, 0.25, 0.002, Pose(0.4))
        ledger.hold(part, "hand")
        assert ledger.in_hand() == [part] and ledger.tell_where() == "part 1 is in the hand (hand)"
        ledger.put(part, "good")
        assert told == [(1, "infeed", "seen"), (1, "hand", "held"), (1, "good[1]", "placed")]
        assert (ledger.count("good"), ledger.next_slot("good"), ledger.full("good")) == (1, 1, False)
        json.dumps(ledger.to_json())

    virtually(story)


@pytest.mark.parametrize(
    ("seen", "fate"),
    [(GOOD, "placed"), ({**GOOD, "good": False}, "rejected"),
     ({**GOOD, "readable": False}, "rejected"), ({}, "rejected")],
)  # fmt: skip
def test_the_parts_own_quality_decides_between_placed_and_rejected(seen: dict[str, Any], fate: str) -> None:
    def story(ledger: Ledger, told: list[Any]) -> None:
        part = ledger.see("infeed", seen, SPEC)
        ledger.put(part, "bin")
        assert part.fate == fate

    virtually(story)


def test_a_full_station_says_how_many_and_what_to_do() -> None:
    def story(ledger: Ledger, told: list[Any]) -> None:
        for _ in range(2):
            ledger.put(ledger.see("infeed", GOOD, SPEC), "bin")
        assert ledger.full("bin")
        with pytest.raises(StationFull, match=r"bin is full: 2 of 2.*cellctl empty bin"):
            ledger.put(ledger.see("infeed", GOOD, SPEC), "bin")
        assert ledger.empty("bin") == 2 and ledger.count("bin") == 0
        assert ledger.counts()["placed"] == 2, "what was placed stays placed"
        with pytest.raises(UsageError, match="no station is called 'bun'"):
            ledger.empty("bun")

    virtually(story)


def test_an_end_is_an_end() -> None:
    def story(ledger: Ledger, told: list[Any]) -> None:
        part = ledger.see("infeed", GOOD, SPEC)
        ledger.end(part, "missed")
        ledger.end(part, "dropped")
        assert (part.fate, ledger.counts()["missed"], ledger.counts()["dropped"]) == ("missed", 1, 0)

    virtually(story)


def test_a_new_run_counts_from_zero_and_the_stations_stay_as_they_are() -> None:
    def story(ledger: Ledger, told: list[Any]) -> None:
        ledger.put(ledger.see("infeed", GOOD, SPEC), "good")
        held = ledger.see("infeed", GOOD, SPEC)
        ledger.hold(held, "hand")
        ledger.begin("run 2")
        assert set(ledger.counts().values()) == {0}
        assert ledger.count("good") == 1 and ledger.in_hand() == [held]
        ledger.end(held, "removed")
        assert set(ledger.counts().values()) == {0}, "it belongs to the run before"

    virtually(story)


def test_a_long_run_keeps_a_bounded_number_of_parts_and_every_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "KEPT", 10)

    def story(ledger: Ledger, told: list[Any]) -> None:
        for number in range(1, 2001):
            part = ledger.see("infeed", {**GOOD, "good": number % 4 > 0}, SPEC)
            ledger.hold(part, "hand")
            ledger.put(part, "floor")
            assert len(ledger.parts) <= 21, "parts that lie where there is room for any number are forgotten too"
        assert ledger.counts()["placed"] == 1500 and ledger.counts()["rejected"] == 500
        assert ledger.count("floor") == ledger.next_slot("floor") == 2000
        assert ledger.find(1) is None and ledger.find(2000) is part
        assert ledger.empty("floor") == 2000 and ledger.count("floor") == 0
        assert part.place == "taken out of floor"

    virtually(story)


def test_a_variable_may_stand_for_a_part_that_is_forgotten() -> None:
    holds = PartEffect(verb="holds", part="part")
    step = Do(
        address="s/1", text="", mark=Mark("r.yaml", 1, 1), region="s", role="hand", device="hand", capability="gripper",
        action="close", arguments={}, moves=True, effect=holds,
    )  # fmt: skip
    region = Region("s", "s/1", "retreat", "finish")

    def story(ledger: Ledger, told: list[Any]) -> None:
        variables: dict[str, Any] = {"part": PartRef(7)}
        values = RunValues(cast("Any", None), {}, cast("Any", None), ledger, variables)
        with pytest.raises(EvaluationError, match="part 7, which ended so long ago"):
            values.part("part")
        with pytest.raises(EvaluationError, match="part 7, which ended so long ago"):
            values.lookup("part", "good")
        desk = SimpleNamespace(
            program=SimpleNamespace(steps={"s/1": step}, regions={"s": region}),
            ledger=ledger,
            position=SimpleNamespace(variables=variables),
        )
        assert not gripped(cast("Any", desk), region)

    virtually(story)


def test_the_cycle_time_is_of_the_last_thousand() -> None:
    async def main() -> None:
        ledger = Ledger(STATIONS, lambda part: None)
        ledger.begin("run 1")
        for seconds in (9.0,) * 1500 + (4.0,) * 1000:
            await clock.sleep(seconds)
            ledger.put(ledger.see("infeed", GOOD, SPEC), "floor")
        assert ledger.cycle_time() == pytest.approx(4.0)

    run_virtual(main())


@pytest.mark.parametrize("seed", range(20))
def test_the_counters_add_up_whatever_happens(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "KEPT", 10)

    def story(ledger: Ledger, told: list[Any]) -> None:
        chance = random.Random(seed)
        open_parts: list[Part] = []
        for _ in range(300):
            what = chance.choice(["see", "hold", "put", "end", "empty"])
            if what == "see" or not open_parts:
                open_parts.append(ledger.see("infeed", {**GOOD, "good": chance.random() < 0.8}, SPEC))
            elif what == "hold":
                ledger.hold(chance.choice(open_parts), "hand")
            elif what == "put":
                ledger.put(open_parts.pop(chance.randrange(len(open_parts))), "floor")
            elif what == "end":
                ledger.end(open_parts.pop(chance.randrange(len(open_parts))), chance.choice(ENDS[2:]))
            else:
                ledger.empty("floor")
            counts = ledger.counts()
            assert counts["seen"] == sum(counts[end] for end in (*ENDS, "in_hand", "waiting"))
            assert counts["in_hand"] + counts["waiting"] == len(open_parts)
            assert counts["handled"] == counts["placed"] + counts["rejected"]

    virtually(story)
