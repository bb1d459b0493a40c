"""What the unit does in each acting state. An activity ends by returning: the state is complete then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from cellctl.controller.fleet import SETTLE_WITHIN
from cellctl.controller.looking import account_for_parts, be_ready, look_again, wait_until
from cellctl.controller.packml import Command, State
from cellctl.controller.unit import Unit
from cellctl.devices import Condition, Device, Robot
from cellctl.errors import NotReady
from cellctl.events import Note

CONNECT_WITHIN = 10.0  # s for devices to be reached after the controller has started


async def resetting(unit: Unit) -> None:
    """Make the devices ready. Arms first: that moves nothing and may be what clears an interlock."""
    await unit.close_unfinished()
    await wait_until(unit, lambda: not unit.fleet.not_ready([Condition.OFFLINE]), CONNECT_WITHIN)
    await unit.bulletin.tell_durably(Note(level="info", text=f"preparing {', '.join(unit.fleet.devices)}"))
    await _prepare(unit, lambda device: isinstance(device, Robot))
    await _interlocks_clear(unit)
    await account_for_parts(unit)
    await _prepare(unit, lambda device: not isinstance(device, Robot))
    await _interlocks_clear(unit)
    unit.interlocks.forget()


async def _prepare(unit: Unit, chosen: Callable[[Device], bool]) -> None:
    held = unit.fleet.part_held(unit.ledger)
    errors = await unit.fleet.prepare(chosen, part_held=held)
    for name, error in errors.items():
        unit.bulletin.note("error", f"{name} is not ready: {error}")
    for name, error in errors.items():
        raise NotReady(error.message, where=error.where or name, hint=error.hint)


async def _interlocks_clear(unit: Unit) -> None:
    await wait_until(unit, lambda: not unit.interlocks.active, SETTLE_WITHIN)
    for trip in unit.interlocks.active:
        raise NotReady(trip.what, where=trip.sensor, hint=trip.action)


async def starting(unit: Unit) -> None:
    """A new run, and the permit to move."""
    await unit.begin_run()
    await unit.fleet.give()
    await be_ready(unit)


async def execute(unit: Unit) -> None:
    """Run the recipe. When it has come to its end it gives the Complete command itself."""
    sequencer = unit.sequencer
    assert sequencer is not None, "Starting and Unholding have made it"
    sequencer.resume()
    if not sequencer.started:
        sequencer.start()
    await sequencer.finished.wait()
    unit.machine.give(Command.COMPLETE, cause="the recipe has come to its end")


async def pausing(unit: Unit) -> None:
    """Holding and Suspending: every branch comes to rest by its region; then nothing may move."""
    if unit.sequencer is not None:
        await unit.sequencer.quiet()
    await unit.fleet.withdraw()
    unit.paused_at = unit.fleet.joints()


async def going_on(unit: Unit) -> None:
    """Unholding and Unsuspending: look at the devices again, and ask where something differs."""
    if unit.sequencer is None:  # held before the run had begun
        await unit.begin_run()
    await unit.fleet.give()
    await be_ready(unit)
    await look_again(unit)


async def completing(unit: Unit) -> None:
    """End of cycle: what is in the hand is put down, then the recipe runs to its end."""
    sequencer = unit.sequencer
    if sequencer is not None:
        if sequencer.pausing is not None:
            await going_on(unit)
        sequencer.complete()
        sequencer.resume()
        if not sequencer.started:
            sequencer.start()
        await sequencer.finished.wait()
    await unit.fleet.withdraw()
    unit.end_run("complete")
    await unit.bulletin.settle()


async def stopping(unit: Unit) -> None:
    """A controlled stop on the path. The hand keeps what it holds."""
    await _rest(unit, fast=False)
    unit.end_run("stopped")


async def aborting(unit: Unit) -> None:
    """As fast as the devices can."""
    await asyncio.gather(_rest(unit, fast=True), unit.fleet.withdraw())
    unit.end_run("aborted")


async def _rest(unit: Unit, *, fast: bool) -> None:
    work = [unit.fleet.stop(fast=fast)]
    if unit.sequencer is not None:
        work.insert(0, unit.sequencer.cancel())  # its first turn cancels the commands, before the stops go out
    await asyncio.gather(*work)
    unit.questions.withdraw_all()
    await unit.fleet.withdraw()


async def clearing(unit: Unit) -> None:
    """The fault that led to Aborted has been seen by a person; Reset makes the devices ready."""
    unit.bulletin.note("info", "cleared; Reset makes the devices ready")


ACTIVITIES: dict[State, Callable[[Unit], Awaitable[None]]] = {
    State.RESETTING: resetting,
    State.STARTING: starting,
    State.EXECUTE: execute,
    State.HOLDING: pausing,
    State.SUSPENDING: pausing,
    State.UNHOLDING: going_on,
    State.UNSUSPENDING: going_on,
    State.COMPLETING: completing,
    State.STOPPING: stopping,
    State.ABORTING: aborting,
    State.CLEARING: clearing,
}
