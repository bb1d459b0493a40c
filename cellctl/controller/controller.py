"""The controller: one writer. Commands and trips come in, decisions go out; nothing here touches a wire itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from cellctl.controller.activities import ACTIVITIES
from cellctl.controller.causes import by_journal, by_mistake, by_person, by_refusal, by_unconfirmed
from cellctl.controller.commands import Commands
from cellctl.controller.interlocks import Trip
from cellctl.controller.looking import Diverted
from cellctl.controller.machine import Entered, UnitMachine
from cellctl.controller.packml import Command, State
from cellctl.controller.readying import ready_in_pause
from cellctl.controller.supervisor import Supervisor
from cellctl.controller.telling import status_of
from cellctl.controller.unit import STATIONS, Unit
from cellctl.controller.watching import Watching
from cellctl.devices import Device
from cellctl.errors import CellError, CommandRefused, JournalError
from cellctl.events import Event, StateChanged, Status, Stopped
from cellctl.journal import Journal
from cellctl.recipe.cell import Cell
from cellctl.recipe.program import Program

S = State
_log = logging.getLogger(__name__)
REST_WITHIN = 15.0  # s that a shutdown gives a stop before it goes on

#: Where nothing runs: a trip is shown, and Reset looks anyway.
AT_REST = frozenset({S.STOPPED, S.STOPPING, S.ABORTED, S.ABORTING, S.CLEARING, S.COMPLETE})
#: Reactions, softest first, and the states in which each is being done or has been done.
REACTIONS: dict[str, tuple[Command, frozenset[State]]] = {
    "suspend": (Command.SUSPEND, AT_REST | {S.IDLE, S.SUSPENDING, S.SUSPENDED, S.HOLDING, S.HELD}),
    "hold": (Command.HOLD, AT_REST | {S.IDLE, S.HOLDING, S.HELD}),
    "stop": (Command.STOP, AT_REST - {S.COMPLETE}),
    "abort": (Command.ABORT, frozenset({S.ABORTING, S.ABORTED})),
}
#: What follows where an activity cannot do its work.
AFTER_FAILURE = {S.UNHOLDING: "hold", S.UNSUSPENDING: "hold", S.STOPPING: "abort"}


class Controller:
    """One cell's controller. Made at rest: nothing happens before ``run``, and nothing moves before a person's Reset.

    ``program`` None: the cell is watched, and Start is refused.
    """

    def __init__(self, cell: Cell, program: Program | None, devices: Mapping[str, Device], journal: Journal) -> None:
        self._machine = UnitMachine(self._entered)
        self._supervisor = Supervisor(self._failed)
        self._unit = Unit(
            cell, program, devices, journal, machine=self._machine, supervisor=self._supervisor, reactions=self
        )
        self._commands = Commands(self._unit, self)
        self._watching = Watching(self._unit)
        self._activity: asyncio.Task[None] | None = None
        self._cause: Stopped | None = None
        self._cause_is_trip = False
        self._cause_is_word = False  # a person's command, which nothing is hidden behind
        self._urgent = False
        self._opened = asyncio.Event()
        self._shutdown = asyncio.Event()
        journal.on_failure = self._journal_failed
        journal.on_recovery = self._journal_recovered

    # -- the four doors ----------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the devices connected and do what is commanded, until ``shutdown``. Raises JournalError at its start.

        However it ends, the devices are told to stop, every task has ended and what was told is recorded.
        """
        try:
            self._unit.unfinished = await self._unit.journal.unfinished()
            if not self._unit.fleet.emulated:  # emulated trays begin empty with their process
                self._unit.ledger.remember(await self._unit.journal.latest(STATIONS) or {})
            self._watching.open()
            for device in self._unit.fleet.devices.values():
                self._supervisor.spawn(f"device {device.name}", self._watching.keep(device))
            self._tell_state(S.STOPPED, S.STOPPED, "the controller has started", "")
            self._opened.set()
            await self._shutdown.wait()
        finally:
            await self._close()

    async def command(self, name: str, arguments: dict[str, Any], by: str) -> dict[str, Any]:
        """Do what a person asks. Raises CommandRefused with the reason and the legal commands.

        Waits until ``run`` has begun: what it finds in the journal decides what a command means.
        """
        await self._opened.wait()
        return await self._commands.take(name, arguments, by)

    @property
    def state(self) -> str:
        """The unit machine's state, in the words of its events."""
        return self._machine.state.text

    def status(self) -> Status:
        """Everything that a screen shows at its start."""
        acknowledge = ("reset",) if self._commands.acknowledges() else ()
        return status_of(self._unit, self._cause, acknowledge)

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call ``callback`` with each event from now on; returns the way to stop that."""
        return self._unit.bulletin.subscribe(callback)

    def note(self, level: str, text: str) -> None:
        """Tell everybody of something beside the cell, and the journal: ``level`` is info, warning or error."""
        self._unit.bulletin.note(level, text)

    # -- decisions ---------------------------------------------------------------------------

    def give(self, command: Command, by: str) -> None:
        """A person's PackML command. Raises CommandRefused."""
        cause = by_person(command.text, by, self._unit.ledger)
        self._machine.give(command, cause=cause.what, by=by)
        if command.text in REACTIONS:
            self._set_cause(cause, trip=False, person=True)

    def react(self, reaction: str, cause: Stopped) -> None:
        """See Reactions. The wire comes first; the cause is told afterwards."""
        self._carry_out(reaction, cause, trip=False, urgent=False)

    def tripped(self, trip: Trip) -> None:
        """See Reactions. The permit goes at once, on the arm itself."""
        unit, state = self._unit, self._machine.state
        if state in AT_REST - {S.STOPPING, S.ABORTING}:
            return
        self._break_off()
        if trip.withdraw:
            self._supervisor.spawn(f"withdraw for {trip.name}", self._withdraw(trip.withdraw))
        unit.interlocks.latch(trip)
        cause = trip.cause(unit.ledger.tell_where())
        self._carry_out(trip.then, cause, trip=True, urgent=bool(trip.withdraw))
        unit.bulletin.note("warning", f"interlock {trip.what}")

    def unconfirmed(self, device: Device, error: CellError) -> None:
        """See Reactions."""
        state = self._machine.state
        reaction = {S.HOLDING: "hold", S.SUSPENDING: "suspend"}.get(state, "abort")
        cause = by_unconfirmed(state.text, device, error, self._unit.ledger)
        self._cause, self._cause_is_trip = self._unit.bulletin.tell(replace(cause, reaction=reaction)), True
        self._cause_is_word = False

    async def _withdraw(self, names: tuple[str, ...]) -> None:
        await self._unit.fleet.withdraw(names)

    def ready_in_pause(self) -> None:
        """See Decider."""
        self._activity = self._supervisor.spawn("Reset", ready_in_pause(self._unit))
        self._unit.readying = self._activity
        self._activity.add_done_callback(self._reset_ended)

    def acknowledge_cause(self) -> None:
        """The latched cause has been dealt with."""
        self._cause, self._cause_is_trip, self._cause_is_word = None, False, False

    async def shut_down(self, by: str) -> None:
        """Stop what runs, then end ``run``."""
        if self._machine.allows(Command.STOP) and self._machine.state is not S.IDLE:
            self.give(Command.STOP, by)
        if self._activity is not None and not self._activity.done():
            await asyncio.wait({self._activity}, timeout=REST_WITHIN)
        self._shutdown.set()

    def _carry_out(self, reaction: str, cause: Stopped, *, trip: bool, urgent: bool) -> None:
        softest = list(REACTIONS).index(reaction)
        for name, (command, there) in list(REACTIONS.items())[softest:]:
            if self._machine.state in there:
                if urgent:
                    self._hurry()
                reaction = name
                break
            if self._machine.allows(command):
                self._urgent = urgent
                self._machine.give(command, cause=cause.what)
                reaction = name
                break
        self._set_cause(replace(cause, reaction=reaction), trip=trip)

    def _hurry(self) -> None:
        """A pause that is under way becomes urgent: what was to be finished stops where it is."""
        sequencer = self._unit.sequencer
        if sequencer is not None and self._machine.state in {S.HOLDING, S.SUSPENDING}:
            sequencer.pause("hold" if self._machine.state is S.HOLDING else "suspend", urgent=True)

    def _set_cause(self, cause: Stopped, *, trip: bool, person: bool = False) -> None:
        """The first cause stays; a person's word gives way to what makes the cell stop after it.

        A trip also takes the place of what it has itself made fail.
        """
        acting = not self._machine.state.waiting
        gives_way = self._cause_is_word and (acting or not trip)
        if self._cause is None or gives_way or (trip and not self._cause_is_trip and acting):
            self._cause, self._cause_is_trip = self._unit.bulletin.tell(cause), trip
            self._cause_is_word = person

    # -- effects -----------------------------------------------------------------------------

    def _entered(self, effect: Entered) -> None:
        """The machine is in another state: what it did before ends, what it does now begins."""
        if effect.state not in {S.STOPPING, S.ABORTING}:  # they stop every device themselves
            self._break_off()
        if self._activity is not None:
            self._activity.cancel()  # also where it is what tells this now: it ends at its next wait
        sequencer = self._unit.sequencer
        if sequencer is not None and effect.state is S.HOLDING:
            sequencer.pause("hold", urgent=self._urgent)
        if sequencer is not None and effect.state is S.SUSPENDING:
            sequencer.pause("suspend", urgent=self._urgent)
        self._urgent = False
        if effect.state in {S.EXECUTE, S.STARTING, S.IDLE}:
            self.acknowledge_cause()
        activity = ACTIVITIES.get(effect.state)
        if activity is not None:
            self._activity = self._supervisor.spawn(effect.state.text, self._perform(effect.state, activity))
        self._tell_state(effect.state, effect.previous, effect.cause, effect.by)

    def _break_off(self) -> None:
        """A Reset that makes devices ready in a pause ends, and what it has set moving stands."""
        unit, work = self._unit, self._unit.readying
        if work is None or work.done() or work is not self._activity:
            return
        names = frozenset(unit.fleet.preparing)
        work.cancel()
        unit.bulletin.note("warning", f"Reset was broken off; not made ready: {', '.join(sorted(names)) or 'nothing'}")
        unit.readying = self._supervisor.spawn("stop after Reset", self._still(work, names))
        unit.readying.add_done_callback(self._reset_ended)

    def _reset_ended(self, task: asyncio.Task[None]) -> None:
        """Whoever waits looks at the status now: it is over, and what is legal has changed."""
        if not task.cancelled():
            self._unit.bulletin.note("info", "Reset has ended")

    async def _still(self, work: asyncio.Task[None], names: frozenset[str]) -> None:
        await asyncio.wait({work})  # its last command is on its way before the stop
        await self._unit.fleet.stop(fast=True, names=names)

    async def _perform(self, state: State, activity: Callable[[Unit], Awaitable[None]]) -> None:
        try:
            await activity(self._unit)
        except Diverted:
            return
        except (CellError, CommandRefused) as error:
            cause = by_refusal(state.text, error, self._unit.ledger)
            self.react(AFTER_FAILURE.get(state, "stop"), cause)
            return
        if self._machine.state is state:
            self._machine.give(Command.STATE_COMPLETE)

    def _tell_state(self, state: State, previous: State, cause: str, by: str) -> None:
        mode = self._machine.mode.text
        self._unit.bulletin.tell(StateChanged(state=state.text, previous=previous.text, mode=mode, cause=cause, by=by))

    def _failed(self, name: str, error: BaseException) -> None:
        """A task raised what nobody foresaw: a mistake in cellctl or in a driver. As fast as the devices can."""
        _log.error("task %s failed", name, exc_info=error)
        self._unit.bulletin.note("error", f"{name} failed: {error!r}")
        self.react("abort", by_mistake(name, error, self._unit.ledger))

    def _journal_failed(self, error: JournalError) -> None:
        self.react("hold", by_journal(error, self._unit.ledger))
        self._unit.bulletin.note("error", str(error))

    def _journal_recovered(self) -> None:
        self._unit.bulletin.note("info", "the journal can be written again; everything that waited is on disk")

    async def _close(self) -> None:
        """Stop the devices, end every task, write what is left; the journal is closed by its owner."""
        self._opened.set()
        await self._unit.fleet.stop(fast=False)
        await self._unit.fleet.withdraw()
        self._watching.close()
        await self._supervisor.aclose()
        if not await self._unit.bulletin.settle():
            _log.error("the journal could not be flushed: %s", self._unit.journal.failed)
