"""Runs a compiled program: its threads on the loop's timers, so that one that sleeps costs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator

from cellctl import clock
from cellctl_drivers.universal_robots.urscript.errors import ScriptError
from cellctl_drivers.universal_robots.urscript.program import FRAME, Cancel, Flow, Frame, Program, Routine, Wait
from cellctl_drivers.universal_robots.urscript.statements import run_steps
from cellctl_drivers.universal_robots.urscript.values import Value, show

_MOST_THREADS = 50


class ScriptThread:
    """One thread of a running program."""

    def __init__(self, machine: Machine, number: int, routine: Routine) -> None:
        self.machine = machine
        self.number = number
        self.children: list[ScriptThread] = []
        self.ended = False
        self.turns = 0
        self._stepping = False
        self._code: Generator[Wait, None, Flow] = run_steps(routine.steps, Frame(self))
        self._timer: asyncio.TimerHandle | None = None
        self._cancel: Cancel | None = None
        self._left: float | None = None  # s still to sleep, while the program is paused; None: not asleep
        self._waiters: list[Callable[[], None]] = []
        self._sleep(0.0)

    # -- what the program does ---------------------------------------------------------------

    def run(self, routine: Routine) -> int:
        """Start a thread; it begins within this frame. Returns its handle."""
        child = self.machine.spawn(routine)
        self.children.append(child)
        return child.number

    def kill(self) -> None:
        """End the thread and those it started."""
        if self.ended:
            return
        self._forget()
        if not self._stepping:  # a thread that kills itself is closed at its next wait
            self._code.close()
        for child in self.children:
            child.kill()
        self._end()

    def when_ended(self, callback: Callable[[], None]) -> Cancel:
        """Call ``callback`` once when the thread has ended."""
        self._waiters.append(callback)
        return lambda: self._waiters.remove(callback) if callback in self._waiters else None

    # -- what the machine does ---------------------------------------------------------------

    def pause(self) -> None:
        """Stand still until ``resume``; what is waited for may come meanwhile."""
        if self._timer is not None:
            self._left = max(self._timer.when() - clock.now(), 0.0)
            self._timer.cancel()
            self._timer = None

    def resume(self) -> None:
        """Go on where ``pause`` stopped it."""
        if not self.ended and self._left is not None:
            self._sleep(self._left)

    def _sleep(self, seconds: float) -> None:
        self._left = None
        if self.machine.paused:
            self._left = seconds
        else:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._step)

    def _woken(self) -> None:
        self._cancel = None
        self._sleep(0.0)

    def _step(self) -> None:
        self._timer = None
        self.turns = 0
        self._stepping = True
        try:
            wait = next(self._code)
        except StopIteration:
            self._end()
        except ScriptError as error:
            self.machine.fail(error)
        else:
            self._stepping = False
            if self.ended:
                self._code.close()
            elif isinstance(wait, int | float):
                self._sleep(max(wait, FRAME))
            else:
                self._cancel = wait(self._woken)

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._cancel is not None:
            self._cancel()
        self._timer = self._cancel = self._left = None

    def _end(self) -> None:
        self.ended = True
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter()
        self.machine.thread_ended(self)


class Machine:
    """One program that runs, until its main thread ends, it fails, or it is halted."""

    def __init__(
        self,
        program: Program,
        *,
        on_end: Callable[[ScriptError | None], None],
        on_thread_end: Callable[[ScriptThread], None] = lambda thread: None,
    ) -> None:
        self.program = program
        self.paused = False
        self._on_end = on_end
        self._on_thread_end = on_thread_end
        self._threads: dict[int, ScriptThread] = {}
        self._count = 0
        self._over = False
        self._main: ScriptThread | None = None

    def start(self) -> None:
        """Begin. Nothing has run yet when this returns."""
        self._main = self.spawn(self.program.main)

    def spawn(self, routine: Routine) -> ScriptThread:
        """A new thread. Raises ScriptError where there are too many."""
        if len(self._threads) >= _MOST_THREADS:
            raise ScriptError(f"Too many threads: {_MOST_THREADS}")
        self._count += 1
        thread = ScriptThread(self, self._count, routine)
        self._threads[self._count] = thread
        return thread

    def thread(self, handle: Value) -> ScriptThread | None:
        """The thread of a handle, None once it has ended. Raises ScriptError for anything else."""
        if isinstance(handle, int) and not isinstance(handle, bool) and 0 < handle <= self._count:
            return self._threads.get(handle)
        raise ScriptError(f"Type error: {show(handle)} is no thread")

    def pause(self) -> None:
        """Stop every thread where it is."""
        if not self.paused:
            self.paused = True
            for thread in self._threads.values():
                thread.pause()

    def resume(self) -> None:
        """Let every thread go on, the oldest first."""
        if self.paused:
            self.paused = False
            for thread in list(self._threads.values()):
                thread.resume()

    def halt(self) -> None:
        """End every thread; ``on_end`` is not called."""
        self._over = True
        for thread in list(self._threads.values()):
            thread.kill()

    def fail(self, error: ScriptError) -> None:
        """The program cannot go on."""
        if not self._over:
            self.halt()
            self._on_end(error)

    def thread_ended(self, thread: ScriptThread) -> None:
        """A thread is over; with the main thread the program is."""
        self._threads.pop(thread.number, None)
        self._on_thread_end(thread)
        if thread is self._main and not self._over:
            self.halt()
            self._on_end(None)
