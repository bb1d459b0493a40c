"""Getting the arm out of a region by the cell's retreat moves; then the region starts again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellctl.controller.belts import forget
from cellctl.controller.doing import stop_device
from cellctl.controller.holding import regions_of, round_of, steps_in
from cellctl.controller.interrupts import Interrupted
from cellctl.controller.steps import leave_zones
from cellctl.devices import Robot
from cellctl.errors import CellError
from cellctl.events import StepChanged
from cellctl.motion.pose import Pose
from cellctl.recipe.cell import Retreat
from cellctl.recipe.program import Address, Do, Region

if TYPE_CHECKING:
    from cellctl.controller.branch import Branch

JOINT_SPEED = 0.5  # rad/s; a retreat to a taught position is slow
JOGGED = "the arm stands clear"


async def retreat(branch: Branch) -> None:
    """Bring the region's arms away and set the cursor to the region's first step.

    An arm that has not moved since the region began stands where it stood before. Outside of every region
    (at the start of a run that follows a broken one) all arms are brought away, and the step comes next.
    Raises Interrupted (an arm has been stopped; ``resume`` still says retreat) and Fault.
    """
    program, region = branch.desk.program, _region(branch)
    arms = {
        step.device
        for step in (steps_in(program, region) if region is not None else program.steps.values())
        if isinstance(step, Do) and isinstance(branch.desk.devices[step.device], Robot)
    }
    if branch.cursor.moved:
        for name in sorted(arms):
            await _clear(branch, region.address if region is not None else "(start)", name)
    if region is not None:
        _start_again(branch, region)
    branch.cursor.resume, branch.cursor.moved = "again", False


def _region(branch: Branch) -> Region | None:
    """The innermost region around the cursor that is left by retreating; None outside of every region."""
    regions = list(regions_of(branch.desk.program, branch.cursor.address))
    return next((one for one in regions if "retreat" in (one.before_grip, one.after_grip)), next(iter(regions), None))


def _start_again(branch: Branch, region: Region) -> None:
    desk = branch.desk
    inside = frozenset(step.address for step in steps_in(desk.program, region))
    forget(branch, inside)
    for counts in (desk.position.loops, desk.position.retries):
        for address in inside & counts.keys():
            del counts[address]
    here, target = branch.cursor.address, _look_again(branch, region) or region.first
    leave_zones(branch, desk.program.steps[here or region.first], target)
    branch.cursor.last, branch.cursor.address = here, target


def _look_again(branch: Branch, region: Region) -> Address | None:
    """The step in the same loop that saw the part which the region is about to grip.

    Somebody may have touched the part while the cell stood, so where it lies is found anew.
    """
    desk = branch.desk
    here = round_of(desk.program, region.address)
    steps = [step for step in desk.program.steps.values() if isinstance(step, Do) and step.effect is not None]
    inside = {step.address for step in steps_in(desk.program, region)}
    wanted = {s.effect.part for s in steps if s.effect is not None and s.effect.verb == "holds" and s.address in inside}
    looks = [
        step.address
        for step in steps
        if step.effect is not None and step.effect.verb == "takes" and step.effect.part in wanted
        and round_of(desk.program, step.address) == here
    ]  # fmt: skip
    return looks[0] if len(looks) == 1 else None


async def _clear(branch: Branch, place: Address, name: str) -> None:
    arm = branch.desk.devices[name]
    assert isinstance(arm, Robot), "only arms retreat"
    entry = _entry(branch.desk.cell.retreats, arm.pose())
    if entry is None or entry.ask_to_jog:
        _ask_to_jog(branch, name, "no retreat move is known for where it stands")
        return
    for move in entry.moves:
        try:
            await _move(branch, place, arm, move, entry.speed)
        except Interrupted:
            await stop_device(branch, name)
            raise
        except CellError as error:
            _ask_to_jog(branch, name, str(error))
            return


def _entry(retreats: tuple[Retreat, ...], pose: Pose) -> Retreat | None:
    """The first retreat whose box has the tool point in it; one without a box is for anywhere else."""
    point = pose[:3]
    for entry in retreats:
        if entry.box is None or all(low <= at <= high for at, (low, high) in zip(point, entry.box, strict=True)):
            return entry
    return None


async def _move(branch: Branch, place: Address, arm: Robot, move: float | str, speed: float) -> None:
    if isinstance(move, str):
        target = branch.desk.cell.positions[move].target
        command: dict[str, object] = {"device": arm.name, "action": "move", "to": move}
        text = f"{arm.name}.move to {move}"
        work = arm.move(target, JOINT_SPEED)
    else:
        goal = arm.pose().above(move)
        command = {"device": arm.name, "action": "move_linear", "to": goal}
        text = f"{arm.name}.move_linear up {move * 1000:g} mm"
        work = arm.move_linear(goal, speed)
    branch.waits_for = f"{text} to be confirmed (retreat)"
    address = f"{place}/(retreat)"
    event = StepChanged(address=address, text=text, phase="intent", branch=branch.name)
    try:
        await branch.desk.bulletin.tell_durably(event, command=command)
    except BaseException:
        work.close()
        raise
    await branch.race(work)
    branch.desk.bulletin.tell(StepChanged(address=address, text=text, phase="done", branch=branch.name))


def _ask_to_jog(branch: Branch, name: str, why: str) -> None:
    """A person must bring the arm away; the region starts again when that is said and the cell goes on."""
    from cellctl.controller.causes import asked

    desk, step = branch.desk, branch.desk.program.steps[branch.cursor.address or ""]
    text = f"{name} cannot retreat: {why}. Jog it clear of everything"
    branch.sequencer.jogged.add(name)
    branch.park_soon()
    desk.questions.ask(text, (JOGGED,), lambda _: None)
    desk.react("hold", asked(step, text, desk.ledger))
