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
NOTHING = "nothing"
GO_ON, STOP, PUT_BACK, GONE, TAKEN_OUT = "go on from here", "stop", "put back", "gone", "taken out"


LIES_IN = "lies in the next slot of "


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
        if device.name in needed(unit)
    ]


def needed(unit: Unit) -> set[str]:
    """The devices that the recipe asks for something."""
    steps = unit.program.steps.values() if unit.program is not None else ()
    return {step.device for step in steps if isinstance(step, Do)}


# -- before the cell is made ready ---------------------------------------------------------------


async def account_for_parts(unit: Unit) -> frozenset[str]:
    """Ask about every part that is in a hand by the ledger or by the fingers, until that is settled.

    Fingers that cannot tell may hold something: that is asked too. Gives the hands that are empty by a person's word.
    """
    settled: dict[str, str] = {}
    for part in unit.ledger.in_hand():
        hand = part.place
        settled[hand] = await _settle(unit, hand, part)
    for gripper in unit.fleet.grippers:
        if gripper.name not in settled and unit.fleet.feels(gripper.name) is not False:
            settled[gripper.name] = await _settle(unit, gripper.name, None)
    return frozenset(hand for hand, choice in settled.items() if choice != HELD)


async def _settle(unit: Unit, hand: str, part: Part | None) -> str:
    """Ask what is in a hand until the answer agrees with what it feels; that answer."""
    while True:
        choice = await unit.questions.wait_for(*_question(unit, hand, part))
        if choice == HELD:
            return choice
        if choice == OPEN:
            await _open_fingers(unit, hand)
        felt = unit.fleet.feels(hand)
        if felt or (choice == OPEN and felt is None):
            says = "still feels a part" if felt else "does not say that it let go"
            unit.bulletin.note("warning", f"{hand} {says}")
            continue
        if part is not None:
            _believe(unit, part, choice)
        return choice


def _question(unit: Unit, hand: str, part: Part | None) -> tuple[str, tuple[str, ...]]:
    feels, left = unit.fleet.feels(hand), _left_in(unit, hand)
    if feels:
        called = f"part {part.id}" if part is not None else left or "something that the ledger does not know"
        return f"{hand} holds {called}", (REMOVED, HELD, OPEN)
    if part is not None:
        says = "feels nothing" if feels is False else "does not say whether it feels a part"
        text = f"part {part.id} was in {hand}, and {hand} {says}. Where is it?"
        choices = (REMOVED, DROPPED, *(f"{LIES_IN}{station}" for station in _destinations(unit)))
        return text, choices if feels is False else (*choices, HELD)
    text = f"Is something in the fingers of {hand}? {hand} cannot tell"
    return (f"{text}; {left} was in them" if left else text), (NOTHING, REMOVED, HELD)


def _believe(unit: Unit, part: Part, choice: str) -> None:
    """A person's word about a part that is in no hand any more."""
    if choice.startswith(LIES_IN):
        unit.ledger.put(part, choice.removeprefix(LIES_IN))
    else:
        unit.ledger.end(part, "dropped" if choice == DROPPED else "removed")


def _destinations(unit: Unit) -> list[str]:
    """The stations that the recipe places parts in and that are not full: a release may have been cut short there."""
    steps = unit.program.steps.values() if unit.program is not None else ()
    effects = [step.effect for step in steps if isinstance(step, Do) and step.effect is not None]
    named = dict.fromkeys(effect.station for effect in effects if effect.verb == "places" and effect.station)
    return [name for name in named if not unit.ledger.full(name)]


def _left_in(unit: Unit, hand: str) -> str:
    """What the run that a crash left behind had in a hand, in words; empty for nothing."""
    left = unit.unfinished or {}
    parts = [str(each["part"]) for each in left.get("in_hand", ()) if each["place"] == hand]
    return f"part {', '.join(parts)} of the unfinished run {left['run']}" if parts else ""


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


def _ways_out(unit: Unit, part: Part) -> list[tuple[str, Address | None]]:
    """The branches that handle the part, and where each would go on without it."""
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
