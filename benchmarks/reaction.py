"""How fast the controller reacts, on real sockets and ptys: what comes in by one wire, and what goes out by another.

The emulated devices run in another process. A wrapped network stamps every frame as it passes.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.report import Row, median, percentile
from cellctl.controller import Controller
from cellctl.controller.build import make_devices
from cellctl.events import Event, SignalChanged
from cellctl.journal import SqliteStore, open_journal
from cellctl.links import (
    Address,
    ByteStream,
    Handler,
    Links,
    Listener,
    Network,
    SerialAddress,
    SystemNetwork,
    TcpAddress,
)
from cellctl.recipe import check, load_cell, load_recipe

FOLDER = Path("recipes/vision_sort")
PARTS, ABORTS = 8, 9
PERMIT, STOP = 129, 131  # the arm's registers: general purpose, see the driver's mailbox
WRITE_MANY, WRITE_ONE = 16, 6


class _Tapped:
    """A stream that remembers when it last received, and when it sent what."""

    def __init__(self, inner: ByteStream, address: Address, tap: Tap) -> None:
        self._inner, self._address, self._tap = inner, address, tap

    async def receive(self) -> bytes:
        data = await self._inner.receive()
        self._tap.received[self._address] = time.perf_counter()
        return data

    async def send(self, data: bytes) -> None:
        self._tap.sent.append((time.perf_counter(), self._address, data))
        await self._inner.send(data)

    def drain(self) -> bytes:
        return self._inner.drain()

    async def aclose(self) -> None:
        await self._inner.aclose()


class Tap:
    """A network that stamps what passes."""

    def __init__(self, inner: Network) -> None:
        self._inner = inner
        self.received: dict[Address, float] = {}
        self.sent: list[tuple[float, Address, bytes]] = []

    async def connect(self, address: Address) -> ByteStream:
        return _Tapped(await self._inner.connect(address), address, self)

    async def listen(self, address: Address, handler: Handler) -> Listener:
        return await self._inner.listen(address, handler)

    def first_after(self, moment: float, wanted: Callable[[Address, bytes], bool]) -> float | None:
        """When the first wanted frame after ``moment`` was sent."""
        return next((at for at, address, data in self.sent if at > moment and wanted(address, data)), None)


def _belt_write(address: Address, data: bytes) -> bool:
    return isinstance(address, SerialAddress) and len(data) > 1 and data[0] == 2 and data[1] in (WRITE_ONE, WRITE_MANY)


def _arm_stop(address: Address, data: bytes) -> bool:
    if not isinstance(address, TcpAddress) or len(data) < 12 or data[7] not in (WRITE_ONE, WRITE_MANY):
        return False
    return PERMIT <= int.from_bytes(data[8:10], "big") <= STOP


class Bench:
    """A cell in this process, its emulated devices in another."""

    def __init__(self, controller: Controller, tap: Tap) -> None:
        self.controller, self.tap = controller, tap
        self.seen: list[float] = []  # when the frame came that told of a part
        self._event = asyncio.Event()
        controller.subscribe(self._on_event)

    async def _next_event(self) -> None:
        self._event.clear()
        await self._event.wait()

    def _on_event(self, event: Event) -> None:
        self._event.set()
        if isinstance(event, SignalChanged) and event.name == "part_eye" and event.value is True:
            self.seen.append(max(at for address, at in self.tap.received.items() if isinstance(address, TcpAddress)))

    async def reach(self, *states: str) -> None:
        while self.controller.status().state not in states:
            await self._next_event()

    async def command(self, name: str) -> None:
        await self.controller.command(name, {}, "bench")

    async def start(self) -> None:
        while any(device["condition"] == "offline" for device in self.controller.status().devices):
            await self._next_event()
        await self.command("reset")
        await self.reach("Idle")
        await self.command("start")
        await self.reach("Execute")

    async def changes(self) -> list[float]:
        """From the frame that told of a part to the belt's next command, in s."""
        await self.start()
        await self.reach("Complete")
        ends = [self.tap.first_after(moment, _belt_write) for moment in self.seen]
        return [end - moment for moment, end in zip(self.seen, ends, strict=True) if end and end - moment < 0.5]

    async def aborts(self) -> list[float]:
        """From the command Abort to the arm's stop on the wire, in s."""
        samples = []
        for index in range(ABORTS):
            await self.start()
            await asyncio.sleep(0.5 + 0.13 * index)  # the arm is on its way
            asked = time.perf_counter()
            await self.command("abort")
            await self.reach("Aborted")
            sent = self.tap.first_after(asked, _arm_stop)
            assert sent is not None
            samples.append(sent - asked)
            await self.command("clear")
            await self.reach("Stopped")
        return samples


async def _measure(overlay: dict[str, object], store: Path) -> list[Row]:
    tap = Tap(SystemNetwork())
    links = Links(tap)
    cell = load_cell(FOLDER / "cell.yaml", [overlay])
    program = check(cell, load_recipe(FOLDER / "recipe.yaml"), parameters={"batch": PARTS})
    journal = await open_journal(SqliteStore(store))
    controller = Controller(cell, program, make_devices(cell, links), journal)
    running = asyncio.create_task(controller.run())
    bench = Bench(controller, tap)
    changes = await bench.changes()
    aborts = await bench.aborts()
    await bench.command("shutdown")
    await running
    await journal.aclose()
    await links.aclose()
    return [
        Row("part seen to belt command on the wire, journal included", median(changes) * 1e3, "ms"),
        Row("part seen to belt command on the wire, worst of the run", max(changes) * 1e3, "ms"),
        Row("Abort to stop on the arm's wire", median(aborts) * 1e3, "ms"),
        Row("Abort to stop on the arm's wire, p90", percentile(aborts, 0.9) * 1e3, "ms"),
    ]


def rows() -> list[Row]:
    """Real time, about two minutes."""
    words = [sys.executable, "-m", "cellctl.emulation", str(FOLDER), "--seed", "7"]
    with (
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as emulator,
        tempfile.TemporaryDirectory(dir=Path.cwd()) as folder,
    ):
        assert emulator.stdout is not None
        overlay = json.loads(emulator.stdout.readline())["overlay"]
        try:
            return asyncio.run(_measure(overlay, Path(folder, "journal.db")))
        finally:
            emulator.terminate()
