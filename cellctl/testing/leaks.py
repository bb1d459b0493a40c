"""What a test must not leave behind: threads, child processes, open files, sockets and ports.

Tasks are watched by the runners (``run_virtual``, ``run_real``), which know their loop.
"""

from __future__ import annotations

import contextlib
import gc
import os
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

_SETTLE = 2.0  # s that a thread which is ending may take
_FILES = Path("/proc/self/fd")
_TASKS = Path("/proc/self/task")
#: Files that the interpreter and the test tools open for good, whenever they come to it.
_HARMLESS = ("/dev/null", "/dev/urandom", "/dev/random", "/proc/", "/sys/")


@dataclass(frozen=True, slots=True)
class Holdings:
    """What this process holds at one moment (files only where there is a /proc)."""

    threads: frozenset[threading.Thread]
    processes: frozenset[int]
    files: frozenset[tuple[int, str]]  # descriptor and what it is open on

    @classmethod
    def now(cls) -> Holdings:
        """Look."""
        return cls(frozenset(threading.enumerate()), frozenset(_children()), frozenset(_open_files()))

    def beyond(self, before: Holdings) -> list[str]:
        """What there is now and was not ``before``, in words."""
        told = [f"thread {thread.name!r} is running" for thread in self.threads - before.threads]
        told += [f"process {pid} ({_command(pid)}) was not ended" for pid in self.processes - before.processes]
        told += [f"file descriptor {number} is open on {what}" for number, what in self.files - before.files]
        return sorted(told)


@contextlib.contextmanager
def no_leaks() -> Generator[None, None, None]:
    """Raise AssertionError, naming each thing, if the body leaves something running or open.

    >>> with no_leaks():
    ...     pass
    """
    before = Holdings.now()
    yield
    after = Holdings.now()
    if not after.beyond(before):
        return
    gc.collect()  # what only a reference cycle keeps open closes now, and was warned of where it matters
    for thread in after.threads - before.threads:
        thread.join(_SETTLE)
    if left := Holdings.now().beyond(before):
        raise AssertionError("left behind: " + "; ".join(left))


def _open_files() -> Iterator[tuple[int, str]]:
    if not _FILES.is_dir():
        return
    for name in os.listdir(_FILES):  # noqa: PTH208 - names are wanted, and quickly
        try:
            what = os.readlink(_FILES / name)  # noqa: PTH115 - sockets and pipes have no path
        except OSError:  # the descriptor of this very listing
            continue
        if not what.startswith(_HARMLESS):
            yield int(name), what


def _children() -> Iterator[int]:
    if not _TASKS.is_dir():
        return
    for task in _TASKS.iterdir():
        with contextlib.suppress(OSError):  # a thread that has just ended
            yield from map(int, (task / "children").read_text().split())


def _command(pid: int) -> str:
    try:
        text = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return "gone"
    return text.replace(b"\0", b" ").decode(errors="replace").strip()[:120] or "ended, and nobody waited for it"
