"""Asking a device for an action: intent, command, watch, confirmation, verification, result."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

from cellctl.controller.cursor import PartRef
from cellctl.controller.interrupts import Fault, Interrupted, bounded
from cellctl.devices import Robot
from cellctl.errors import CellError, DeviceFault, InDoubt, JournalError, LinkError, NotReady
from cellctl.events import StepChanged
from cellctl.motion.pose import Pose
from cellctl.recipe.expressions import Stale
from cellctl.recipe.program import Address, Do, Step

if TYPE_CHECKING:
    from cellctl.controller.branch import Branch

VERIFY_WITHIN = 1.0  # s for the signals to show what was confirmed: several polls of the slowest device
STOP_WITHIN = 3.0  # s for a device to confirm that it stands
_OVER = Pose(rx=math.pi)


async def act(branch: Branch, step: Do) -> Address | None:
    """Carry out an action. Raises Fault and Interrupted; the device has been told to stop then."""
    if branch.cursor.resume == "doubt":
        branch.cursor.resume = "again"
        done = await _found_done(branch, step)
        if done:
            return _settle(branch, step, None, "found done")
        if done is None and step.capability == "gripper":
            text = "it was cut short, and nothing tells whether it was done"
            raise Fault("in_doubt", text, hint=f"Look at {step.device}")
    arguments = {name: await branch.know(expr, step.within) for name, expr in step.arguments.items()}
    branch.waits_for = f"{step.device}.{step.action} to be confirmed"
    await _tell_intent(branch, step, arguments)
    result = await _command(branch, step, arguments)
    if step.verify is not None and not await _verified(branch, step):
        values, _ = branch.desk.values.explain(step.verify)
        raise Fault("unverified", f"it was confirmed, but {step.verify} is not true: {values}", hint="Look at the cell")
    return _settle(branch, step, result)


async def repeat(branch: Branch, step: Do) -> None:
    """Carry out an action that was done before once more (a belt that a pause has stopped); the cursor stays."""
    arguments = {name: await branch.know(expr, step.within) for name, expr in step.arguments.items()}
    branch.waits_for = f"{step.device}.{step.action} to be confirmed again"
    await _tell_intent(branch, step, arguments)
    await _command(branch, step, arguments)
    branch.tell(step, "done", "once more after the pause")


async def _tell_intent(branch: Branch, step: Do, arguments: Mapping[str, Any]) -> None:
    event = StepChanged(address=step.address, text=step.text, phase="intent", branch=branch.name)
    command = {"device": step.device, "action": step.action, "arguments": arguments}
    try:
        await branch.desk.bulletin.tell_durably(event, position=branch.desk.position.to_json(), command=command)
    except JournalError as error:
        raise Fault("not_recorded", error.message, hint=error.hint, error=error) from error


async def _command(branch: Branch, step: Do, arguments: Mapping[str, Any]) -> Any:
    device = branch.desk.devices[step.device]
    branch.cursor.moved = branch.cursor.moved or (step.moves and isinstance(device, Robot))
    try:
        with watching(branch, step):
            return await branch.race(getattr(device, step.action)(**arguments), step.within)
    except TimeoutError as error:
        await stop_device(branch, step.device)
        late = f"{step.device}.{step.action} was not confirmed within {step.within:g} s"
        raise Fault("timeout", late, hint=f"Look at {step.device}, then Unhold") from error
    except Interrupted:
        await stop_device(branch, step.device)
        raise
    except Fault:  # one of its watch
        await stop_device(branch, step.device)
        raise
    except InDoubt as error:
        if step.verify is not None and await _verified(branch, step):
            return None
        await stop_device(branch, step.device)
        raise Fault("in_doubt", error.message, hint=error.hint, error=error) from error
    except LinkError as error:
        await stop_device(branch, step.device)
        raise _as_fault(branch, step, error) from error
    except CellError as error:
        raise _as_fault(branch, step, error) from error


def _as_fault(branch: Branch, step: Do, error: CellError) -> Fault:
    match error:
        case DeviceFault():
            name = error.fault
        case NotReady():
            name = "not_ready"
        case LinkError():
            name = "link"
            branch.cursor.resume = "doubt"  # it may have been done; a person's Unhold looks first
        case _:
            name = "error"
    return Fault(name, error.message, hint=error.hint, error=error)


@contextlib.contextmanager
def watching(branch: Branch, step: Step) -> Generator[None, None, None]:
    """While this is open, a condition of the step's ``watch`` that becomes true cuts the step short by its fault.

    Raises Fault at once for one that is true already. A stale one is neither true nor false.
    """
    desk = branch.desk

    def fault(name: str) -> Fault:
        values, sensors = desk.values.explain(step.watch[name])
        return Fault(name, f"{step.watch[name]}: {values}", hint=f"Look at {sensors}" if sensors else "")

    def look() -> None:
        try:
            for name, condition in step.watch.items():
                if branch.true(condition):
                    branch.cut(fault(name))
        except CellError as error:  # belongs to the step, not to the device that told the signal
            branch.cut(Fault("no_value", error.message, hint="Correct the recipe", error=error))

    for name, condition in step.watch.items():
        if branch.true(condition):
            raise fault(name)
    keys = {key for condition in step.watch.values() for key in desk.values.sources(condition)}
    unwatch = desk.board.watch(keys, look)
    try:
        yield
    finally:
        unwatch()


async def stop_device(branch: Branch, name: str) -> None:
    """Tell a device to stop, controlled; a note where it does not confirm."""
    error = await bounded(branch.desk.devices[name].stop(fast=False), STOP_WITHIN)
    if error is not None:
        branch.desk.bulletin.note("error", f"{name} did not confirm its stop: {error}")


async def _found_done(branch: Branch, step: Do) -> bool | None:
    """Whether a step that was cut short was done all the same; None where the devices cannot tell.

    A step that is known not to be done may be done again, and so may every "go to" and "be at": they
    are idempotent. What takes or lets go of a part is not done again on a doubt.
    """
    if step.verify is None:
        return None
    if await _verified(branch, step):
        return True
    try:
        return bool(step.verify.evaluate(branch.desk.values.lookup))
    except Stale:
        return None


async def _verified(branch: Branch, step: Step) -> bool:
    """Whether ``verify`` is true, or becomes so while the signals catch up."""
    assert step.verify is not None, "asked only where there is one"
    branch.waits_for = f"{step.verify} to be seen"
    try:
        await branch.hope(step.verify, VERIFY_WITHIN)
    except TimeoutError:
        return False
    return True


def _settle(branch: Branch, step: Do, result: Mapping[str, Any] | None, detail: str = "") -> Address | None:
    """The action is done: its result, what it did to a part, the cursor and the record, in one go."""
    desk = branch.desk
    record = _in_base_frame(branch, step, result) if result is not None else {}
    if step.result is not None:
        desk.position.variables[step.result] = dict(record)
    _note_belt(branch, step)
    more = _apply_effect(branch, step, record)
    desk.board.changed("variables")
    branch.advance(step, step.next)
    branch.tell(step, "done", detail or _brief(record), **more)
    return step.next


def accept(branch: Branch, step: Do) -> None:
    """A person says that the step in doubt was done."""
    _settle(branch, step, None, "a person says it was done")


def _note_belt(branch: Branch, step: Do) -> None:
    if step.capability == "conveyor":
        if step.action == "advance":
            branch.desk.position.belts[step.device] = (branch.name, step.address)
        else:
            branch.desk.position.belts.pop(step.device, None)


def _apply_effect(branch: Branch, step: Do, record: Mapping[str, Any]) -> dict[str, Any]:
    effect = step.effect
    if effect is None:
        return {}
    ledger, variables = branch.desk.ledger, branch.desk.position.variables
    known = variables.get(effect.part)
    part = ledger.find(known.part) if isinstance(known, PartRef) else None
    if effect.verb == "takes":
        station = effect.station or step.device
        if part is not None and part.fate == "seen" and part.place == station:
            ledger.see_again(part, record)
        else:
            part = ledger.see(station, record, branch.desk.program.part)
            variables[effect.part] = PartRef(part.id)
    elif part is None:
        raise Fault("no_value", f"{effect.part} stands for no part yet", hint="Correct the recipe")
    elif effect.verb == "holds":
        ledger.hold(part, step.device)
    else:
        ledger.put(part, effect.station or step.device)
    return {"effect": {"verb": effect.verb, "part": part.id, "place": part.where(), "fate": part.fate}}


def _in_base_frame(branch: Branch, step: Do, result: Mapping[str, Any]) -> dict[str, Any]:
    """A result with its poses in the base frame, turned so that a tool can take what lies there.

    A camera's frame may have its z axis up (the table's) or down (the camera's own view); the tool
    comes from above either way, so its z axis points down.
    """
    cell = branch.desk.cell
    frame = cell.frames.get(branch.desk.devices[step.device].config.frame or "")
    found = dict(result)
    for name, value in result.items():
        if isinstance(value, Pose) and frame is not None:
            pose = frame @ value
            upward = pose.point(0.0, 0.0, 1.0)[2] > pose.z
            found[name] = pose @ _OVER if upward else pose
    return found


def _brief(record: Mapping[str, Any]) -> str:
    plain = {name: value for name, value in record.items() if isinstance(value, bool | int | str)}
    return ", ".join(f"{name} {value}" for name, value in plain.items())
