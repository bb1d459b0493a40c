"""What the journal has of signals: those that interlocks depend on, each change of a switch, only edges of a number."""

from __future__ import annotations

import json

from controller_world import bench, make_cell

from cellctl.emulation.virtual_time import run_virtual
from cellctl.recipe.cell import CellSignal, Interlock
from cellctl.recipe.expressions import parse


def test_of_a_number_in_an_interlock_only_the_edges_of_its_condition_are_recorded() -> None:
    signals = {
        "current": CellSignal("current", "belt", "current"),
        "guard": CellSignal("guard", "arm", "di1"),
        "speed": CellSignal("speed", "belt", "velocity"),
    }
    interlocks = (
        Interlock("overload", parse("current > 4.0"), "hold"),
        Interlock("guard_open", parse("not guard"), "hold"),
    )

    async def main() -> None:
        async with bench(make_cell(signals=signals, interlocks=interlocks)) as b:
            before = len(b.of("signal")) + 1
            b.store.records.clear()
            b.belt.publish("current", 0.5)  # its first value
            for sample in range(1000):
                b.belt.publish("current", 1.0 + sample / 1000)
                b.belt.publish("velocity", sample / 1000)
            for value in (4.5, 4.6, 4.7, 1.0, 1.1):
                b.belt.publish("current", value)
            for value in (False, True):
                b.arm.publish("di1", value)
            assert len(b.of("signal")) == 2007 + before, "whoever looks is told of every change"
        told = [json.loads(record.data) for record in b.store.records if record.kind == "signal"]
        assert [(each["name"], each["value"]) for each in told] == [
            ("current", 0.5), ("current", 4.5), ("current", 1.0), ("guard", False), ("guard", True),
        ]  # fmt: skip

    run_virtual(main())
