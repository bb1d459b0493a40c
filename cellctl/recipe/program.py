"""The checked Program: a plain, serialisable graph of steps with stable addresses.

The checker makes it, the sequencer runs it, screens show it. Operations (``pick``, ``place``) have
been expanded, roles are bound to devices, and every fault that can come has its answer in the
step that it can come from. A position in it is a handful of addresses and values, so it can be
written down and returned to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cellctl.recipe.expressions import Expr

Address = str  # "sort/pick/3": names and numbers from the outside in, stable while the file's order is


@dataclass(frozen=True, slots=True)
class Mark:
    """Where in which file something is written; lines and columns count from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What is done about a fault.

    retry    run the step again, ``times`` at most and only while ``only_while`` is true; else ``otherwise``
    goto     go on at ``target`` (another way; the next iteration; past this step)
    hold     hold the cell; Unhold starts the step's region again
    ask      hold the cell and ask a person; ``choices`` are the answers by label
    suspend  suspend; Unsuspend runs the step again
    stop, abort   end the run
    """

    then: Literal["retry", "goto", "hold", "ask", "suspend", "stop", "abort"]
    target: Address | None = None
    times: int = 0
    only_while: Expr | None = None
    otherwise: Answer | None = None
    choices: Mapping[str, Answer] = field(default_factory=dict[str, "Answer"])
    part: str | None = None  # the variable whose part has met …
    outcome: Literal["missed", "dropped", "rejected", "removed"] | None = None  # … this end


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What every step has. ``next`` is None only at the end of the program and of a parallel branch.

    ``answers`` holds one entry for every fault that the step can raise: those that its capability
    declares, those of ``watch``, ``timeout`` where ``within`` is given, ``unverified`` where ``verify`` is.
    """

    address: Address
    text: str  # as a person reads it: "arm.move_linear to above(part.pose, 80 mm)"
    mark: Mark
    next: Address | None = None
    region: Address | None = None  # the innermost Region that it belongs to
    within: float | None = None  # s
    verify: Expr | None = None
    watch: Mapping[str, Expr] = field(default_factory=dict[str, Expr])  # fault -> condition, while it runs
    answers: Mapping[str, Answer] = field(default_factory=dict[str, Answer])


@dataclass(frozen=True, slots=True, kw_only=True)
class PartEffect:
    """What the confirmed step did to a part: recorded together with its result.

    takes   a new part was seen; its fields come from the step's result; now at ``station``
    holds   it is in the hand of ``device``
    places  it lies in the next free slot of ``station``
    """

    verb: Literal["takes", "holds", "places"]
    part: str
    station: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Do(Step):
    """Ask a device for an action and wait until it is confirmed."""

    role: str
    device: str
    capability: str
    action: str
    arguments: Mapping[str, Expr]
    moves: bool
    result: str | None = None  # the variable that takes the result record
    effect: PartEffect | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(Step):
    """Wait until a condition is true, or for a time."""

    until: Expr | None = None
    seconds: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Set(Step):
    """Give variables new values, all computed before the first is given."""

    values: Mapping[str, Expr]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose(Step):
    """Go on at the first branch whose condition is true, else at ``otherwise``."""

    branches: tuple[tuple[Expr, Address], ...]
    otherwise: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat(Step):
    """The head of a loop, visited before each iteration: on to ``body``, or to ``next`` when done.

    Complete (end of cycle) leaves the loop here too.
    """

    body: Address
    until: Expr | None = None
    times: Expr | None = None
    index: str | None = None  # the variable that counts the iterations from 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork(Step):
    """Run branches side by side, and go on at ``next`` when each of them has come to its end."""

    branches: tuple[Address, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone(Step):
    """Enter (waiting until it is free) or leave a zone that only one branch may be in."""

    zone: str
    verb: Literal["enter", "leave"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Step):
    """Ask a person; each answer names where to go on. The cell is held meanwhile."""

    question: str
    choices: Mapping[str, Address]


@dataclass(frozen=True, slots=True)
class Region:
    """Steps that Hold treats as one: before the part is in the hand, and after.

    finish   run on to the region's end, then Held
    retreat  stop, retreat by the cell's moves, Held; Unhold starts the region again at ``first``
    pause    stop where it is, Held; Unhold runs the step again (commands are idempotent)
    """

    address: Address
    first: Address
    before_grip: Literal["finish", "retreat", "pause"]
    after_grip: Literal["finish", "retreat", "pause"]
    parent: Address | None = None


@dataclass(frozen=True, slots=True)
class PartSpec:
    """The part that a recipe handles (SI)."""

    mass: float
    width: float
    tolerance: float


@dataclass(frozen=True, slots=True)
class Program:
    """A recipe, checked against a cell and bound to its devices."""

    recipe: str
    version: int
    digest: str  # SHA-256 of the recipe, the cell, its overlays and the bindings
    first: Address
    steps: Mapping[Address, Step]
    regions: Mapping[Address, Region]
    parameters: Mapping[str, float | bool | int | str]
    bindings: Mapping[str, str]  # role -> the cell's name for it (device, station, position, signal)
    part: PartSpec | None = None
