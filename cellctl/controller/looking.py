"""Looking at the devices again: before the cell is made ready, and before it goes on after a pause."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from cellctl.controller.fleet import SETTLE_WITHIN
from cellctl.controller.interlocks import HEALTH, INTERLOCKS
from cellctl.controller.interrupts import until
from cellctl.controller.ledger import Part
from cellctl.controller.unit import Unit
from cellctl.devices import Condition, Gripper
from cellctl.errors import CellError, NotReady
from cellctl.events import Note, Stopped
from cellctl.recipe.program import Address, Do

REMOVED, HELD, DROPPED, OPEN = "removed by hand", "still held", "dropped", "open the fingers"
GO_ON, STOP, PUT_BACK, GONE, TAKEN_OUT = "go on from here", "stop", "put back", "gone", "taken out"


class Diverted(Exception):
    """The unit was told to do something else; the activity ends here."""


async def wait_until(unit: Unit, look: Callable[[], bool], within: float) -> bool:
    """Wait until ``look()`` is true, at most ``within`` s; whether it became so."""
    keys = frozenset({INTERLOCKS, *(f"{name}.{HEALTH}" for name in unit.fleet.devices)})
    try:
        async with asyncio.timeout(within):
            await until(unit.board, keys, lambda: True if look() else None)
    except TimeoutError:
        return False
    return True


async def be_ready(unit: Unit) -> None:
    """Wait until interlocks and devices are well. Raises NotReady naming the first that is not."""

    def well() -> bool:
        return not unit.interlocks.blocking() and not _unready(unit)

    if await wait_until(unit, well, SETTLE_WITHIN):
        return
    for trip in unit.interlocks.blocking():
        raise NotReady(trip.what, where=trip.sensor, hint=trip.action)
    name, text, hint = _unready(unit)[0]
    raise NotReady(text, where=name, hint=hint)


def _unready(unit: Unit) -> list[tuple[str, str, str]]:
    others = set(Condition) - {Condition.READY}
    return [
        (device.name, f"is {device.health.condition.value}: {device.health.text}", device.health.hint)
        for device in unit.fleet.not_ready(others)
        if device.name in _needed(unit)
    ]


def _needed(unit: Unit) -> set[str]:
    steps = unit.program.steps.values() if unit.program is not None else ()
    return {step.device for step in steps if isinstance(step, Do)}


# -- before the cell is made ready ---------------------------------------------------------------


async def account_for_parts(unit: Unit) -> None:
    """Ask about every part that the ledger or the fingers say is held, until that is settled."""
    for part in unit.ledger.in_hand():
        while not part.ended and not await _ask_about(unit, part.place, part):
            continue
    known = {part.place for part in unit.ledger.in_hand()}
    for hand in unit.fleet.grippers:
        while hand.name not in known and unit.fleet.feels(hand.name):
            if await _ask_about(unit, hand.name, None):
                break


async def _ask_about(unit: Unit, hand: str, part: Part | None) -> bool:
    """One question about what a hand holds; True where nothing is left to ask."""
    feels = unit.fleet.feels(hand)
    called = f"part {part.id}" if part is not None else "something that the ledger does not know"
    choices: tuple[str, ...]
    if feels:
        text, choices = f"{hand} holds {called}", (REMOVED, HELD, OPEN)
    else:
        says = "feels nothing" if feels is False else "does not say whether it feels a part"
        text, choices = f"{called} was in {hand}, and {hand} {says}. Where is it?", (REMOVED, DROPPED)
    choice = await unit.questions.wait_for(text, choices)
    if choice == HELD:
        return True
    if choice == OPEN:
        await _open_fingers(unit, hand)
    if unit.fleet.feels(hand):
        unit.bulletin.note("warning", f"{hand} still feels a part")
        return False
    if part is not None:
        unit.ledger.end(part, "dropped" if choice == DROPPED else "removed")
    return True


async def _open_fingers(unit: Unit, hand: str) -> None:
    """A person stands there and has asked for it. Raises JournalError."""
    device = unit.fleet.devices[hand]
    assert isinstance(device, Gripper), "only hands are asked about"
    await unit.bulletin.tell_durably(Note(level="info", text=f"{hand}.release: a person asked for it"))
    try:
        await device.release()
    except CellError as error:
        unit.bulletin.note("error", f"{hand} did not open: {error}")


# -- before it goes on ---------------------------------------------------------------------------


async def look_again(unit: Unit) -> None:
    """Is everything as it was left? Asks where it is not. Raises Diverted where the answer is Stop."""
    await _look_at_arms(unit)
    for part in unit.ledger.in_hand():
        if part.place not in _settled_by_next(unit):
            await _look_for(unit, part)
    await _look_at_empty_hands(unit)


async def _look_at_arms(unit: Unit) -> None:
    jogged = unit.sequencer.jogged if unit.sequencer is not None else set[str]()
    for name, axis, off in unit.fleet.displaced(unit.paused_at):
        if name in jogged:
            continue
        text = f"{name} was moved while the cell stood: axis {axis} by {math.degrees(off):.1f} deg"
        if await unit.questions.wait_for(text, (GO_ON, STOP)) == STOP:
            _stop(unit, text)


async def _look_for(unit: Unit, part: Part) -> None:
    while not part.ended and not await _felt(unit, part.place):
        text = f"part {part.id} should be in {part.place}, which feels nothing"
        choices = (PUT_BACK, GONE, STOP) if _ways_out(unit, part) else (PUT_BACK, STOP)
        choice = await unit.questions.wait_for(text, choices)
        if choice == STOP:
            _stop(unit, text)
        if choice == GONE:
            _give_up(unit, part)


async def _felt(unit: Unit, hand: str) -> bool:
    try:
        async with asyncio.timeout(SETTLE_WITHIN):
            return await until(unit.board, frozenset({f"{hand}.holding"}), lambda: unit.fleet.feels(hand))
    except TimeoutError:
        return False


async def _look_at_empty_hands(unit: Unit) -> None:
    """A hand that feels a part which the ledger does not have there; unless its next step settles that."""
    due = _settled_by_next(unit)
    for hand in [hand for hand in unit.fleet.grippers if hand.name not in due]:
        while hand.name not in {part.place for part in unit.ledger.in_hand()} and unit.fleet.feels(hand.name):
            text = f"{hand.name} feels a part that the ledger does not know"
            if await unit.questions.wait_for(text, (TAKEN_OUT, STOP)) == STOP:
                _stop(unit, text)


def _settled_by_next(unit: Unit) -> set[str]:
    """The hands whose own step is next: it grips or lets go, and verifies."""
    cursors = unit.position.cursors.values() if unit.position is not None else ()
    return {step.device for cursor in cursors if isinstance(step := unit.step_at(cursor.address), Do)}


def _ways_out(unit: Unit, part: Part) -> list[tuple[str, Address]]:
    """The branches that handle the part, and the head of the loop that each would go on at."""
    return unit.sequencer.handlers_of(part.id) if unit.sequencer is not None else []


def _give_up(unit: Unit, part: Part) -> None:
    ways = _ways_out(unit, part)
    unit.ledger.end(part, "dropped")
    assert unit.sequencer is not None, "offered only where there is a run"
    for branch, head in ways:
        unit.sequencer.send(branch, head)


def _stop(unit: Unit, text: str) -> None:
    part = unit.ledger.tell_where()
    unit.react("stop", Stopped(what=text, part=part, action="Reset, then Start", reaction="stop"))
    raise Diverted
