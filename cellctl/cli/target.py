"""Which cell a command means: ``--cell NAME|PATH``, or the only one that runs."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

from cellctl.door.client import Client
from cellctl.door.place import EMULATED, Place, state_directory
from cellctl.errors import NoController, UsageError


def add_cell_option(parser: argparse.ArgumentParser) -> None:
    """The option by which every client verb names its cell."""
    parser.add_argument("--cell", metavar="NAME|PATH", default="", help="which cell; not needed where only one runs")


def connect(cell: str) -> Client:
    """The door of the cell that is meant. Raises NoController, or UsageError where several run."""
    return Client.connect(running_place(cell))


def running_place(cell: str) -> Place:
    """The cell that is meant and has a controller. Raises NoController or UsageError."""
    running = [place for place in places() if is_running(place)]
    found = [place for place in running if _meant(place, cell)] if cell else running
    exact = [place for place in found if place.name == cell]
    if len(exact or found) == 1:
        return (exact or found)[0]
    names = ", ".join(place.name for place in running)
    if found:
        raise UsageError(f"several cells run: {names}", hint="Say which one: --cell NAME")
    hint = f"These run: {names}" if running else "Start one: cellctl run PATH"
    raise NoController(f"no controller runs {f'the cell {cell!r}' if cell else 'any cell'}", hint=hint)


def known_place(cell: str) -> Place:
    """The cell that is meant, running or not: the only one that runs, else the only one with a journal."""
    try:
        return running_place(cell)
    except NoController:
        pass
    known = [place for place in places() if place.journal.exists() and (not cell or _meant(place, cell))]
    exact = [place for place in known if place.name == cell]
    if len(exact or known) == 1:
        return (exact or known)[0]
    if not known:
        raise UsageError(f"there is no journal of {f'a cell {cell!r}' if cell else 'any cell'} in {state_directory()}")
    raise UsageError(f"there are journals of {', '.join(place.name for place in known)}", hint="Say which: --cell NAME")


def places() -> list[Place]:
    """Every cell that has had a controller here."""
    directory = state_directory()
    found: list[Place] = []
    if directory.is_dir():
        for entry in sorted(directory.iterdir()):
            if entry.is_dir() and (entry / "lock").exists():
                with contextlib.suppress(UsageError):  # a directory of something else
                    found.append(Place(entry.name, directory))
    return found


def is_running(place: Place) -> bool:
    """Whether a controller answers at the cell's door."""
    try:
        Client.connect(place).close()
    except NoController:
        return False
    return True


def _meant(place: Place, cell: str) -> bool:
    if cell in (place.name, place.name.removesuffix(EMULATED)):
        return True
    path = Path(cell)
    directory = path if path.is_dir() else path.parent
    return ("/" in cell or path.exists()) and place.about().get("path") == str(directory.resolve())
