"""What cuts a step short, and the race between a step's work and that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from cellctl.controller.board import Board
from cellctl.errors import CellError, InDoubt

T = TypeVar("T")


class Interrupted(Exception):
    """The step was asked to make way: for Hold, Suspend, or the end of the cycle."""


class Fault(Exception):
    """A step failed by ``name``; the step's answers say what is done about it."""

    def __init__(self, name: str, message: str, *, hint: str = "", error: CellError | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.hint = hint
        self.error = error


async def race(work: Coroutine[Any, Any, T], stop: asyncio.Future[Exception], within: float | None) -> T:
    """Run ``work`` until it ends, or ``stop`` holds what to raise, or ``within`` seconds are over (TimeoutError).

    Work that was cut short is cancelled and has ended when this returns. What has been done is
    done: a result that came in the same moment counts.
    """
    task: asyncio.Future[T] = asyncio.ensure_future(work)
    either: set[asyncio.Future[Any]] = {task, stop}
    late = False
    try:
        async with asyncio.timeout(within):
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    except TimeoutError:
        late = True
    finally:
        cut = not task.done()
        if cut:
            task.cancel()
            await asyncio.wait({task})
    if not task.cancelled() and (task.exception() is None or not cut):
        return task.result()
    if stop.done():
        raise stop.result()
    if late:
        raise TimeoutError
    raise InDoubt("its command was cancelled by somebody else", hint="Look at the device")  # never a silent end


async def until(board: Board, keys: frozenset[str], look: Callable[[], T | None]) -> T:
    """Wait until ``look`` gives something; it looks at once, and at every change of ``keys``."""
    found: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def again() -> None:
        if found.done():
            return
        try:
            value = look()
        except Exception as error:  # belongs to whoever waits
            found.set_exception(error)
        else:
            if value is not None:
                found.set_result(value)

    unwatch = board.watch(keys, again)
    try:
        again()
        return await found
    finally:
        unwatch()


async def bounded(work: Coroutine[Any, Any, object], within: float) -> CellError | None:
    """Wait for ``work`` at most ``within`` s; what it failed with, None where all went well."""
    try:
        async with asyncio.timeout(within):
            await work
    except CellError as error:
        return error
    except TimeoutError:
        return CellError(f"no confirmation within {within:g} s")
    return None
