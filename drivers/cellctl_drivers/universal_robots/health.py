"""What is wrong with the arm, in a technician's words, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from cellctl.devices import Condition
from cellctl_drivers.universal_robots.dashboard import NOT_REMOTE_HINT
from cellctl_drivers.universal_robots.mailbox import Permit
from cellctl_drivers.universal_robots.registers import ArmState, RobotMode, SafetyMode, mode_name

#: Safety modes in which the arm may work.
WORKING = (SafetyMode.NORMAL, SafetyMode.REDUCED)


_NORMAL = int(SafetyMode.NORMAL)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A condition with its reason and what to do."""

    condition: Condition
    text: str = ""
    hint: str = ""


_READY = Verdict(Condition.READY)


def safety_verdict(state: ArmState) -> Verdict | None:
    """What the safety system holds against motion; None: nothing."""
    if state.safety_mode == _NORMAL and not state.emergency_stopped and not state.protective_stopped:
        return None  # as nearly always: asked several times a reading
    if state.emergency_stopped or state.safety_mode in (6, 7):
        hint = "Release the emergency stop, then Reset: the arm is powered again"
        return Verdict(Condition.FAULT, "an emergency stop is pressed", hint)
    if state.protective_stopped or state.safety_mode == SafetyMode.PROTECTIVE_STOP:
        hint = "Find what the arm touched and free it, then Reset"
        return Verdict(Condition.FAULT, "it is in protective stop", hint)
    if state.safety_mode == SafetyMode.SAFEGUARD_STOP:
        return Verdict(Condition.NOT_READY, "it is in safeguard stop", "Close the safeguard, then Reset")
    if state.safety_mode not in WORKING:
        name = SafetyMode(state.safety_mode).name if 1 <= state.safety_mode <= 9 else str(state.safety_mode)
        return Verdict(Condition.FAULT, f"its safety mode is {name}", "Restart the safety system on the teach pendant")
    return None


def verdict(state: ArmState, *, remote: bool | None, program: str) -> Verdict:
    """How the arm is. ``remote`` None: the dashboard does not answer; ``program``: why ours does not run, or ""."""
    if found := safety_verdict(state):
        return found
    if remote is None:
        hint = "Look whether the dashboard server is enabled (Settings, Security, Services)"
        return Verdict(Condition.NOT_READY, "its dashboard server does not answer", hint)
    if not remote:
        return Verdict(Condition.NOT_READY, "it is in Local mode", NOT_REMOTE_HINT)
    if state.robot_mode == RobotMode.IDLE:
        return Verdict(Condition.NOT_READY, "its brakes are on", "Reset releases them")
    if state.robot_mode == RobotMode.POWER_OFF:
        return Verdict(Condition.NOT_READY, "its power is off", "Reset switches it on and releases the brakes")
    if state.robot_mode != RobotMode.RUNNING:
        return Verdict(Condition.NOT_READY, f"its mode is {mode_name(state.robot_mode)}", "Wait until it has started")
    if program:
        return Verdict(Condition.NOT_READY, program, "Reset uploads its program and starts it")
    if state.answer.permit == Permit.LAPSED:
        hint = "Look at the network, then Reset: the motion permit is given anew"
        return Verdict(Condition.NOT_READY, "it lost the heartbeat and stands still", hint)
    return _READY
