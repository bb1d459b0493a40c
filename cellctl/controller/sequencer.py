"""Runs a Program: starts its branches, pauses them together, and knows the position."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from cellctl import clock
from cellctl.controller.branch import Branch
from cellctl.controller.cursor import MAIN, Cursor, PartRef
from cellctl.controller.desk import Desk
from cellctl.controller.holding import Pausing, round_of
from cellctl.recipe.program import Address, Do, Fork


class Sequencer:
    """One run of a program, from ``desk.position`` on. It decides nothing about the unit's state."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.pausing: Pausing | None = None
        self.completing = False
        self.started = False
        self.goes_on = asyncio.Event()
        self.finished = asyncio.Event()
        self.jogged: set[str] = set()  # arms that a person was asked to move
        self._branches: dict[str, Branch] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._quiet = asyncio.Event()
        self._ended: dict[str, asyncio.Event] = {}
        self._unwatch = self._nothing

    # -- what the controller asks ------------------------------------------------------------

    def start(self) -> None:
        """Begin at the position."""
        self.started = True
        self._spawn(self.desk.position.cursors[MAIN])

    def pause(self, kind: Literal["hold", "suspend"], *, urgent: bool = False) -> None:
        """Bring every branch to rest: each by its region, or at once where it is urgent."""
        urgent = urgent or (self.pausing is not None and self.pausing.urgent)
        self.pausing = Pausing(kind, urgent)
        for branch in self._branches.values():
            branch.pause(self.pausing)
        self._look()

    async def quiet(self) -> None:
        """Wait until every branch is parked or has ended."""
        self._look()
        await self._quiet.wait()

    def resume(self) -> None:
        """Go on."""
        self.pausing = None
        self.jogged.clear()
        self.goes_on.set()
        self.goes_on = asyncio.Event()  # for the next pause

    def complete(self) -> None:
        """End of cycle: loops are left at their heads, the next part is not waited for."""
        if not self.completing:
            self.completing = True
            self._unwatch = self.desk.board.watch({"ledger"}, self._leave_waits)
            self._leave_waits()

    async def cancel(self) -> None:
        """End every branch where it is. The position stays as it was."""
        self._unwatch()
        tasks = [task for task in self._tasks.values() if not task.done()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def steps(self) -> tuple[dict[str, Any], ...]:
        """Where each branch is, since when (s of the loop), and what it waits for."""
        return tuple(
            {
                "branch": branch.name,
                "address": branch.cursor.address or "",
                "text": self._text(branch),
                "since": branch.since,
                "for": clock.now() - branch.since,
                "waits_for": branch.waits_for,
            }
            for branch in self._branches.values()
            if branch.cursor.address is not None and branch.leaf
        )

    def handlers_of(self, part: int) -> list[tuple[str, Address | None]]:
        """The branches in whose round a step handles the part, each with where it goes on without it."""
        program, variables = self.desk.program, self.desk.position.variables
        names = {name for name, value in variables.items() if isinstance(value, PartRef) and value.part == part}
        found: list[tuple[str, Address | None]] = []
        for branch in self._branches.values():
            way_out = round_of(program, branch.cursor.address or "")
            if (
                way_out is not None
                and branch.leaf
                and any(
                    isinstance(step, Do) and step.effect is not None and step.effect.part in names
                    for address, step in program.steps.items()
                    if address.startswith(f"{way_out[0]}/")
                )
            ):
                found.append((branch.name, way_out[1]))
        return found

    def send(self, name: str, target: Address | None) -> None:
        """A parked branch goes on elsewhere."""
        branch = self._branches[name]
        branch.go(target, self.desk.program.steps[branch.cursor.address or ""])

    # -- what branches tell ------------------------------------------------------------------

    async def run_branches(self, parent: Branch, step: Fork) -> None:
        """Run a fork's branches to their ends; those that a restored position has go on where they were."""
        position = self.desk.position
        if not position.children(parent.cursor):
            for number, address in enumerate(step.branches, 1):
                name = f"{step.address}#{number}"
                position.cursors[name] = Cursor(name, address, parent.name)
        children = position.children(parent.cursor)
        for cursor in children:
            self._spawn(cursor)
        for cursor in children:
            await self._ended[cursor.branch].wait()
        for cursor in children:
            del position.cursors[cursor.branch], self._branches[cursor.branch], self._ended[cursor.branch]

    def branch_parked(self) -> None:
        """A branch has come to rest."""
        self._look()

    def branch_ended(self, branch: Branch) -> None:
        """A branch has come to its end."""
        self._ended[branch.name].set()
        if branch.name == MAIN:
            self._unwatch()
            self.finished.set()
        self._look()

    # ----------------------------------------------------------------------------------------

    def _spawn(self, cursor: Cursor) -> None:
        branch = Branch(cursor, self.desk, self)
        self._branches[cursor.branch] = branch
        self._ended[cursor.branch] = asyncio.Event()
        self._tasks[cursor.branch] = self.desk.spawn(f"branch {cursor.branch}", branch.run())

    def _look(self) -> None:
        if any(self._busy(branch) for branch in self._branches.values()):
            self._quiet.clear()
        else:
            self._quiet.set()

    def _busy(self, branch: Branch) -> bool:
        if branch.parked or self._ended[branch.name].is_set():
            return False
        children = [one for one in self._branches.values() if one.cursor.parent == branch.name]
        return branch.leaf or all(self._ended[one.name].is_set() for one in children)

    def _leave_waits(self) -> None:
        for branch in self._branches.values():
            branch.leave_wait()

    def _text(self, branch: Branch) -> str:
        step = self.desk.program.steps.get(branch.cursor.address or "")
        return step.text if step is not None else ""

    @staticmethod
    def _nothing() -> None:
        """Nobody watches yet."""
