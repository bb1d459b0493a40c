"""The unit machine: decides which state comes next, and says so by effects. It does nothing itself.

Built on ``transitions.Machine``, synchronous, without automatic transitions; every callback is
checked by name when the machine is made, because the library ignores what it does not find.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from transitions import Machine, MachineError

from cellctl.controller.packml import COMMANDS, MODE_CHANGES_IN, STATE_COMPLETE, STATES_OF, Command, Mode, State
from cellctl.errors import CommandRefused


@dataclass(frozen=True, slots=True)
class Entered:
    """The effect of a transition. ``cause`` says why in words, ``by`` who asked (empty: the machine itself)."""

    state: State
    previous: State
    command: Command
    cause: str
    by: str


class UnitMachine:
    """PackML's states and modes. ``emit`` gets one ``Entered`` for each transition, once it is done."""

    def __init__(self, emit: Callable[[Entered], None], state: State = State.STOPPED) -> None:
        self.mode = Mode.PRODUCTION
        self._emit = emit
        self._machine = Machine(
            model=self,
            states=[one.name for one in State],
            initial=state.name,
            auto_transitions=False,
            send_event=True,
            model_attribute="state_name",
        )
        for command, (sources, target) in COMMANDS.items():
            self._add(command, [one.name for one in sources], target)
        for source, target in STATE_COMPLETE.items():
            self._add(Command.STATE_COMPLETE, [source.name], target)
        self._check_callbacks()

    state_name: str

    @property
    def state(self) -> State:
        """The state that the unit is in."""
        return State[self.state_name]

    def allows(self, command: Command) -> bool:
        """Whether the command is legal in this state and mode."""
        return any(
            State[str(transition.dest)] in STATES_OF[self.mode]
            for transition in self._machine.get_transitions(_trigger(command), self.state_name)
        )

    def legal(self) -> tuple[Command, ...]:
        """Every command that is legal now."""
        return tuple(command for command in COMMANDS if self.allows(command))

    def give(self, command: Command, *, cause: str = "", by: str = "") -> None:
        """Make the transition. Raises CommandRefused with the reason and the legal commands."""
        previous = self.state
        try:
            done = bool(self.trigger(_trigger(command), cause=cause, by=by))  # type: ignore[attr-defined]  # by transitions
        except MachineError:
            done = False
        if not done:
            raise self.refusal(command)
        self._emit(Entered(self.state, previous, command, cause, by))

    def refusal(self, command: Command) -> CommandRefused:
        """Why the command is not legal, with those that are."""
        legal = tuple(one.text for one in self.legal())
        target = COMMANDS[command][1] if command in COMMANDS else None
        reason = f"{command.text} is not legal in {self.state.text}"
        if target is not None and self.state in COMMANDS[command][0]:
            reason = f"{command.text} leads to {target.text}, which mode {self.mode.text} does not have"
        return CommandRefused(reason, legal=legal, hint=f"Legal now: {', '.join(legal) or 'nothing'}")

    def change_mode(self, mode: Mode) -> None:
        """Change the unit mode. Raises CommandRefused outside Stopped, Idle and Aborted."""
        if self.state not in MODE_CHANGES_IN:
            raise CommandRefused(
                f"the mode does not change in {self.state.text}",
                legal=tuple(one.text for one in self.legal()),
                hint="Stop first: it changes in Stopped, Idle and Aborted",
            )
        self.mode = mode

    def target_in_mode(self, event: Any) -> bool:
        """The condition of every transition: the mode has the state that it leads to."""
        return State[event.transition.dest] in STATES_OF[self.mode]

    def _add(self, command: Command, sources: list[Any], target: State) -> None:
        self._machine.add_transition(_trigger(command), sources, target.name, conditions="target_in_mode")

    def _check_callbacks(self) -> None:
        """Raise AttributeError for a callback name that this class does not have."""
        machine = self._machine
        names = [*machine.before_state_change, *machine.after_state_change, *machine.prepare_event]
        for state in machine.states.values():
            names += [*state.on_enter, *state.on_exit]
        for event in machine.events.values():
            for transition in (one for several in event.transitions.values() for one in several):
                names += [*transition.prepare, *transition.before, *transition.after]
                names += [condition.func for condition in transition.conditions]
        for name in names:
            if isinstance(name, str) and not callable(getattr(self, name, None)):
                raise AttributeError(f"the unit machine has no callback {name!r}")


def _trigger(command: Command) -> str:
    return f"give_{command.name.lower()}"
