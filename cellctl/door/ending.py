"""How a controller is ended: Stop, Abort where that does not help, then shutdown. Never in mid-move."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from cellctl.door.server import Served
from cellctl.errors import CommandRefused
from cellctl.events import Event

log = logging.getLogger("controller")
STOP_WITHIN = 15.0  # s from Stop to Stopped: the longest ramp of a device and what it confirms
ABORT_WITHIN = 5.0
_RESTING = frozenset({"stopped", "aborted"})


async def end(controller: Served, by: str, *, fast: bool = False) -> None:
    """Bring the cell to rest and shut the controller down; ``fast`` begins with Abort."""
    ways = (("stop", STOP_WITHIN), ("abort", ABORT_WITHIN))
    for command, patience in ways[1:] if fast else ways:
        if _at_rest(controller):
            break
        with contextlib.suppress(CommandRefused):  # it is being done already
            await controller.command(command, {}, by)
        if await _rests(controller, patience):
            break
        log.error("%s given by %s: not at rest after %g s", command, by, patience)
    await controller.command("shutdown", {}, by)


def _at_rest(controller: Served) -> bool:
    return controller.status().state.lower() in _RESTING


async def _rests(controller: Served, within: float) -> bool:
    rests = asyncio.Event()

    def look(_: Event | None) -> None:
        if _at_rest(controller):
            rests.set()

    unsubscribe = controller.subscribe(look)
    try:
        look(None)
        async with asyncio.timeout(within):
            await rests.wait()
    except TimeoutError:
        return False
    finally:
        unsubscribe()
    return True
