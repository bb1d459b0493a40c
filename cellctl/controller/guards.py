"""Why a command that the PackML table allows is refused all the same."""

from __future__ import annotations

from cellctl.controller.holding import open_region, steps_in
from cellctl.controller.looking import needed
from cellctl.controller.packml import Command, Mode
from cellctl.controller.unit import Unit
from cellctl.devices import Condition
from cellctl.errors import CommandRefused
from cellctl.recipe.program import Do

#: Commands that set something moving.
MOVING = frozenset({Command.RESET, Command.START, Command.UNHOLD, Command.UNSUSPEND})


def reason_while_readying(unit: Unit, command: Command) -> CommandRefused | None:
    """The reason against a command while devices are made ready in a pause, or come to rest because that was cut."""
    if not unit.is_readying or command not in MOVING | {Command.COMPLETE}:
        return None
    names = ", ".join(unit.fleet.preparing)
    doing = f"{names} is being made ready" if names else "the Reset before has not ended yet"
    return CommandRefused(f"{command.text}: {doing}", hint="Wait for its end; Stop and Abort break it off")


def reason_against(unit: Unit, command: Command) -> CommandRefused | None:
    """The reason, with what to do first; None where nothing speaks against the command."""
    paused = unit.sequencer is not None and unit.sequencer.pausing is not None
    goes_on = command in {Command.UNHOLD, Command.UNSUSPEND} or (command is Command.COMPLETE and paused)
    if (busy := reason_while_readying(unit, command)) is not None:
        return busy
    if unit.journal.failed is not None and (command in MOVING or goes_on):
        error = unit.journal.failed
        return CommandRefused(f"{command.text}: {error.message}", where="journal", hint=error.hint)
    if command is Command.START or goes_on:
        for trip in unit.interlocks.blocking():
            hint = _reset_after(unit, trip.name, trip.action)
            return CommandRefused(f"{command.text}: {trip.what}", where=trip.sensor, hint=hint)
    if goes_on:
        for device in unit.fleet.not_ready(set(Condition) - {Condition.READY}):
            if device.name in needed(unit):
                health = device.health
                text = f"{command.text}: {device.name} is {health.condition.value}: {health.text}"
                return CommandRefused(text, where=device.name, hint=health.hint)
    if goes_on and len(unit.questions):
        numbers = ", ".join(str(question["id"]) for question in unit.questions.to_json())
        return CommandRefused(f"{command.text}: question {numbers} is open", hint="Answer it first: cellctl answer")
    return _against_start(unit) if command is Command.START else None


def reason_against_emptying(unit: Unit, station: str) -> CommandRefused | None:
    """Emptying changes which slot is next: not while the cell runs, nor while an arm is on its way to one."""
    if not unit.machine.state.waiting:
        return CommandRefused(f"empty: the cell is in {unit.machine.state.text}", hint="Hold or Suspend it first")
    known = unit.cell.stations.get(station)
    if known is not None and not known.slots:
        return CommandRefused(
            f"empty: {station} has no slots that are counted", hint="Its parts come and go by the belt"
        )
    cursors = unit.position.cursors.values() if unit.position is not None and unit.program is not None else ()
    for cursor in cursors:
        region = open_region(unit.program, cursor) if unit.program is not None else None
        if region is None or not cursor.moved or unit.program is None:
            continue
        effects = [step.effect for step in steps_in(unit.program, region) if isinstance(step, Do) and step.effect]
        if any(effect.verb == "places" and effect.station == station for effect in effects):
            text = f"empty: an arm is on its way to a slot of {station} ({cursor.address})"
            return CommandRefused(text, hint="Let the part be put down first: Unhold, then Suspend or Hold")
    return None


def _reset_after(unit: Unit, name: str, action: str) -> str:
    active = name in {trip.name for trip in unit.interlocks.active}
    return f"{action}, then Reset" if active and action else "Reset first"


def _against_start(unit: Unit) -> CommandRefused | None:
    if unit.program is None:
        return CommandRefused("start: no recipe is loaded", hint="cellctl run DIRECTORY loads one")
    if unit.machine.mode is Mode.MANUAL:
        return CommandRefused("start: a recipe does not run in mode Manual", hint="cellctl mode production")
    for part in unit.ledger.in_hand():
        return CommandRefused(f"start: part {part.id} is still in {part.place}", hint="Stop, take it out, then Reset")
    for hand in unit.fleet.grippers:
        if unit.fleet.feels(hand.name):
            return CommandRefused(f"start: {hand.name} holds something", hint="Stop, take it out, then Reset")
    for device in unit.fleet.not_ready([Condition.OFFLINE, Condition.FAULT]):
        if device.name in needed(unit):
            health = device.health
            return CommandRefused(f"start: {device.name} is {health.condition.value}: {health.text}", hint=health.hint)
    return None
