"""Belts that a branch has set running: they stop when it parks, and run again before it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellctl.controller import doing
from cellctl.recipe.program import Address, Do, Step, Wait

if TYPE_CHECKING:
    from cellctl.controller.branch import Branch


def running(branch: Branch) -> dict[str, Address]:
    """The branch's belts, and the step that set each running."""
    belts = branch.desk.position.belts
    return {device: address for device, (owner, address) in belts.items() if owner == branch.name}


async def stop(branch: Branch) -> None:
    """Stop the branch's belts; they stay on its list."""
    for device in running(branch):
        await doing.stop_device(branch, device)


def forget(branch: Branch, inside: frozenset[Address] | None = None) -> None:
    """Do not set the belts running again (of the steps ``inside`` only, where given)."""
    for device, address in running(branch).items():
        if inside is None or address in inside:
            del branch.desk.position.belts[device]


async def restart(branch: Branch, step: Step) -> None:
    """After a pause: run the steps again that set the belts running, unless what they ran for is there.

    A belt that never stopped is confirmed by the device: ``position.belts`` is looked at only when the
    branch has been parked since.
    """
    if not branch.belts_due:
        return
    branch.belts_due = False
    if isinstance(step, Wait) and step.until is not None and branch.true(step.until):
        forget(branch)
        return
    for address in running(branch).values():
        again = branch.desk.program.steps[address]
        if isinstance(again, Do) and address != step.address:
            branch.belts_due = True  # until it is done: it may be cut short again
            await doing.repeat(branch, again)
            branch.belts_due = False
