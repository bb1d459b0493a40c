"""Causes in the technician's order: what stopped it, which sensor, where the part is, what to do."""

from __future__ import annotations

from cellctl.controller.interrupts import Fault
from cellctl.controller.ledger import Ledger
from cellctl.errors import CellError, JournalError
from cellctl.events import Stopped
from cellctl.recipe.program import Step


def by_person(command: str, who: str, ledger: Ledger) -> Stopped:
    """A person (or the recipe's end) gave the command."""
    after = {"hold": "Unhold goes on", "suspend": "Unsuspend goes on", "stop": "Reset, then Start"}
    action = after.get(command, "Clear, then Reset")
    what = f"{command} by {who}" if who else command
    return Stopped(what=what, part=ledger.tell_where(), action=action, reaction=command)


def by_fault(step: Step, fault: Fault, reaction: str, ledger: Ledger) -> Stopped:
    """A step failed."""
    where = fault.error.where if fault.error is not None else ""
    return Stopped(
        what=f"{step.address} ({step.text}): {fault.name}: {fault.message}",
        sensor=where,
        part=ledger.tell_where(),
        action=fault.hint or "See what the message names, then Unhold",
        reaction=reaction,
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
