"""Time is the event loop's, and helper threads are known to it.

Nothing else in cellctl reads a clock or sleeps, so the same code runs in real and in virtual
time. A loop in virtual time must stand still while a helper thread owes an answer: each such
thread is a ``Worker``, which tells the loop.
"""

from __future__ import annotations

import asyncio
import datetime
from asyncio import get_running_loop  # by name: this is asked a thousand times a second
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar, runtime_checkable

T = TypeVar("T")


@runtime_checkable
class OwingLoop(Protocol):
    """A loop whose clock stands still while ``owed`` is above zero."""

    owed: int


def now() -> float:
    """Seconds of the running loop's clock (monotonic; not related to the date)."""
    return get_running_loop().time()


async def sleep(seconds: float) -> None:
    """Wait on the running loop's clock."""
    await asyncio.sleep(seconds)  # noqa: TID251 - the one place


def wall() -> str:
    """The date and time for records, ISO 8601 in UTC with milliseconds. The one wall clock."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")  # noqa: TID251


class Worker:
    """One helper thread for work that blocks. It touches no state: it answers the loop."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def call(self, work: Callable[[], T]) -> T:
        """Run ``work`` in the thread, in order, and wait for what it returns or raises."""
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._pool, work)
        if isinstance(loop, OwingLoop):
            loop.owed += 1
            future.add_done_callback(lambda _: setattr(loop, "owed", loop.owed - 1))
        return await future

    def close(self) -> None:
        """Wait for what is queued, then end the thread."""
        self._pool.shutdown(wait=True)
