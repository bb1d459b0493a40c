"""A whole cell in virtual time on which things go wrong: its wires can fail, and what moves can be asked."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cellctl import clock
from cellctl.errors import CommandRefused
from cellctl.journal.store import Store
from cellctl.links import Address, Handler, Listener, MemoryNetwork, TcpAddress, parse_address
from cellctl.testing.faults import Fault, FaultyNetwork, FaultyStream
from cellctl.testing.virtual_cell import VirtualCell, virtual_cell

RECIPE = Path(__file__).parents[2] / "recipes" / "vision_sort"
SAME = 1e-6  # m and rad
LOOK_AGAIN = 0.1  # s

#: Step addresses of the flagship recipe, as stories name them.
READY = "approach"
RUN_BELT, AWAIT, HALT = "sort/feed/1/1/1", "sort/feed/1/1/2", "sort/feed/1/1/3"
LOOK = "sort/look"
OPEN, ABOVE, DOWN, GRIP, LIFT = (f"sort/pick/{step}" for step in ("open", "above", "down", "grip", "lift"))
PLACE_ABOVE, PLACE_DOWN, PLACE_OPEN, PLACE_UP = (
    f"sort/deliver/place/1/1/1/{step}" for step in ("above", "down", "open", "up")
)
NEXT_BELT, NEXT_AWAIT, NEXT_HALT = (f"sort/deliver/feed/1/1/1/1/1/{step}" for step in (1, 2, 3))


class Wires:
    """A network in memory on which each address has faults of its own."""

    def __init__(self) -> None:
        self._inner = MemoryNetwork()
        self._lines: dict[object, FaultyNetwork] = {}

    def at(self, address: Address) -> FaultyNetwork:
        """The line to an address, with its faults."""
        key = (address.host, address.port) if isinstance(address, TcpAddress) else address.path
        return self._lines.setdefault(key, FaultyNetwork(self._inner))

    async def connect(self, address: Address) -> FaultyStream:
        return await self.at(address).connect(address)

    async def listen(self, address: Address, handler: Handler) -> Listener:
        return await self._inner.listen(address, handler)


class BadDay:
    """Made by ``bad_day``: the cell, and what a story asks of it."""

    def __init__(self, cell: VirtualCell, wires: Wires) -> None:
        self.cell = cell
        self.plant = cell.plant
        self._wires = wires
        emulators = cell.emulation.emulators
        self.arm: Any = emulators["arm"].controller
        self.belt: Any = emulators["belt"]
        self.camera: Any = emulators["camera"]
        self.hand: Any = emulators["hand"]

    # -- what happens ------------------------------------------------------------------------

    def wire(self, device: str, fault: Fault) -> None:
        """From now on every line to the device fails so."""
        told = self.cell.emulation.overlay["devices"][device]
        link = parse_address(told["link"])
        ports = [value for name, value in told.items() if name.endswith("_port")]
        addresses: list[Address] = [link]
        if isinstance(link, TcpAddress) and ports:
            addresses = [TcpAddress(link.host, port) for port in ports]
        for address in addresses:
            self._wires.at(address).fault = fault

    async def at(self, address: str, after: float = 0.0, *, within: float = 60.0) -> None:
        """Wait until a step has begun (again), and some more seconds."""
        seen = len(self.cell.events)

        def begun() -> bool:
            told = [each.to_json() for each in self.cell.events[seen:]]
            return any(each.get("address") == address and each["phase"] in ("intent", "waiting") for each in told)

        await self.cell.until(begun, within, f"step {address}")
        await clock.sleep(after)

    async def give(self, name: str, **arguments: Any) -> dict[str, Any]:
        """A person's command."""
        return await self.cell.command(name, **arguments)

    async def answer(self, choice: str, *, within: float = 30.0) -> str:
        """Answer the first open question, once there is one; its text."""
        await self.cell.until(lambda: bool(self.questions), within, "a question")
        question = self.questions[0]
        await self.give("answer", id=question["id"], choice=choice)
        return str(question["text"])

    async def goes_on(self) -> None:
        """Reset where that acknowledges something, Unhold, and the run comes to its end."""
        if "reset" in self.cell.status().legal:
            await self.reset_in_pause()
        await self.give("unhold")
        await self.ends_in("Complete")

    async def reset_in_pause(self) -> None:
        """Reset where that leads nowhere, and until the devices that were not ready are so, or have failed."""
        await self.give("reset")
        async with asyncio.timeout(150.0):
            await clock.sleep(LOOK_AGAIN)
            while self.status_of_reset():
                await clock.sleep(LOOK_AGAIN)

    def status_of_reset(self) -> list[str]:
        """What a Reset waits for."""
        return [step["waits_for"] for step in self.cell.status().steps if step["address"] == "(reset)"]

    async def reset_fails(self, match: str) -> None:
        """Reset is taken, and ends with a device that is not ready, as the last error says."""
        before = self.state
        await self.reset_in_pause()
        errors = [event.to_json() for event in self.cell.events]
        last = [each["text"] for each in errors if each["event"] == "note" and each["level"] == "error"][-1]
        assert re.search(match, last), last
        assert self.state == before

    async def ends_in(self, state: str, *, within: float = 120.0) -> None:
        """The next of the states in which a run rests is ``state``."""
        resting = ("Complete", "Held", "Suspended", "Aborted", "Stopped")
        found = await self.cell.reaches(*resting, within=within)
        assert found == state, f"{found}: {self.cause} {self.questions}"

    # -- what is so --------------------------------------------------------------------------

    @property
    def state(self) -> str:
        return self.cell.state

    @property
    def cause(self) -> dict[str, Any]:
        """The first-out cause."""
        return self.cell.status().cause or {}

    @property
    def questions(self) -> tuple[dict[str, Any], ...]:
        return self.cell.status().questions

    @property
    def counts(self) -> dict[str, int]:
        return self.cell.status().counts

    def device(self, name: str) -> dict[str, Any]:
        """A device as the status tells it."""
        return next(device for device in self.cell.status().devices if device["name"] == name)

    def notes(self) -> list[str]:
        """What was said beside all else."""
        told = [event.to_json() for event in self.cell.events]
        return [each["text"] for each in told if each["event"] == "note"]

    def moving(self) -> list[str]:
        """What really moves now."""
        found = {
            "arm": self.arm.arm.moving,
            "belt": self.belt.drive.rpm(clock.now()) != 0,
            "hand": self.hand.fingers.moving,
        }
        return [name for name, moves in found.items() if moves]

    async def stands(self, seconds: float = 2.0) -> None:
        """Nothing moves, now and for some time."""
        before = self._where()
        assert not self.moving()
        await clock.sleep(seconds)
        assert not self.moving()
        assert self._where() == pytest.approx(before, abs=SAME)

    def _where(self) -> dict[str, float]:
        places = {f"joint {index}": angle for index, angle in enumerate(self.arm.arm.joints())}
        places["fingers"] = self.hand.fingers.width
        places["belt"] = self.belt.drive.shaft.angle(clock.now())
        return places

    def books_agree(self, *, taken: int = 0) -> dict[str, Any]:
        """The controller's counts and what has really happened; ``taken`` by hand. Gives the plant's report."""
        report, counts = self.plant.report(), self.counts
        assert (report["wrong"], report["dropped"], report["missed"], report["collisions"]) == (0, 0, 0, 0), report
        assert (counts["placed"], counts["rejected"]) == (report["placed_good"], report["placed_reject"])
        ends = ("placed", "rejected", "dropped", "missed", "removed", "in_hand", "waiting")
        assert counts["seen"] == sum(counts[end] for end in ends)
        assert counts["in_hand"] == report["held"]
        assert report["taken"] == taken
        return report

    def done(self, batch: int = 2, *, taken: int = 0) -> None:
        """The run is complete, all parts of it where they belong."""
        assert self.state == "Complete"
        report = self.books_agree(taken=taken)
        assert report["placed_good"] + report["placed_reject"] == batch

    async def refused(self, name: str, match: str) -> CommandRefused:
        """The command is refused, and nothing comes of it."""
        before = self.state
        with pytest.raises(CommandRefused, match=match) as refusal:
            await self.give(name)
        assert self.state == before
        return refusal.value


@contextlib.asynccontextmanager
async def bad_day(
    *, batch: int = 2, seed: int = 3, store: Store | None = None, parameters: Mapping[str, Any] | None = None,
    recipe: Path = RECIPE,
) -> AsyncGenerator[BadDay]:  # fmt: skip
    """The flagship cell, Stopped and connecting, everything of it emulated in this loop."""
    wires = Wires()
    given = {"batch": batch, **(parameters or {})}
    async with virtual_cell(recipe, seed=seed, parameters=given, store=store, network=wires) as cell:
        yield BadDay(cell, wires)
