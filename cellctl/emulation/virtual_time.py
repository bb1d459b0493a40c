"""An event loop in virtual time: when every task waits, the clock jumps to the next timer.

It stands still while a helper thread owes an answer (``owed``, counted by ``clock.Worker``). If
nothing is ready, no timer is set and nothing is owed, nothing would ever happen again: that is an
error that names the tasks which wait, instead of a test that hangs.
"""

from __future__ import annotations

import asyncio
import selectors
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import Context
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, TypeVarTuple, Unpack

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

START = 1000.0  # s; not zero, as a real monotonic clock is not, so that "0.0" cannot pass for "long ago"
_Events: TypeAlias = list[tuple[selectors.SelectorKey, int]]
_PATIENCE = 250_000
_MANY = 100  # cancelled timers, from which on clearing them out is worth its while
_CLOSED = "Event loop is closed"  # asyncio's words
_GRACE = 20
_SHOWN = 12


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose ``time()`` is virtual. Timers due at the same instant run in the order in which they were set.

    Its turns are leaner than asyncio's own, as a shift has millions of them: the system is asked for files
    only while there is one beside the loop's wake-up pipe, and timers are compared without calling Python.

    ``patience``: how many rounds the loop may turn without any time passing before that counts as
    a busy loop and RuntimeError is raised.
    """

    # What asyncio's loops have, and tell nobody of.
    _closed: bool
    _stopping: bool
    _process_events: Callable[[_Events], None]

    def __init__(self, *, start: float = START, patience: int = _PATIENCE) -> None:
        self.owed = 0
        self._now = start
        self._patience = patience
        self._turns = 0  # without any time passing
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []  # a heap, by time and order
        self._order = 0
        self._cancelled = 0  # timers, since they were cleared out of the heap
        self._watched = _Watched()
        self._helpers: ThreadPoolExecutor | None = None
        super().__init__(self._watched)
        self._ready: deque[asyncio.Handle] = deque()  # under asyncio's own name: it puts some there itself

    def time(self) -> float:
        """Virtual seconds."""
        return self._now

    # -- what is to be called, and when --------------------------------------------------------

    def call_soon(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Call in the next turn."""
        if self._closed:
            raise RuntimeError(_CLOSED)
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self, delay: float, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call when ``delay`` seconds have passed."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call when it is ``when``, or in the next turn where it is later already."""
        if self._closed:
            raise RuntimeError(_CLOSED)
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self._order += 1
        heappush(self._timers, (when, self._order, timer))
        return timer

    def _timer_handle_cancelled(self, _: asyncio.TimerHandle) -> None:
        """Timers call this when they are cancelled. Most are: they are cleared out now and then."""
        self._cancelled += 1
        if self._cancelled > _MANY and 2 * self._cancelled > len(self._timers):
            # The one that is being cancelled is not marked so yet: it goes the next time.
            self._timers = [entry for entry in self._timers if not entry[2].cancelled()]
            heapify(self._timers)
            self._cancelled = 0

    # -- a turn ------------------------------------------------------------------------------

    def _run_once(self) -> None:
        """One turn: let time pass if nothing is ready, then call what is due."""
        ready, timers = self._ready, self._timers
        if ready or self._stopping:
            self._turns += 1
            if self._turns > self._patience and not self.owed:
                self._turns = 0
                raise RuntimeError(
                    f"{self._patience} turns of the loop at {self._now:.6f} s without any time passing: "
                    f"a task spins. {_name(asyncio.all_tasks(self))}"
                )
            if self._watched.files > 1:
                self._process_events(self._watched.select(0))
        else:
            self._turns = 0
            self._pass_time()
        now = self._now
        while timers and timers[0][0] <= now:
            ready.append(heappop(timers)[2])
        for _ in range(len(ready)):  # not what these add
            handle = ready.popleft()
            if not handle.cancelled():
                handle._run()  # pyright: ignore[reportPrivateUsage] - as asyncio's own turn does

    def _pass_time(self) -> None:
        """Wait for the files if a helper owes an answer, else jump to the next timer."""
        if self.owed:
            self._process_events(self._watched.select(None))
            return
        if self._watched.files > 1 and (events := self._watched.select(0)):
            self._process_events(events)
            return
        timers = self._timers
        while timers and timers[0][2].cancelled():
            heappop(timers)
        if not timers:
            raise RuntimeError(f"nothing will ever happen. {_name(asyncio.all_tasks(self))}")
        self._now = max(self._now, timers[0][0])

    # -- helper threads ----------------------------------------------------------------------

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
        self._timers.clear()
        if self._helpers is not None:
            self._helpers.shutdown(wait=True)


class _Watched(selectors.DefaultSelector):
    """The system's selector, which knows without being asked how many files it watches."""

    def __init__(self) -> None:
        super().__init__()
        self.files = 0  # the loop's own wake-up pipe is one

    def register(self, fileobj: FileDescriptorLike, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch a file."""
        key = super().register(fileobj, events, data)
        self.files += 1
        return key

    def unregister(self, fileobj: FileDescriptorLike) -> selectors.SelectorKey:
        """Stop watching a file."""
        key = super().unregister(fileobj)
        self.files -= 1
        return key


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
