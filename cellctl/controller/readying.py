"""Making devices ready on a person's Reset: what Resetting does, and Reset where the cell is paused."""

from __future__ import annotations

from collections.abc import Callable

from cellctl.controller.fleet import PREPARE_WITHIN
from cellctl.controller.looking import wait_until
from cellctl.controller.packml import State
from cellctl.controller.unit import Unit
from cellctl.devices import Condition, Device, Robot
from cellctl.errors import CellError, JournalError, NotReady

#: Where Reset leads nowhere: it makes devices ready that are not, and acknowledges what has tripped.
PAUSED = frozenset({State.HELD, State.SUSPENDED})
ILL = (Condition.FAULT, Condition.NOT_READY)


async def reach(unit: Unit) -> None:
    """Wait until every device answers: one that powers up late is waited for. Raises NotReady naming the first."""
    lost = [Condition.OFFLINE]
    if await wait_until(unit, lambda: not unit.fleet.not_ready(lost), PREPARE_WITHIN):
        return
    for device in unit.fleet.not_ready(lost):
        text = f"{device.name} was not reached within {PREPARE_WITHIN:g} s: {device.health.text}"
        raise NotReady(text, where=device.name, hint=device.health.hint)


async def prepare(unit: Unit, chosen: Callable[[Device], bool], *, empty: frozenset[str]) -> dict[str, CellError]:
    """Make devices ready; what those that are not failed with, which is told. ``empty``: hands known to be so."""
    held = unit.fleet.part_held(unit.ledger, empty=empty)
    errors = await unit.fleet.prepare(chosen, part_held=held)
    for name, error in errors.items():
        unit.bulletin.note("error", f"{name} is not ready: {error}")
    return errors


def curable(unit: Unit) -> list[Device]:
    """The devices that Reset makes ready in a pause: arms always, others only where no interlock is tripped."""
    return [each for each in unit.fleet.not_ready(ILL) if isinstance(each, Robot) or not unit.interlocks.active]


async def ready_in_pause(unit: Unit) -> None:
    """Reset in Held and Suspended, where devices are not ready: afterwards it acknowledges what is restored.

    Arms are made ready always, others only where no interlock is tripped. It leads nowhere: Unhold is separate.
    """
    state = unit.machine.state
    if not await unit.bulletin.settle():
        error = unit.journal.failed or JournalError("the journal cannot be written")
        unit.bulletin.note("error", f"reset: {error}")
        return
    ill = set(unit.fleet.not_ready(ILL))
    await prepare(unit, lambda device: device in ill and isinstance(device, Robot), empty=frozenset())
    if not unit.interlocks.active:
        await prepare(unit, lambda device: device in ill and not isinstance(device, Robot), empty=frozenset())
    if unit.machine.state is state:
        acknowledge(unit)
        for trip in unit.interlocks.blocking():
            unit.bulletin.note("warning", f"still tripped: {trip.what}")


def acknowledge(unit: Unit) -> list[str]:
    """Give back the interlocks that are restored; their names."""
    given_back = unit.interlocks.acknowledge()
    if given_back and not unit.interlocks.blocking():
        unit.bulletin.note("info", f"acknowledged: {', '.join(given_back)}")
    return given_back
