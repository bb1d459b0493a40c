"""A whole cell in one loop: emulated devices, real drivers and framing, the controller. For virtual time.

async def story():
    async with virtual_cell("recipes/vision_sort", seed=3, parameters={"batch": 5}) as cell:
        await cell.start()
        await cell.reaches("Complete")
        assert cell.plant.report()["wrong"] == 0

run_virtual(story())
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path
from typing import Any

from cellctl.controller import Controller
from cellctl.controller.build import make_devices
from cellctl.emulation.plant import SortingPlant
from cellctl.emulation.serve import Emulation, emulate
from cellctl.errors import CommandRefused
from cellctl.events import Event, Status
from cellctl.journal import Journal, MemoryStore, open_journal
from cellctl.journal.store import Store
from cellctl.links import Links, MemoryNetwork, Network
from cellctl.recipe import check, load_cell, load_recipe

BY = "a person"


class VirtualCell:
    """Made by ``virtual_cell``: the controller runs, Stopped, its devices connecting."""

    def __init__(self, controller: Controller, emulation: Emulation, journal: Journal) -> None:
        self.controller = controller
        self.emulation = emulation
        self.journal = journal
        self.events: list[Event] = []
        self._changed = asyncio.Event()
        controller.subscribe(self._on_event)

    @property
    def plant(self) -> SortingPlant:
        """The world behind the emulators."""
        assert isinstance(self.emulation.plant, SortingPlant), "the cell has no plant file"
        return self.emulation.plant

    @property
    def state(self) -> str:
        """The unit machine's state."""
        return self.controller.state

    def status(self) -> Status:
        """The controller's status."""
        return self.controller.status()

    async def command(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Give a command as a person. Raises CommandRefused."""
        return await self.controller.command(name, arguments, BY)

    async def start(self, *, within: float = 60.0) -> None:
        """Reset and start, as a person does once every device answers."""
        await self.connected(within=within)
        await self.command("reset")
        await self.reaches("Idle", within=within)
        await self.command("start")

    async def connected(self, *, within: float = 60.0) -> None:
        """Wait until no device is offline."""
        await self.until(
            lambda: all(device["condition"] != "offline" for device in self.status().devices), within, "every device"
        )

    async def reaches(self, *states: str, within: float = 600.0) -> str:
        """Wait until the machine is in one of ``states``; which one."""
        await self.until(lambda: self.state in states, within, " or ".join(states))
        return self.state

    async def until(self, condition: Callable[[], bool], within: float, what: str) -> None:
        """Wait, looking at each event, until ``condition()``. Raises AssertionError after ``within`` s."""
        try:
            async with asyncio.timeout(within):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"{what} did not come within {within:g} s: {self.status()}") from None

    def _on_event(self, event: Event) -> None:
        self.events.append(event)
        self._changed.set()


@contextlib.asynccontextmanager
async def virtual_cell(
    directory: str | Path,
    *,
    seed: int = 1,
    parameters: Mapping[str, Any] | None = None,
    bindings: Mapping[str, str] | None = None,
    store: Store | None = None,
    network: Network | None = None,
) -> AsyncGenerator[VirtualCell]:
    """The cell in ``directory`` with its recipe and its plant, everything emulated in this loop.

    ``store`` keeps the journal (in memory unless given), ``network`` carries the wires. Both may be wrapped, to fail.
    """
    folder = Path(directory)
    network = network or MemoryNetwork()
    bare = load_cell(folder / "cell.yaml", [])
    entries = {name: (device.driver, device.config) for name, device in bare.devices.items()}
    async with contextlib.AsyncExitStack() as stack:
        emulation = await emulate(entries, folder / "plant.yaml", network, seed=seed)
        stack.push_async_callback(emulation.aclose)
        cell = load_cell(folder / "cell.yaml", [emulation.overlay])
        program = check(cell, load_recipe(folder / "recipe.yaml"), bindings=bindings or {}, parameters=parameters or {})
        links = Links(network)
        stack.push_async_callback(links.aclose)
        journal = await open_journal(store or MemoryStore())
        stack.push_async_callback(journal.aclose)
        controller = Controller(cell, program, make_devices(cell, links), journal)
        running = asyncio.create_task(controller.run(), name="controller")
        stack.push_async_callback(_end, controller, running)
        yield VirtualCell(controller, emulation, journal)


async def _end(controller: Controller, running: asyncio.Task[None]) -> None:
    if not running.done():
        with contextlib.suppress(CommandRefused):
            await controller.command("shutdown", {}, BY)
    await running
