"""What the process of the emulated devices is asked, one line at a time.

report                              what physically happened so far
{"set": "guard", "value": false}    a person opens the guard door (and whatever else is wired)
{"take": null}                      a person takes the part out of the hand, or any part by its number
{"empty": "good"}                   a person brings an empty tray
"""

from __future__ import annotations

import json
from typing import Any

from cellctl.emulation.serve import Emulation
from cellctl.errors import CellError, UsageError


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
        case {"set": str(name), "value": bool(value)}:
            plant.set(name, value)
            return {"set": name, "value": value}
        case {"take": None | int() as number}:
            return {"take": plant.take_part(number)}
        case {"empty": str(tray)}:
            return {"empty": tray, "parts": plant.empty(tray)}
        case _:
            raise UsageError(f"cannot do {line[:80]!r}", hint='Say report, or {"set": "guard", "value": false}')
