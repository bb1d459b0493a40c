"""The unit: what the controller's parts act on together. Only the controller's loop touches it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from cellctl import clock
from cellctl.controller.board import Board
from cellctl.controller.bulletin import Bulletin
from cellctl.controller.cursor import MAIN, Position
from cellctl.controller.desk import Desk
from cellctl.controller.fleet import Fleet
from cellctl.controller.interlocks import Interlocks, Trip
from cellctl.controller.ledger import Ledger, Part
from cellctl.controller.machine import UnitMachine
from cellctl.controller.questions import Questions
from cellctl.controller.sequencer import Sequencer
from cellctl.controller.supervisor import Supervisor
from cellctl.controller.values import CellValues, RunValues
from cellctl.devices import Device, Joints
from cellctl.errors import CellError, JournalError
from cellctl.events import PartChanged, RunChanged, Stopped
from cellctl.journal import Journal
from cellctl.recipe.cell import Cell
from cellctl.recipe.program import Address, Program, Step

STATIONS = "stations"  # the kind of record that says how many parts lie in each station


class Reactions(Protocol):
    """How the parts of the unit make it change its state."""

    def react(self, reaction: str, cause: Stopped) -> None:
        """Carry out hold, suspend, stop or abort; harder where the softer one is not legal."""
        ...

    def tripped(self, trip: Trip) -> None:
        """An interlock has tripped."""
        ...

    def unconfirmed(self, device: Device, error: CellError) -> None:
        """A device has not confirmed that it stands: whatever came first, that is the cause now."""
        ...


class Unit:
    """One cell at work: its parts, its run, and what a pause has to find again."""

    def __init__(
        self, cell: Cell, program: Program | None, devices: Mapping[str, Device], journal: Journal,
        *, machine: UnitMachine, supervisor: Supervisor, reactions: Reactions,
    ) -> None:  # fmt: skip
        self.cell = cell
        self.program = program
        self.machine = machine
        self.supervisor = supervisor
        self.react = reactions.react
        self.unconfirmed = reactions.unconfirmed
        self.bulletin = Bulletin(journal)
        self.board = Board()
        self.fleet = Fleet(devices, self.bulletin)
        self.questions = Questions(self.bulletin)
        self.interlocks = Interlocks(CellValues(cell, devices), self.board, reactions.tripped)
        self.ledger = Ledger(cell.stations, self._tell_part)
        self.sequencer: Sequencer | None = None
        self.position: Position | None = None
        self.paused_at: dict[str, Joints] = {}  # where the arms were left
        self.unfinished: dict[str, Any] | None = None  # the run that a crash left behind
        self.readying: asyncio.Task[None] | None = None  # Reset in a pause
        self._begun = False
        self._broken_off = False  # the last run did not come to its end: nobody knows what the arms stand amidst

    @property
    def is_readying(self) -> bool:
        """Whether devices are made ready in a pause, or come to rest because that was broken off."""
        return self.readying is not None and not self.readying.done()

    @property
    def journal(self) -> Journal:
        """Where decisions are made durable."""
        return self.bulletin.journal

    # -- the run -----------------------------------------------------------------------------

    async def begin_run(self) -> None:
        """A new run, recorded before anything of it happens. Raises JournalError."""
        program = self.program
        assert program is not None, "Start is refused where there is no recipe"
        if not self._begun:  # else Starting was cut short after the record
            await self._record_run(program)
        self.paused_at = {}
        position = Position.start(program)
        if self._broken_off and self.cell.retreats:
            position.cursors[MAIN].resume, position.cursors[MAIN].moved = "retreat", True
        self.resume_run(position)

    async def _record_run(self, program: Program) -> None:
        run = f"{program.recipe} {clock.wall()}"
        self.ledger.begin(run)
        event = RunChanged(run=run, recipe=program.recipe, version=program.version, digest=program.digest)
        parameters = dict(program.parameters)
        self.bulletin.run, self._begun = run, True
        try:
            await self.bulletin.tell_durably(event, run=run, parameters=parameters, bindings=dict(program.bindings))
        except JournalError:
            self.bulletin.run, self._begun = "", False
            raise

    def resume_run(self, position: Position) -> None:
        """The run goes on from a position; the ledger is as it was then. Nothing begins before Execute."""
        program = self.program
        assert program is not None, "there is a run only where there is a recipe"
        self.position = position
        values = RunValues(self.cell, self.fleet.devices, program, self.ledger, position.variables)
        self.sequencer = Sequencer(
            Desk(
                self.cell, program, self.fleet.devices, self.ledger, position, values, self.board,
                self.bulletin, self.questions, self.react, self.supervisor.spawn,
            )
        )  # fmt: skip

    def step_at(self, address: Address | None) -> Step | None:
        """The step of that address, None for the end or where there is no recipe."""
        return self.program.steps.get(address) if self.program is not None and address is not None else None

    def end_run(self, result: str) -> None:
        """The run is over; its position stays to be looked at."""
        if self._begun and self.program is not None:
            self._begun, self._broken_off = False, result != "complete"
            position = self.position.to_json() if self.position is not None else {}
            self.bulletin.tell(self.run_changed(result), position=position)
            self.bulletin.run = ""
        self.sequencer = None

    def run_changed(self, result: str) -> RunChanged:
        """The run with its counts until now."""
        assert self.program is not None, "there is a run only where there is a recipe"
        return RunChanged(
            run=self.bulletin.run, recipe=self.program.recipe, version=self.program.version,
            digest=self.program.digest, result=result, counts=self.ledger.counts(),
            cycle_time=self.ledger.cycle_time(),
        )  # fmt: skip

    async def close_unfinished(self) -> None:
        """A person's Reset: the run that a crash left behind is over. Raises JournalError."""
        if self.unfinished is None:
            return
        left = self.unfinished
        event = RunChanged(
            run=str(left.get("run", "")), recipe=str(left.get("recipe", "")), version=int(left.get("version", 0)),
            digest=str(left.get("digest", "")), result="aborted",
        )  # fmt: skip
        await self.bulletin.tell_durably(event, run=event.run)
        self.unfinished, self._broken_off = None, True

    # -- what is told ------------------------------------------------------------------------

    def _tell_part(self, part: Part) -> None:
        event = PartChanged(part=part.id, place=part.where(), fate=part.fate, good=part.good, code=part.code)
        self.bulletin.tell(event, run=part.run)
        if part.fate in ("placed", "rejected"):
            self.note_stations()
        self.board.changed("ledger")

    def note_stations(self) -> None:
        """Record what lies where: the next controller begins from there."""
        self.journal.post(STATIONS, self.ledger.lying())
