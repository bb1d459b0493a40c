"""What is done about a fault: the answers that the recipe gives, and a person's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cellctl.controller import doing
from cellctl.controller.causes import asked, by_fault
from cellctl.controller.cursor import PartRef
from cellctl.controller.holding import Pausing, regions_of, way_of
from cellctl.controller.interrupts import Fault
from cellctl.controller.ledger import StationFull
from cellctl.recipe.program import Answer, Do, Step

if TYPE_CHECKING:
    from cellctl.controller.branch import Branch

HOLD = Answer(then="hold")
AGAIN = Answer(then="retry", times=1)
STOP = Answer(then="stop")


def answer(branch: Branch, step: Step, fault: Fault) -> None:
    """Record a fault, and do what the step's answers say. Without one (no recipe can foresee it) the cell holds."""
    in_doubt = fault.name == "in_doubt"
    branch.tell(step, "in_doubt" if in_doubt else "failed", f"{fault.name}: {fault.message}")
    _note_absence(branch, step, fault)
    if isinstance(fault.error, StationFull):
        _carry_out(branch, step, fault, Answer(then=fault.error.station.when_full))
    elif in_doubt and fault.name not in step.answers and isinstance(step, Do):
        _ask_in_doubt(branch, step, fault)
    else:
        _carry_out(branch, step, fault, step.answers.get(fault.name, HOLD))


def _note_absence(branch: Branch, step: Step, fault: Fault) -> None:
    """A part that was seen before and is not found any more has been taken away by somebody."""
    if fault.name == "nothing_seen" and isinstance(step, Do) and step.effect is not None:
        known = branch.desk.position.variables.get(step.effect.part)
        part = branch.desk.ledger.find(known.part) if isinstance(known, PartRef) else None
        if part is not None and part.fate == "seen":
            branch.desk.ledger.end(part, "removed")


def _carry_out(branch: Branch, step: Step, fault: Fault, chosen: Answer, *, person: bool = False) -> None:
    _note_outcome(branch, chosen)
    match chosen.then:
        case "retry":
            _retry(branch, step, fault, chosen, person=person)
        case "goto":
            branch.go(chosen.target, step)
        case "ask":
            _ask(branch, step, fault, chosen)
        case "hold" | "suspend":
            _set_aside(branch, step, chosen.then)
            _react(branch, step, fault, chosen.then)
        case "stop" | "abort":
            _react(branch, step, fault, chosen.then)


def _note_outcome(branch: Branch, chosen: Answer) -> None:
    if chosen.part is not None and chosen.outcome is not None:
        known = branch.desk.position.variables.get(chosen.part)
        part = branch.desk.ledger.find(known.part) if isinstance(known, PartRef) else None
        if part is not None:
            branch.desk.ledger.end(part, chosen.outcome)


def _retry(branch: Branch, step: Step, fault: Fault, chosen: Answer, *, person: bool) -> None:
    """Again, while there are attempts left and the precondition is known to hold."""
    retries = branch.desk.position.retries
    done = retries.get(step.address, 0)
    if person:
        retries.pop(step.address, None)
    elif done < chosen.times and (chosen.only_while is None or branch.true(chosen.only_while)):
        retries[step.address] = done + 1
    else:
        retries.pop(step.address, None)
        _carry_out(branch, step, fault, chosen.otherwise or HOLD)


def _set_aside(branch: Branch, step: Step, kind: str) -> None:
    """How the step is taken up when the cell goes on."""
    branch.desk.position.retries.pop(step.address, None)
    region = next(regions_of(branch.desk.program, step.address), None)
    if kind == "hold" and branch.cursor.resume != "doubt" and way_of(branch.desk, region, Pausing("hold")) == "retreat":
        branch.cursor.resume = "retreat"


def _react(branch: Branch, step: Step, fault: Fault, reaction: str) -> None:
    branch.park_soon()
    branch.desk.react(reaction, by_fault(step, fault, reaction, branch.desk.ledger))


def _ask(branch: Branch, step: Step, fault: Fault, chosen: Answer) -> None:
    choices = dict(chosen.choices) or {"retry": AGAIN, "stop": STOP}
    handlers = {label: _chosen(branch, step, fault, each) for label, each in choices.items()}
    _put(branch, step, fault, handlers)


def _ask_in_doubt(branch: Branch, step: Do, fault: Fault) -> None:
    """Nobody knows whether it was done, and the device could not tell: it is never redone silently."""
    handlers: dict[str, Callable[[], None]] = {
        "it was done": lambda: doing.accept(branch, step),
        "do it again": _chosen(branch, step, fault, AGAIN),
        "stop": _chosen(branch, step, fault, STOP),
    }
    _put(branch, step, fault, handlers)


def _chosen(branch: Branch, step: Step, fault: Fault, chosen: Answer) -> Callable[[], None]:
    return lambda: _carry_out(branch, step, fault, chosen, person=True)


def _put(branch: Branch, step: Step, fault: Fault, handlers: dict[str, Callable[[], None]]) -> None:
    """Ask, and hold the cell meanwhile. The choice takes effect at once; the branch goes on with the cell."""
    text = f"{step.text}: {fault.name}: {fault.message}"
    branch.park_soon()
    branch.desk.questions.ask(text, tuple(handlers), lambda label: handlers[label]())
    branch.desk.react("hold", asked(step, text, branch.desk.ledger))
