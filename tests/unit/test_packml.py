"""The PackML table, typed in again from the design, against the machine: state × command × mode."""

from __future__ import annotations

import itertools

import pytest

from cellctl.controller.machine import Entered, UnitMachine
from cellctl.controller.packml import Command, Mode, State
from cellctl.errors import CommandRefused

# command | legal in | leads to   (packml.md)
# ruff: noqa: E501
TABLE = """
Reset | Stopped, Complete | Resetting
Start | Idle | Starting
Hold | Execute, Suspended, Starting, Suspending, Unsuspending, Unholding | Holding
Unhold | Held | Unholding
Suspend | Execute | Suspending
Unsuspend | Suspended | Unsuspending
Complete | Execute, Held, Suspended | Completing
Stop | Resetting, Idle, Starting, Execute, Holding, Held, Unholding, Suspending, Suspended, Unsuspending, Completing, Complete | Stopping
Abort | Clearing, Stopped, Starting, Idle, Suspended, Execute, Stopping, Holding, Held, Unholding, Suspending, Unsuspending, Resetting, Completing, Complete | Aborting
Clear | Aborted | Clearing
"""
SC = """
Clearing→Stopped, Stopping→Stopped, Aborting→Aborted, Resetting→Idle, Starting→Execute, Holding→Held,
Unholding→Execute, Suspending→Suspended, Unsuspending→Execute, Completing→Complete
"""
NOT_IN = {
    "Production": set(),
    "Maintenance": {"Suspending", "Suspended", "Unsuspending"},
    "Manual": {
        "Suspending", "Suspended", "Unsuspending", "Holding", "Held", "Unholding", "Completing", "Complete",
    },
}  # fmt: skip
NUMBERS = {
    "Clearing": 1, "Stopped": 2, "Starting": 3, "Idle": 4, "Suspended": 5, "Execute": 6, "Stopping": 7,
    "Aborting": 8, "Aborted": 9, "Holding": 10, "Held": 11, "Unholding": 12, "Suspending": 13,
    "Unsuspending": 14, "Resetting": 15, "Completing": 16, "Complete": 17,
}  # fmt: skip


def expected() -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for line in TABLE.strip().splitlines():
        command, sources, target = (cell.strip() for cell in line.split("|"))
        for source in sources.split(","):
            found[source.strip(), command] = target
    for pair in SC.replace("\n", " ").split(","):
        source, target = pair.strip().split("→")
        found[source, "State_complete"] = target
    return found


EXPECTED = expected()


def machine_in(state: str, mode: str, effects: list[Entered]) -> UnitMachine:
    machine = UnitMachine(effects.append, State[state.upper()])
    machine.mode = Mode[mode.upper()]
    return machine


def test_the_states_have_the_standards_numbers() -> None:
    assert {state.text: int(state) for state in State} == NUMBERS


@pytest.mark.parametrize("mode", NOT_IN)
@pytest.mark.parametrize("command", [command.name.capitalize() for command in Command])
@pytest.mark.parametrize("state", NUMBERS)
def test_state_command_mode(state: str, command: str, mode: str) -> None:
    effects: list[Entered] = []
    machine = machine_in(state, mode, effects)
    target = EXPECTED.get((state, command))
    if target in NOT_IN[mode]:
        target = None
    if target is None:
        with pytest.raises(CommandRefused):
            machine.give(Command[command.upper()])
        assert (machine.state.text, effects) == (state, [])
        return
    machine.give(Command[command.upper()], by="kim", cause="why")
    assert machine.state.text == target
    assert [(e.state.text, e.previous.text, e.by, e.cause) for e in effects] == [(target, state, "kim", "why")]


@pytest.mark.parametrize(("state", "mode"), list(itertools.product(NUMBERS, NOT_IN)))
def test_legal_is_what_is_taken(state: str, mode: str) -> None:
    machine = machine_in(state, mode, [])
    want = {c.lower() for (s, c), t in EXPECTED.items() if s == state and t not in NOT_IN[mode]} - {"state_complete"}
    assert {command.text for command in machine.legal()} == want


def test_a_refusal_gives_the_reason_and_the_legal_commands() -> None:
    machine = machine_in("Stopped", "Production", [])
    with pytest.raises(CommandRefused, match="hold is not legal in Stopped") as refused:
        machine.give(Command.HOLD)
    assert set(refused.value.legal) == {"reset", "abort"}


def test_a_state_that_the_mode_leaves_out_is_named() -> None:
    with pytest.raises(CommandRefused, match="leads to Holding, which mode Manual does not have"):
        machine_in("Execute", "Manual", []).give(Command.HOLD)


@pytest.mark.parametrize("state", NUMBERS)
def test_the_mode_changes_in_stopped_idle_and_aborted_only(state: str) -> None:
    machine = machine_in(state, "Production", [])
    if state in {"Stopped", "Idle", "Aborted"}:
        machine.change_mode(Mode.MANUAL)
        assert machine.mode is Mode.MANUAL
    else:
        with pytest.raises(CommandRefused, match="mode does not change"):
            machine.change_mode(Mode.MANUAL)


def test_a_misspelt_callback_is_found_when_the_machine_is_made() -> None:
    class Broken(UnitMachine):
        target_in_mode = None  # type: ignore[assignment]

    with pytest.raises(AttributeError, match="target_in_mode"):
        Broken([].append)
