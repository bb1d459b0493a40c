"""Why a command that the PackML table allows is refused all the same."""

from __future__ import annotations

from cellctl.controller.packml import Command
from cellctl.controller.unit import Unit
from cellctl.devices import Condition
from cellctl.errors import CommandRefused
from cellctl.recipe.program import Do

#: Commands that set something moving.
MOVING = frozenset({Command.RESET, Command.START, Command.UNHOLD, Command.UNSUSPEND})


def reason_against(unit: Unit, command: Command) -> CommandRefused | None:
    """The reason, with what to do first; None where nothing speaks against the command."""
    paused = unit.sequencer is not None and unit.sequencer.pausing is not None
    goes_on = command in {Command.UNHOLD, Command.UNSUSPEND} or (command is Command.COMPLETE and paused)
    if unit.journal.failed is not None and (command in MOVING or goes_on):
        error = unit.journal.failed
        return CommandRefused(f"{command.text}: {error.message}", where="journal", hint=error.hint)
    if command is Command.START or goes_on:
        for trip in unit.interlocks.blocking():
            hint = _reset_after(unit, trip.name, trip.action)
            return CommandRefused(f"{command.text}: {trip.what}", where=trip.sensor, hint=hint)
    if goes_on and len(unit.questions):
        numbers = ", ".join(str(question["id"]) for question in unit.questions.to_json())
        return CommandRefused(f"{command.text}: question {numbers} is open", hint="Answer it first: cellctl answer")
    return _against_start(unit) if command is Command.START else None


def _reset_after(unit: Unit, name: str, action: str) -> str:
    active = name in {trip.name for trip in unit.interlocks.active}
    return f"{action}, then Reset" if active and action else "Reset first"


def _against_start(unit: Unit) -> CommandRefused | None:
    if unit.program is None:
        return CommandRefused("start: no recipe is loaded", hint="cellctl run DIRECTORY loads one")
    for part in unit.ledger.in_hand():
        return CommandRefused(f"start: part {part.id} is still in {part.place}", hint="Stop, take it out, then Reset")
    for hand in unit.fleet.grippers:
        if unit.fleet.feels(hand.name):
            return CommandRefused(f"start: {hand.name} holds something", hint="Stop, take it out, then Reset")
    used = {step.device for step in unit.program.steps.values() if isinstance(step, Do)}
    for device in unit.fleet.not_ready([Condition.OFFLINE, Condition.FAULT]):
        if device.name in used:
            health = device.health
            return CommandRefused(f"start: {device.name} is {health.condition.value}: {health.text}", hint=health.hint)
    return None
