"""An event loop in virtual time: when every task waits, the clock jumps to the next timer.

It stands still while a helper thread owes an answer (``owed``, counted by ``clock.Worker``). If
nothing is ready, no timer is set and nothing is owed, nothing would ever happen again: that is an
error that names the tasks which wait, instead of a test that hangs.
"""

from __future__ import annotations

import asyncio
import math
import selectors
from collections.abc import Callable, Coroutine, Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

START = 1000.0  # s; not zero, as a real monotonic clock is not, so that "0.0" cannot pass for "long ago"
_PATIENCE = 250_000
_GRACE = 20
_SHOWN = 12


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose ``time()`` is virtual.

    ``patience``: how many rounds the loop may turn without any time passing before that counts as
    a busy loop and RuntimeError is raised.
    """

    def __init__(self, *, start: float = START, patience: int = _PATIENCE) -> None:
        self.owed = 0
        self._now = start
        self._jumper = _Jumper(self, patience)
        self._helpers: ThreadPoolExecutor | None = None
        super().__init__(self._jumper)
        self._set_now(start)

    def time(self) -> float:
        """Virtual seconds."""
        return self._now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Work for a thread: time stands still until it answers."""
        if executor is None:
            executor = self._helpers = self._helpers or ThreadPoolExecutor(4, thread_name_prefix="virtual")
        future = super().run_in_executor(executor, func, *args)
        self.owed += 1
        future.add_done_callback(self._paid)
        return future

    def _paid(self, _: object) -> None:
        self.owed -= 1

    def close(self) -> None:
        """Close the loop and end its helper threads."""
        super().close()
        if self._helpers is not None:
            self._helpers.shutdown(wait=True)

    def jump(self) -> bool:
        """Set the clock to the next timer; False where there is none."""
        scheduled: list[asyncio.TimerHandle] = vars(self)["_scheduled"]  # asyncio has no public way to ask
        if not scheduled:
            return False
        self._set_now(max(self._now, scheduled[0].when()))
        return True

    def _set_now(self, now: float) -> None:
        self._now = now
        # The loop runs timers that are due before now + resolution. With the spacing of floats as
        # resolution those are exactly the timers due now: none runs early, and none spins.
        self._clock_resolution = math.ulp(now)


class _Jumper(selectors.BaseSelector):
    """The real selector, but waiting for time means jumping."""

    def __init__(self, loop: VirtualLoop, patience: int) -> None:
        self._loop = loop
        self._real = selectors.DefaultSelector()
        self._files = 0  # beside the loop's own wake-up pipe
        self._patience = patience
        self._turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for files if a helper owes an answer, else let time pass."""
        if timeout is not None and timeout <= 0:
            self._turns += 1
            if self._turns > self._patience and not self._loop.owed:
                self._turns = 0
                raise RuntimeError(
                    f"{self._patience} turns of the loop at {self._loop.time():.6f} s without any time passing: "
                    f"a task spins. {_name(asyncio.all_tasks(self._loop))}"
                )
            return self._real.select(0) if self._files > 1 else []
        self._turns = 0
        if self._loop.owed:
            return self._real.select(None)
        if self._files > 1 and (ready := self._real.select(0)):
            return ready
        if not self._loop.jump():
            raise RuntimeError(f"nothing will ever happen. {_name(asyncio.all_tasks(self._loop))}")
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch a file."""
        self._files += 1
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Stop watching a file."""
        key = self._real.unregister(fileobj)
        self._files -= 1
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch a file for something else."""
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """What is watched."""
        return self._real.get_map()

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        """How a file is watched."""
        return self._real.get_key(fileobj)

    def close(self) -> None:
        """Close the real one."""
        self._real.close()


def run_virtual(main: Coroutine[Any, Any, T], *, start: float = START, patience: int = _PATIENCE) -> T:
    """Run ``main`` in virtual time on a fresh loop and return what it returns.

    Raises what ``main`` raises; AssertionError if it leaves a task pending (all of them are
    cancelled and awaited first); RuntimeError if nothing would ever happen or a task spins.
    """
    loop = VirtualLoop(start=start, patience=patience)
    try:
        asyncio.set_event_loop(loop)
        try:
            result = loop.run_until_complete(main)
            loop.run_until_complete(_let_finish())
        except BaseException as error:
            if left := _cancel_all(loop):
                error.add_note(f"left pending: {_name(left)}")
            raise
        if left := _cancel_all(loop):
            raise AssertionError(f"{len(left)} tasks were left pending. {_name(left)}")
        return result
    finally:
        try:
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            asyncio.set_event_loop(None)
            loop.close()


async def _let_finish() -> None:
    """Give tasks that are about to end the turns they need, and no time."""
    current = asyncio.current_task()
    for _ in range(_GRACE):
        if asyncio.all_tasks() == {current}:
            return
        await asyncio.sleep(0)  # noqa: TID251 - yields only; no time passes


def _cancel_all(loop: VirtualLoop) -> list[asyncio.Task[Any]]:
    """Cancel every task and wait for its end; returns those that were left."""
    left = sorted(asyncio.all_tasks(loop), key=lambda task: task.get_name())
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    return left


def _name(tasks: Iterable[asyncio.Task[Any]]) -> str:
    """Which tasks, and where each one stands."""
    told: list[str] = []
    for task in sorted(tasks, key=lambda each: each.get_name()):
        frames = task.get_stack(limit=1)
        place = ""
        if frames:
            code = frames[-1].f_code
            place = f" at {code.co_filename.rpartition('/')[2]}:{frames[-1].f_lineno} in {code.co_qualname}"
        told.append(f"{task.get_name()}{place}")
    more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return f"Tasks: {'; '.join(told[:_SHOWN])}{more}" if told else "No task is pending"
