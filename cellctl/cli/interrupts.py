"""Signals as something to wait for, beside the door: no handler does more than be noticed."""

from __future__ import annotations

import os
import select
import signal
from collections import deque
from types import FrameType, TracebackType
from typing import Protocol


class Interrupted(Exception):
    """A signal ended what was going on; ``number`` says which."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(number.name)
        self.number = number


class Readable(Protocol):
    """What select can wait for."""

    def fileno(self) -> int:
        """Its descriptor."""
        ...


class Interrupts:
    """While it is open, SIGINT, SIGTERM and SIGHUP are gathered instead of ending the program."""

    WATCHED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __enter__(self) -> Interrupts:
        self._came: deque[signal.Signals] = deque()
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._before = {number: signal.signal(number, self._note) for number in self.WATCHED}
        self._wakeup = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)

    def take(self) -> signal.Signals | None:
        """The next signal that came; None for none."""
        return self._came.popleft() if self._came else None

    def wait(self, other: Readable, seconds: float | None) -> bool:
        """Wait for a signal or until ``other`` is readable; True for the latter."""
        ready, _, _ = select.select([other.fileno(), self._read], [], [], seconds)
        if self._read in ready:
            os.read(self._read, 4096)
        return other.fileno() in ready

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._came.append(signal.Signals(number))
