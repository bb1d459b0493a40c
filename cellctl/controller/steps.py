"""How each kind of step is carried out. Each executor gives the address to go on at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellctl import clock
from cellctl.controller import doing
from cellctl.controller.causes import asked
from cellctl.controller.interrupts import Fault, until
from cellctl.controller.ledger import StationFull
from cellctl.recipe.expressions import EvaluationError
from cellctl.recipe.program import Address, Ask, Choose, Do, Fork, Repeat, Set, Step, Wait, Zone

if TYPE_CHECKING:
    from cellctl.controller.branch import Branch


async def execute(branch: Branch, step: Step) -> Address | None:
    """Carry out a step. Raises Fault and Interrupted."""
    try:
        match step:
            case Do():
                return await doing.act(branch, step)
            case Wait():
                return await _wait(branch, step)
            case Set():
                return await _set(branch, step)
            case Choose():
                return await _choose(branch, step)
            case Repeat():
                return await _repeat(branch, step)
            case Fork():
                return await _fork(branch, step)
            case Zone():
                return await _zone(branch, step)
            case Ask():
                return await _ask(branch, step)
            case _:
                raise TypeError(f"nobody knows how to carry out {type(step).__name__} {step.address}")
    except StationFull as full:
        raise Fault("station_full", full.message, hint=full.hint, error=full) from full
    except EvaluationError as error:
        raise Fault("no_value", error.message, hint="Correct the recipe", error=error) from error


async def _wait(branch: Branch, step: Wait) -> Address | None:
    branch.tell(step, "waiting", told(branch, step))
    try:
        with doing.watching(branch, step):
            if step.seconds is not None:
                seconds = float(await branch.know(step.seconds, step.within))
                branch.waits_for = f"{seconds:g} s to pass"
                await branch.race(clock.sleep(seconds), step.within)
            if step.until is not None:
                branch.waits_for = told(branch, step)
                await branch.hope(step.until, step.within)
    except TimeoutError as error:
        state = told(branch, step)
        raise Fault("timeout", f"not within {step.within:g} s: {state}", hint=f"It waits for {state}") from error
    branch.tell(step, "done")
    return step.next


def told(branch: Branch, step: Wait) -> str:
    """What a wait waits for, with what its signals are now."""
    if step.until is None:
        return "time to pass"
    values, sensors = branch.desk.values.explain(step.until)
    detail = "; ".join(part for part in (values, sensors) if part)
    return f"{step.until} ({detail})" if detail else str(step.until)


async def _set(branch: Branch, step: Set) -> Address | None:
    values = {name: await branch.know(expr) for name, expr in step.values.items()}
    branch.desk.position.variables.update(values)
    branch.desk.board.changed("variables")
    return step.next


async def _choose(branch: Branch, step: Choose) -> Address | None:
    for condition, target in step.branches:
        if await branch.know(condition):
            return target
    return step.otherwise


async def _repeat(branch: Branch, step: Repeat) -> Address | None:
    position = branch.desk.position
    begun = position.loops.get(step.address, 0)
    done = branch.sequencer.completing
    if not done and step.times is not None:
        done = begun >= int(await branch.know(step.times))
    if not done and step.until is not None:
        done = bool(await branch.know(step.until))
    if done:
        position.loops.pop(step.address, None)
        return step.next
    position.loops[step.address] = begun + 1
    if step.index is not None:
        position.variables[step.index] = begun + 1
        branch.desk.board.changed("variables")
    return step.body


async def _fork(branch: Branch, step: Fork) -> Address | None:
    branch.waits_for = f"its {len(step.branches)} branches"
    await branch.sequencer.run_branches(branch, step)
    return step.next


async def _zone(branch: Branch, step: Zone) -> Address | None:
    zones = branch.desk.position.zones
    if step.verb == "leave":
        if zones.get(step.zone) == branch.name:
            del zones[step.zone]
            branch.desk.board.changed("zones")
        return step.next

    def enter() -> bool | None:
        if zones.setdefault(step.zone, branch.name) == branch.name:
            return True
        branch.waits_for = f"zone {step.zone}, which branch {zones[step.zone]} is in"
        return None

    try:
        await branch.race(until(branch.desk.board, frozenset({"zones"}), enter), step.within)
    except TimeoutError as error:
        raise Fault("timeout", f"not within {step.within:g} s: {branch.waits_for}") from error
    return step.next


def leave_zones(branch: Branch, step: Step, target: Address | None) -> None:
    """Leave the zones that were entered around ``step`` and not around ``target``."""
    desk = branch.desk
    for entered in [one for one in desk.program.steps.values() if isinstance(one, Zone) and one.verb == "enter"]:
        inside = f"{entered.address.rpartition('/')[0]}/"
        mine = desk.position.zones.get(entered.zone) == branch.name
        if mine and step.address.startswith(inside) and not (target or "").startswith(inside):
            del desk.position.zones[entered.zone]
            desk.board.changed("zones")


async def _ask(branch: Branch, step: Ask) -> Address | None:
    """Hold the cell and ask; the answer sets where the branch goes on once the cell does."""

    def choose(choice: str) -> None:
        branch.advance(step, step.choices[choice])
        branch.tell(step, "done", choice)

    branch.tell(step, "waiting", step.question)
    branch.park_soon()
    branch.desk.questions.ask(step.question, tuple(step.choices), choose)
    branch.desk.react("hold", asked(step, step.question, branch.desk.ledger))
    return step.address
