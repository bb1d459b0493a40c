"""What a person can ask for: PackML's commands, and mode, answer, empty, shutdown."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from cellctl.controller.guards import reason_against, reason_against_emptying, reason_while_readying
from cellctl.controller.packml import Command, Mode, State
from cellctl.controller.readying import ILL, PAUSED, acknowledge, curable
from cellctl.controller.unit import Unit
from cellctl.errors import CellError, CommandRefused

#: They go to the wire first; their records follow, and nobody waits for those.
WIRE_FIRST = frozenset({"hold", "stop", "abort"})
PACKML = {command.text: command for command in Command if command is not Command.STATE_COMPLETE}
#: Where Reset leads nowhere: it acknowledges what has tripped; in a pause it makes devices ready first.
ACKNOWLEDGES_IN = PAUSED | {State.IDLE, State.ABORTED}

Handler = Callable[[Mapping[str, Any], str], Awaitable[dict[str, Any]]]


class Decider(Protocol):
    """The controller, as its commands know it."""

    def give(self, command: Command, by: str) -> None:
        """A person's PackML command. Raises CommandRefused."""
        ...

    def ready_in_pause(self) -> None:
        """Make the devices ready that are not, as what the unit does in its pause; Stop, Abort and trips end it."""
        ...

    def acknowledge_cause(self) -> None:
        """The latched cause has been dealt with."""
        ...

    async def shut_down(self, by: str) -> None:
        """Stop what runs, then end."""
        ...


class Commands:
    """Takes commands, records each with who gave it, and refuses with the reason and what is legal."""

    def __init__(self, unit: Unit, decider: Decider) -> None:
        self._unit = unit
        self._decider = decider
        self._others: dict[str, Handler] = {
            "mode": self._mode,
            "answer": self._answer,
            "empty": self._empty,
            "shutdown": self._shut_down,
        }

    async def take(self, name: str, arguments: Mapping[str, Any], by: str) -> dict[str, Any]:
        """See Controller.command."""
        if name in WIRE_FIRST:
            result = self._first(PACKML[name], arguments, by)
            return {**result, "recorded": False}
        record = {"command": name, "arguments": dict(arguments), "by": by}
        try:
            result = await self._do(name, arguments, by, record)
        except CellError as refused:
            self._record({**record, "refused": refused.message})
            raise
        return {**result, "recorded": await self._unit.bulletin.settle()}

    def acknowledges(self) -> bool:
        """Whether Reset would acknowledge something now, or make a device ready."""
        unit = self._unit
        state = unit.machine.state
        if unit.is_readying:
            return False
        if state is State.ABORTED:  # what is tripped still: Clear, and Reset after it, are the way on
            return bool(unit.interlocks.restored)
        ill = state in PAUSED and bool(unit.fleet.not_ready(ILL))
        return state in ACKNOWLEDGES_IN and (ill or bool(unit.interlocks.blocking()))

    # ----------------------------------------------------------------------------------------

    def _record(self, data: Mapping[str, Any]) -> None:
        self._unit.journal.post("command", data, run=self._unit.bulletin.run)

    def _first(self, command: Command, arguments: Mapping[str, Any], by: str) -> dict[str, Any]:
        record = {"command": command.text, "arguments": dict(arguments), "by": by}
        try:
            self._decider.give(command, by)
        except CommandRefused as refused:
            self._record({**record, "refused": refused.message})
            raise
        self._record(record)
        return self._now()

    async def _do(self, name: str, arguments: Mapping[str, Any], by: str, record: Mapping[str, Any]) -> dict[str, Any]:
        if name in self._others:
            self._record(record)
            return await self._others[name](arguments, by)
        if name not in PACKML:
            raise self._unknown(name)
        command = PACKML[name]
        self._refuse_for(reason_while_readying(self._unit, command), command)
        if command is Command.RESET and self.acknowledges():
            return self._reset(record)
        if not self._unit.machine.allows(command):
            raise self._unit.machine.refusal(command)
        self._refuse_for(reason_against(self._unit, command), command)
        self._record(record)
        self._decider.give(command, by)
        return self._now()

    def _refuse_for(self, reason: CommandRefused | None, command: Command) -> None:
        if reason is not None:
            reason.legal = tuple(one.text for one in self._unit.machine.legal() if one is not command)
            raise reason

    def _unknown(self, name: str) -> CommandRefused:
        known = (*PACKML, *self._others)
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Commands: {', '.join(known)}"
        return CommandRefused(f"there is no command {name!r}", hint=hint)

    def _now(self) -> dict[str, Any]:
        return {"state": self._unit.machine.state.text}

    def _reset(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Reset in a waiting state: gives back what is restored. It leads nowhere; Unhold or Start is separate.

        In a pause, devices that are not ready are made ready first: that is answered at once, and told when it ends.
        Raises CommandRefused naming what is still tripped.
        """
        unit = self._unit
        ill = [device.name for device in curable(unit)] if unit.machine.state in PAUSED else []
        if ill:
            self._refuse_for(reason_against(unit, Command.RESET), Command.RESET)
            self._record(record)
            self._decider.ready_in_pause()
            return {**self._now(), "preparing": ill}
        self._record(record)
        given_back = acknowledge(unit)
        still = unit.interlocks.blocking()
        for trip in still:
            if not given_back:
                raise CommandRefused(f"reset: {trip.what}", where=trip.sensor, hint=trip.action)
        if not still and unit.machine.state is State.IDLE:
            self._decider.acknowledge_cause()
        return {**self._now(), "acknowledged": given_back, "still": [trip.what for trip in still]}

    async def _mode(self, arguments: Mapping[str, Any], by: str) -> dict[str, Any]:
        wanted = str(arguments.get("mode", ""))
        modes = {mode.text.lower(): mode for mode in Mode}
        if wanted.lower() not in modes:
            raise CommandRefused(f"there is no mode {wanted!r}", hint=f"Modes: {', '.join(modes)}")
        self._unit.machine.change_mode(modes[wanted.lower()])
        self._unit.bulletin.note("info", f"mode {wanted.lower()}, by {by}")
        return {**self._now(), "mode": self._unit.machine.mode.text}

    async def _answer(self, arguments: Mapping[str, Any], by: str) -> dict[str, Any]:
        try:
            number = int(arguments.get("id", 0))
        except (TypeError, ValueError) as error:
            raise CommandRefused(f"{arguments.get('id')!r} is no question's number") from error
        self._unit.questions.answer(number, str(arguments.get("choice", "")), by)
        return self._now()

    async def _empty(self, arguments: Mapping[str, Any], by: str) -> dict[str, Any]:
        station = str(arguments.get("station", ""))
        reason = reason_against_emptying(self._unit, station)
        if reason is not None:
            raise reason
        taken = self._unit.ledger.empty(station)
        self._unit.note_stations()
        self._unit.board.changed("ledger")
        self._unit.bulletin.note("info", f"station {station} was emptied of {taken} parts, by {by}")
        return {**self._now(), "station": station, "taken": taken}

    async def _shut_down(self, arguments: Mapping[str, Any], by: str) -> dict[str, Any]:
        await self._decider.shut_down(by)
        return self._now()
