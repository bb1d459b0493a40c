"""What Hold and Suspend do to a branch: by the region that it is in, and whether the part is in the hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cellctl.controller.cursor import Cursor, PartRef
from cellctl.controller.desk import Desk
from cellctl.recipe.program import Address, Do, Fork, Program, Region, Repeat, Step

Way = Literal["finish", "retreat", "pause"]


@dataclass(frozen=True, slots=True)
class Pausing:
    """The cell is being paused. ``urgent``: at once, wherever a branch is (a guard has opened)."""

    kind: Literal["hold", "suspend"]
    urgent: bool = False


def regions_of(program: Program, address: Address | None) -> Iterator[Region]:
    """The regions that a step is in, the innermost first."""
    step = program.steps.get(address) if address is not None else None
    name = step.region if step is not None else None
    while name is not None:
        region = program.regions[name]
        yield region
        name = region.parent


def steps_in(program: Program, region: Region) -> Iterator[Step]:
    """The steps of a region, those of regions inside it too."""
    for step in program.steps.values():
        if any(one.address == region.address for one in regions_of(program, step.address)):
            yield step


def open_region(program: Program, cursor: Cursor) -> Region | None:
    """The region that the branch is in the midst of: begun, and not at its first step again."""
    before = {region.address for region in regions_of(program, cursor.last)}
    for region in regions_of(program, cursor.address):
        if region.address in before and region.first != cursor.address:
            return region
    return None


def enters_region(program: Program, cursor: Cursor) -> bool:
    """Whether the step that is next begins a region, or begins it again."""
    region = next(regions_of(program, cursor.address), None)
    if region is None:
        return False
    before = {one.address for one in regions_of(program, cursor.last)}
    return region.address not in before or region.first == cursor.address


def gripped(desk: Desk, region: Region) -> bool:
    """Whether the part that the region is about is in the hand."""
    variables = {
        step.effect.part
        for step in steps_in(desk.program, region)
        if isinstance(step, Do) and step.effect is not None and step.effect.verb != "takes"
    }
    if not variables:
        return bool(desk.ledger.in_hand())
    values = (desk.position.variables.get(name) for name in variables)
    parts = [desk.ledger.find(value.part) for value in values if isinstance(value, PartRef)]
    return any(part is not None and part.fate == "held" for part in parts)


def way_of(desk: Desk, region: Region | None, pausing: Pausing) -> Way:
    """What a branch in that region does when the cell is paused. Suspend needs no retreat: it finishes."""
    if region is None:
        return "pause"
    way = region.after_grip if gripped(desk, region) else region.before_grip
    return "finish" if way == "retreat" and pausing.kind == "suspend" else way


def cuts(desk: Desk, step: Step, pausing: Pausing) -> bool:
    """Whether a step that is running is cut short. What changes where a part is runs on unless it is urgent."""
    if pausing.urgent:
        return True
    if isinstance(step, Do) and (step.effect is not None or pausing.kind == "suspend"):
        return False
    region = next(regions_of(desk.program, step.address), None)
    return way_of(desk, region, pausing) != "finish"


def loop_around(program: Program, address: Address) -> Address | None:
    """The head of the innermost loop that a step is in."""
    heads = [
        head
        for head, step in program.steps.items()
        if isinstance(step, Repeat) and head != address and address.startswith(f"{head}/")
    ]
    return max(heads, key=len, default=None)


def round_of(program: Program, address: Address) -> tuple[Address, Address | None] | None:
    """What a branch that is at ``address`` gives up where it leaves its round, and where it goes on then.

    The steps below the first address; the head of their loop. A fork inside the loop: the fork's branch
    ends (None), and the loop goes on when the other branches have ended too. None where there is no loop.
    """
    head = loop_around(program, address)
    if head is None:
        return None
    fork = max((one for one, step in program.steps.items() if isinstance(step, Fork) and address.startswith(f"{one}/")),
               key=len, default="")  # fmt: skip
    if len(fork) < len(head):
        return head, head
    return f"{fork}/{address.removeprefix(f'{fork}/').partition('/')[0]}", None
