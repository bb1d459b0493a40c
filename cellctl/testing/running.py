"""Run a coroutine as a test: in virtual time (``run_virtual``), or in real time (``run_real``)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from cellctl.emulation.virtual_time import run_virtual

__all__ = ["run_real", "run_virtual"]

T = TypeVar("T")


def run_real(main: Coroutine[Any, Any, T], *, deadline: float = 60.0) -> T:
    """Run ``main`` on a fresh loop in real time, for sockets, ptys and processes.

    Raises what ``main`` raises, TimeoutError after ``deadline`` seconds, AssertionError if a task is left
    pending (it is cancelled and awaited first) or a callback of the loop failed.
    """
    failures: list[str] = []
    left: list[str] = []

    def note(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        failures.append(f"{context.get('message')}: {context.get('exception')!r}")

    async def body() -> T:
        asyncio.get_running_loop().set_exception_handler(note)
        async with asyncio.timeout(deadline):
            result = await main
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for _ in range(20):  # turns for tasks that are about to end; no time
            if not others:
                break
            await asyncio.sleep(0)  # noqa: TID251 - yields only
            others = asyncio.all_tasks() - {asyncio.current_task()}
        left.extend(sorted(task.get_name() for task in others))
        return result

    with asyncio.Runner() as runner:
        result = runner.run(body())
    if left:
        raise AssertionError(f"tasks were left pending: {', '.join(left)}")
    if failures:
        raise AssertionError(f"a callback failed: {'; '.join(failures)}")
    return result
