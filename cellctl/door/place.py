"""Where a controller keeps its things: one directory a cell, its owner's alone."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from cellctl.errors import CommandRefused, UsageError

#: Added to a cell's name where every device is emulated: its journal says nothing of the real cell.
EMULATED = ".emulated"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


def state_directory() -> Path:
    """``$CELLCTL_STATE``, else ``$XDG_STATE_HOME/cellctl``, else ``~/.local/state/cellctl``."""
    if own := os.environ.get("CELLCTL_STATE"):
        return Path(own)
    if shared := os.environ.get("XDG_STATE_HOME"):
        return Path(shared) / "cellctl"
    return Path.home() / ".local" / "state" / "cellctl"


class Place:
    """The directory of one cell: ``journal.db``, ``door.sock``, ``lock`` and ``controller.log``."""

    def __init__(self, name: str, state: Path | None = None) -> None:
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name!r} cannot be a cell's name", hint="Use letters, digits, _ . and -")
        self.name = name
        self.directory = (state or state_directory()) / name
        self.journal = self.directory / "journal.db"
        self.socket = self.directory / "door.sock"
        self.lock = self.directory / "lock"
        self.log = self.directory / "controller.log"

    def make(self) -> None:
        """Make the directory, for its owner only. Raises UsageError where that cannot be."""
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.directory.chmod(0o700)
        except OSError as error:
            hint = "Set CELLCTL_STATE to a directory that you can write"
            message = f"cannot be used for the controller's state: {error}"
            raise UsageError(message, where=str(self.directory), hint=hint) from error

    def take(self, about: dict[str, Any]) -> int:
        """Become the cell's one controller; ``about`` tells others who it is. The lock lasts as long as
        the returned descriptor is open. Raises CommandRefused naming the controller that has it."""
        descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise self._taken() from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid(), **about}).encode(), 0)
        return descriptor

    def about(self) -> dict[str, Any]:
        """What the last controller wrote about itself; empty where there was none."""
        try:
            found: object = json.loads(self.lock.read_text())
        except (OSError, ValueError):
            return {}
        return cast("dict[str, Any]", found) if isinstance(found, dict) else {}

    def _taken(self) -> CommandRefused:
        pid = self.about().get("pid", "unknown")
        hint = f"Attach to it: cellctl attach --cell {self.name}, or end it: cellctl shutdown --cell {self.name}"
        return CommandRefused(f"a controller runs this cell already (pid {pid})", where=self.name, hint=hint)


@contextmanager
def short_path(path: Path) -> Generator[str]:
    """A name for a socket's path that fits into the 107 bytes the kernel gives it: through a
    descriptor of its directory where the path itself is longer."""
    if len(os.fsencode(path)) <= 100:
        yield str(path)
        return
    descriptor = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{path.name}"
    finally:
        os.close(descriptor)
