"""What the process of the emulated devices is asked, one line at a time.

report                              what physically happened so far
{"set": "guard", "value": false}    a person opens the guard door (and whatever else is wired)
{"set": "estop", "value": true}     a person presses the arm's emergency stop (false: turns it out again)
{"take": null}                      a person takes the part out of the hand, or any part by its number
{"empty": "good"}                   a person brings an empty tray
"""

from __future__ import annotations

import json
from typing import Any, Protocol, runtime_checkable

from cellctl.emulation.serve import Emulation
from cellctl.errors import CellError, UsageError


@runtime_checkable
class EmergencyStop(Protocol):
    """What a device's ``controller`` has that a person can press."""

    def press_estop(self) -> None:
        """The button is pressed."""
        ...

    def release_estop(self) -> None:
        """The button is turned out again."""
        ...


def answer(emulation: Emulation, line: str) -> dict[str, Any]:
    """What is answered to one line: the plant's report, or what a person's doing came to."""
    try:
        return _do(emulation, line)
    except CellError as error:
        return {"error": str(error), "hint": error.hint}


def _do(emulation: Emulation, line: str) -> dict[str, Any]:
    plant = emulation.plant
    if line == "report":
        return plant.report()
    try:
        asked: Any = json.loads(line)
    except ValueError:
        asked = None
    match asked:
        case {"set": "estop", "value": bool(pressed)} if "estop" not in plant.contacts:  # else a switch like others
            return {"set": "estop", "value": pressed, "devices": _emergency_stop(emulation, pressed)}
        case {"set": str(name), "value": bool(value)}:
            plant.set(name, value)
            return {"set": name, "value": value}
        case {"take": None | int() as number}:
            return {"take": plant.take_part(number)}
        case {"empty": str(tray)}:
            return {"empty": tray, "parts": plant.empty(tray)}
        case _:
            raise UsageError(f"cannot do {line[:80]!r}", hint='Say report, or {"set": "guard", "value": false}')


def _emergency_stop(emulation: Emulation, pressed: bool) -> list[str]:
    """Press or release the button of every device that has one; gives their names. Raises UsageError."""
    stories = {name: getattr(emulator, "controller", None) for name, emulator in emulation.emulators.items()}
    buttons = {name: story for name, story in stories.items() if isinstance(story, EmergencyStop)}
    if not buttons:
        raise UsageError("no emulated device has an emergency stop", hint="An arm has one: emulate it too")
    for button in buttons.values():
        if pressed:
            button.press_estop()
        else:
            button.release_estop()
    return list(buttons)
