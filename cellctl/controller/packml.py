"""PackML's words and its table of states and commands (ISA-TR88.00.02, OPC 30050 node set)."""

from __future__ import annotations

from enum import IntEnum


class State(IntEnum):
    """States with the standard's numbers."""

    CLEARING = 1
    STOPPED = 2
    STARTING = 3
    IDLE = 4
    SUSPENDED = 5
    EXECUTE = 6
    STOPPING = 7
    ABORTING = 8
    ABORTED = 9
    HOLDING = 10
    HELD = 11
    UNHOLDING = 12
    SUSPENDING = 13
    UNSUSPENDING = 14
    RESETTING = 15
    COMPLETING = 16
    COMPLETE = 17

    @property
    def text(self) -> str:
        """As the standard writes it: ``Execute``."""
        return self.name.capitalize()

    @property
    def waiting(self) -> bool:
        """A state that ends by a command only."""
        return self in WAITING


class Command(IntEnum):
    """Commands with the standard's numbers; 0 is the machine's own "state complete"."""

    STATE_COMPLETE = 0
    RESET = 1
    START = 2
    STOP = 3
    HOLD = 4
    UNHOLD = 5
    SUSPEND = 6
    UNSUSPEND = 7
    ABORT = 8
    CLEAR = 9
    COMPLETE = 10

    @property
    def text(self) -> str:
        """As it is typed: ``unhold``."""
        return self.name.lower()


class Mode(IntEnum):
    """Unit modes; the states of each are ours (the report leaves them to configuration)."""

    PRODUCTION = 1
    MAINTENANCE = 2
    MANUAL = 3

    @property
    def text(self) -> str:
        """As it is shown: ``Production``."""
        return self.name.capitalize()


S, C = State, Command

WAITING = frozenset({S.STOPPED, S.IDLE, S.SUSPENDED, S.ABORTED, S.HELD, S.COMPLETE})
MODE_CHANGES_IN = frozenset({S.STOPPED, S.IDLE, S.ABORTED})

STATES_OF: dict[Mode, frozenset[State]] = {
    Mode.PRODUCTION: frozenset(State),
    Mode.MAINTENANCE: frozenset(State) - {S.SUSPENDING, S.SUSPENDED, S.UNSUSPENDING},
    Mode.MANUAL: frozenset({
        S.STOPPED, S.RESETTING, S.IDLE, S.STARTING, S.EXECUTE, S.STOPPING, S.ABORTING, S.ABORTED, S.CLEARING,
    }),
}  # fmt: skip

#: command -> (states that it is legal in, the state that it leads to). Hold has the optional extension.
COMMANDS: dict[Command, tuple[frozenset[State], State]] = {
    C.RESET: (frozenset({S.STOPPED, S.COMPLETE}), S.RESETTING),
    C.START: (frozenset({S.IDLE}), S.STARTING),
    C.HOLD: (
        frozenset({S.EXECUTE, S.SUSPENDED, S.STARTING, S.SUSPENDING, S.UNSUSPENDING, S.UNHOLDING}),
        S.HOLDING,
    ),
    C.UNHOLD: (frozenset({S.HELD}), S.UNHOLDING),
    C.SUSPEND: (frozenset({S.EXECUTE}), S.SUSPENDING),
    C.UNSUSPEND: (frozenset({S.SUSPENDED}), S.UNSUSPENDING),
    C.COMPLETE: (frozenset({S.EXECUTE, S.HELD, S.SUSPENDED}), S.COMPLETING),
    C.STOP: (frozenset(State) - {S.CLEARING, S.STOPPED, S.STOPPING, S.ABORTING, S.ABORTED}, S.STOPPING),
    C.ABORT: (frozenset(State) - {S.ABORTING, S.ABORTED}, S.ABORTING),
    C.CLEAR: (frozenset({S.ABORTED}), S.CLEARING),
}

#: Where an acting state goes when it has done its work. Execute ends by a command.
STATE_COMPLETE: dict[State, State] = {
    S.CLEARING: S.STOPPED,
    S.STOPPING: S.STOPPED,
    S.ABORTING: S.ABORTED,
    S.RESETTING: S.IDLE,
    S.STARTING: S.EXECUTE,
    S.HOLDING: S.HELD,
    S.UNHOLDING: S.EXECUTE,
    S.SUSPENDING: S.SUSPENDED,
    S.UNSUSPENDING: S.EXECUTE,
    S.COMPLETING: S.COMPLETE,
}
