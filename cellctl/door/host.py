"""The controller's process: builds the controller, runs it, and ends it with the cell at rest.

How the start went is told by one JSON line on its stdout; what it has to say later goes into
``controller.log``. SIGTERM, SIGHUP and SIGINT are Stop, then the end; a second one is Abort.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Generator, Mapping
from contextlib import AsyncExitStack
from typing import Any

from cellctl.door.assembly import Assembled, assemble
from cellctl.door.ending import end
from cellctl.door.messages import error_to_json
from cellctl.door.options import Options
from cellctl.errors import CellError, FileError

log = logging.getLogger("controller")
_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def host(options: Options) -> int:
    """Run a controller until it is shut down; 0 then, 1 where it could not start or failed."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("transitions").setLevel(logging.WARNING)  # it tells of every callback
    return asyncio.run(_host(options))


async def _host(options: Options) -> int:
    async with AsyncExitStack() as stack:
        try:
            assembled = await assemble(options, stack)
            log.info("controller of %s, pid %d", assembled.about["cell"], os.getpid())
            runner = await _begin(assembled)
        except CellError as error:
            _say({"failed": _describe(error, options)})
            return 1
        return await _run(assembled, runner)


async def _begin(assembled: Assembled) -> asyncio.Task[None]:
    """Start the controller, and open the door once it is at work: no command comes before that."""
    begun = asyncio.Event()
    unsubscribe = assembled.controller.subscribe(lambda _: begun.set())
    runner = asyncio.create_task(assembled.controller.run(), name="controller")
    runner.add_done_callback(lambda _: begun.set())
    await begun.wait()
    unsubscribe()
    if runner.done():
        await runner  # raises why
    try:
        await assembled.door.open()
    except CellError:
        runner.cancel()
        await asyncio.wait({runner})
        raise
    return runner


async def _run(assembled: Assembled, runner: asyncio.Task[None]) -> int:
    """Until the controller ends. However that comes about, it has told its devices to stop."""
    with _signals_end(assembled, runner):
        _say({"ready": {**assembled.about, "unfinished": assembled.controller.status().unfinished}})
        _close_stdout()
        try:
            await runner
        except asyncio.CancelledError:
            log.error("the controller was cancelled")
        except Exception:
            log.exception("the controller has failed")
        else:
            return 0
        return 1


@contextlib.contextmanager
def _signals_end(assembled: Assembled, runner: asyncio.Task[None]) -> Generator[None]:
    loop = asyncio.get_running_loop()
    ending: list[asyncio.Task[None]] = []

    async def bring_to_end(name: str, fast: bool) -> None:
        try:
            await end(assembled.controller, name, fast=fast)
        except CellError as error:
            log.error("it does not end on %s: %s", name, error)
            runner.cancel()

    def on_signal(number: signal.Signals) -> None:
        log.warning("got %s", number.name)
        ending.append(asyncio.create_task(bring_to_end(number.name, bool(ending)), name=f"end on {number.name}"))

    for number in _SIGNALS:
        loop.add_signal_handler(number, on_signal, number)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
        for task in ending:
            task.cancel()


def _describe(error: CellError, options: Options) -> dict[str, Any]:
    """The error as it travels; where files are wrong, with everything that is wrong in any of them."""
    found = error_to_json(error)
    if isinstance(error, FileError):
        from cellctl.recipe import check_paths, render

        report = check_paths(
            [options.cell_file, options.recipe_file],
            overlays=options.overlay_files,
            bindings=options.bindings,
            parameters=options.parameters,
        )
        found["text"] = render(report.diagnostics or getattr(error, "diagnostics", []), "full")
    return found


def _say(message: Mapping[str, Any]) -> None:
    """To the starter; it may have gone, and the controller lives on without it."""
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(message, default=str), flush=True)


def _close_stdout() -> None:
    """The pipe to the starter has told what it had to; anything printed later goes to the log."""
    os.dup2(2, 1)
