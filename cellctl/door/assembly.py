"""Building a controller from its options: files, lock, journal, links, devices, door, in that order."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellctl.door.emulator_process import EmulatorProcess
from cellctl.door.options import Options
from cellctl.door.place import EMULATED, Place
from cellctl.errors import CellError, JournalError, UsageError

if TYPE_CHECKING:
    from cellctl.controller import Controller
    from cellctl.door.server import DoorServer
    from cellctl.journal import WriterJournal
    from cellctl.journal.store import Store
    from cellctl.links import Network
    from cellctl.recipe.cell import Cell

log = logging.getLogger("controller")
LOG_LIMIT = 10_000_000  # bytes; then the log begins anew, and the old one is kept once


@dataclass(frozen=True, slots=True)
class Assembled:
    """A controller that is ready to run, its door still shut, and what its starter is told."""

    controller: Controller
    door: DoorServer
    about: dict[str, Any]


def _system_network() -> Network:
    from cellctl.links import SystemNetwork

    return SystemNetwork()


def _sqlite_store(path: Path) -> Store:
    from cellctl.journal import SqliteStore

    return SqliteStore(path)


@dataclass(frozen=True, slots=True)
class Factories:
    """What makes the wires and the journal's store: wrap them to capture, or to make them fail."""

    network: Callable[[], Network] = _system_network
    store: Callable[[Path], Store] = _sqlite_store


async def assemble(options: Options, stack: AsyncExitStack, factories: Factories | None = None) -> Assembled:
    """Build everything; ``stack`` closes it again. Raises CellError: nothing is left running then."""
    factories = factories or Factories()
    _ = options.cell_file, options.recipe_file  # what is missing is told before anything is started
    emulator = await _start_emulator(options, stack)

    # Imported here, while the emulated devices start in their process.
    from cellctl.controller import Controller
    from cellctl.controller.build import make_devices
    from cellctl.door.queries import Queries
    from cellctl.door.server import DoorServer
    from cellctl.links import Links
    from cellctl.recipe import check, load_recipe

    recipe = load_recipe(options.recipe_file)
    cell = await _load_cell(options, emulator)
    program = check(cell, recipe, bindings=options.bindings, parameters=options.parameters)
    place = _take_place(cell, options, stack)
    journal = await _open_journal(factories.store(place.journal), stack)
    links = Links(factories.network())
    stack.push_async_callback(links.aclose)
    devices = make_devices(cell, links)
    controller = Controller(cell, program, devices, journal)
    if emulator is not None:
        _watch(emulator, controller, stack)
    queries = Queries(controller, program, devices, emulator)
    door = DoorServer(controller, place, queries.by_name())
    stack.push_async_callback(door.aclose)
    about = {"cell": place.name, "pid": os.getpid(), "log": str(place.log), **await queries.program({}, "")}
    return Assembled(controller, door, about)


async def _start_emulator(options: Options, stack: AsyncExitStack) -> EmulatorProcess | None:
    if options.emulate is not None and not options.emulate:
        return None
    emulator = await EmulatorProcess.start(options.directory, options.emulate, options.seed, options.overlays)
    stack.push_async_callback(emulator.aclose)
    return emulator


def _watch(emulator: EmulatorProcess, controller: Controller, stack: AsyncExitStack) -> None:
    """Tell if the emulated devices end before the controller does."""

    async def watch() -> None:
        text = await emulator.ended()
        log.error("%s", text)
        controller.note("error", f"{text}. Stop, and start the controller again")

    task = asyncio.create_task(watch(), name="emulator's end")
    stack.callback(task.cancel)


async def _load_cell(options: Options, emulator: EmulatorProcess | None) -> Cell:
    """The cell with its overlays. Where the emulators fail too, an error in the files is the better word."""
    from cellctl.recipe import load_cell

    files: list[Any] = list(options.overlay_files)
    if emulator is None:
        return load_cell(options.cell_file, files)
    try:
        await emulator.ready()
    except CellError:
        _check_emulated(load_cell(options.cell_file, files), options)
        raise
    cell = load_cell(options.cell_file, [*files, emulator.overlay])
    _check_emulated(cell, options)
    return cell


def _check_emulated(cell: Cell, options: Options) -> None:
    if unknown := sorted(set(options.emulate or ()) - set(cell.devices)):
        hint = f"Its devices: {', '.join(cell.devices)}"
        raise UsageError(f"the cell has no device {', '.join(unknown)} that could be emulated", hint=hint)


def _take_place(cell: Cell, options: Options, stack: AsyncExitStack) -> Place:
    all_emulated = all(device.config.emulated for device in cell.devices.values())
    place = Place(cell.name + (EMULATED if all_emulated else ""))
    place.make()
    stack.callback(os.close, place.take({"path": str(options.directory.resolve())}))
    _log_to(place)
    return place


def _log_to(place: Place) -> None:
    """From here on stderr is the controller's log: the terminal may go away."""
    if place.log.exists() and place.log.stat().st_size > LOG_LIMIT:
        place.log.replace(place.log.with_suffix(".log.1"))
    descriptor = os.open(place.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    os.dup2(descriptor, 2)
    os.close(descriptor)


async def _open_journal(store: Store, stack: AsyncExitStack) -> WriterJournal:
    from cellctl.journal import open_journal

    journal = await open_journal(store)

    async def close() -> None:
        try:
            await journal.aclose()
        except JournalError as error:
            log.error("%s", error)
            for record in journal.pending:
                log.error("not in the journal: %s", record)

    stack.push_async_callback(close)
    return journal
