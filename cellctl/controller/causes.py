"""Causes in the technician's order: what stopped it, which sensor, where the part is, what to do."""

from __future__ import annotations

from cellctl.controller.interrupts import Fault
from cellctl.controller.ledger import Ledger
from cellctl.devices import Condition, Device
from cellctl.errors import CellError, JournalError
from cellctl.events import Stopped
from cellctl.recipe.program import Do, Step


def by_person(command: str, who: str, ledger: Ledger) -> Stopped:
    """A person (or the recipe's end) gave the command."""
    after = {"hold": "Unhold goes on", "suspend": "Unsuspend goes on", "stop": "Reset, then Start"}
    action = after.get(command, "Clear, then Reset")
    what = f"{command} by {who}" if who else command
    return Stopped(what=what, part=ledger.tell_where(), action=action, reaction=command)


def by_fault(step: Step, fault: Fault, reaction: str, ledger: Ledger) -> Stopped:
    """A step failed."""
    where = fault.error.where if fault.error is not None else ""
    device = step.device if isinstance(step, Do) else ""
    action = f"Look at {device or 'what the message names'}"
    return Stopped(
        what=f"{step.address} ({step.text}): {fault.name}: {fault.message}",
        sensor=where if not device or where == device else f"{device} ({where})" if where else device,
        part=ledger.tell_where(),
        action=fault.hint or f"{action}, then Reset where that is offered, and Unhold",
        reaction=reaction,
    )


def by_device(device: Device, ledger: Ledger) -> Stopped:
    """A device at work has fallen ill."""
    health = device.health
    ill = "has a fault" if health.condition is Condition.FAULT else f"is {health.condition.value}"
    return Stopped(
        what=f"{device.name} {ill}: {health.text}",
        sensor=f"{device.name} ({device.config.link})",
        part=ledger.tell_where(),
        action=health.hint or f"Look at {device.name}, then Reset",
        reaction="hold",
    )


def by_unconfirmed(state: str, device: Device, error: CellError, ledger: Ledger) -> Stopped:
    """A device was told to stop and does not say that it stands."""
    return Stopped(
        what=f"{device.name} has not confirmed that it stands ({state} waits for that): {error.message}",
        sensor=f"{device.name} ({device.config.link})",
        part=ledger.tell_where(),
        action=error.hint or f"Look whether {device.name} stands, and switch it off where it does not",
    )


def asked(step: Step, question: str, ledger: Ledger) -> Stopped:
    """The recipe, or an answer to a fault, asks a person."""
    return Stopped(
        what=f"{step.address} asks: {question}",
        part=ledger.tell_where(),
        action="Answer the question, then Unhold",
        reaction="hold",
    )


def by_refusal(state: str, error: CellError, ledger: Ledger) -> Stopped:
    """The unit could not do the work of an acting state."""
    return Stopped(
        what=f"{state}: {error.message}",
        sensor=error.where,
        part=ledger.tell_where(),
        action=error.hint or "See what the message names, then try again",
    )


def by_journal(error: JournalError, ledger: Ledger) -> Stopped:
    """Decisions cannot be made durable any more."""
    return Stopped(what=error.message, sensor="journal", part=ledger.tell_where(), action=error.hint, reaction="hold")


def by_mistake(name: str, error: BaseException, ledger: Ledger) -> Stopped:
    """Something failed that nobody foresaw."""
    return Stopped(
        what=f"{name} failed: {error!r}",
        part=ledger.tell_where(),
        action="Look at controller.log, and report it; Clear, then Reset",
        reaction="abort",
    )
