"""What the unit does in each acting state. An activity ends by returning: the state is complete then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from cellctl import clock
from cellctl.controller.fleet import AGAIN, SETTLE_WITHIN
from cellctl.controller.looking import account_for_parts, be_ready, look_again, wait_until
from cellctl.controller.packml import Command, State
from cellctl.controller.readying import prepare, reach
from cellctl.controller.unit import Unit
from cellctl.devices import Device, Robot
from cellctl.errors import CellError, NotReady
from cellctl.events import Note


async def resetting(unit: Unit) -> None:
    """Make the devices ready. Arms first: that moves nothing and may be what clears an interlock."""
    await reach(unit)
    await unit.bulletin.tell_durably(Note(level="info", text=f"preparing {', '.join(unit.fleet.devices)}"))
    await _prepare(unit, lambda device: isinstance(device, Robot))
    await _interlocks_clear(unit)
    empty = await account_for_parts(unit)
    await _prepare(unit, lambda device: not isinstance(device, Robot), empty=empty)
    await _interlocks_clear(unit)
    await unit.close_unfinished()  # not before: a Reset that did not get here asks again, by the parts it left
    unit.interlocks.forget()


async def _prepare(unit: Unit, chosen: Callable[[Device], bool], *, empty: frozenset[str] = frozenset()) -> None:
    for name, error in (await prepare(unit, chosen, empty=empty)).items():
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
    errors = await unit.fleet.stop(fast=False, names=unit.fleet.restless())
    await _rest(unit, {**await unit.fleet.withdraw(), **errors}, fast=False)
    unit.paused_at = unit.paused_at or unit.fleet.joints()  # a second pause keeps what the first one left


async def going_on(unit: Unit) -> None:
    """Unholding and Unsuspending: look at the devices again, and ask where something differs."""
    if unit.sequencer is None:  # held before the run had begun
        await unit.begin_run()
    await unit.fleet.give()
    await be_ready(unit)
    await look_again(unit)
    unit.paused_at = {}


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
    await _rest(unit, await unit.fleet.withdraw(), fast=False)
    unit.end_run("complete")
    await unit.bulletin.settle()


async def stopping(unit: Unit) -> None:
    """A controlled stop on the path. The hand keeps what it holds. Raises CellError: Abort is to follow."""
    errors = await _halt(unit, fast=False)
    errors = {**await unit.fleet.withdraw(), **errors}
    for name, error in errors.items():
        unit.unconfirmed(unit.fleet.devices[name], error)
        raise error
    await _rest(unit, errors, fast=False)
    unit.end_run("stopped")


async def aborting(unit: Unit) -> None:
    """As fast as the devices can."""
    stops, permits = await asyncio.gather(_halt(unit, fast=True), unit.fleet.withdraw())
    await _rest(unit, {**permits, **stops}, fast=True)
    unit.end_run("aborted")


async def _halt(unit: Unit, *, fast: bool) -> dict[str, CellError]:
    """End the recipe's work and stop the devices; what did not confirm, by the device's name."""
    ended = asyncio.ensure_future(_end_work(unit))  # its first turn cancels the commands, before the stops go out
    errors, _ = await asyncio.gather(unit.fleet.stop(fast=fast), ended)
    return errors


async def _end_work(unit: Unit) -> None:
    if unit.sequencer is not None:
        await unit.sequencer.cancel()
    unit.questions.withdraw_all()


async def _rest(unit: Unit, errors: dict[str, CellError], *, fast: bool) -> None:
    """Stop again what has not confirmed, until it does or is lost; then wait for the lost ones to stand by themselves.

    What does not confirm is the cause: a state that claims that nothing moves is not reached before.
    """
    told: set[str] = set()
    while True:
        for name in errors.keys() - told:
            unit.unconfirmed(unit.fleet.devices[name], errors[name])
        told |= errors.keys()
        if errors:
            await clock.sleep(AGAIN)
            stops = await unit.fleet.stop(fast=fast, names=errors)
            errors = {**await unit.fleet.withdraw(errors), **stops}
            continue
        await unit.fleet.rest_alone()
        if not (errors := await unit.fleet.repay()):
            return


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
