"""Which closed form solves an arm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cellctl.motion import flat, near, parallel, wrist
from cellctl.motion.lines import Lines
from cellctl.motion.solution import ClosedForm

_FORMS: Final[dict[str, Callable[[Lines], ClosedForm | None]]] = {
    "parallel": parallel.recognise,
    "wrist": wrist.recognise,
    "flat": flat.recognise,
}


def closed_form(lines: Lines) -> tuple[str, ClosedForm | None]:
    """The closed form of an arm, and its name; ``numeric`` and None where it has none and is not near one."""
    for name, recognise in _FORMS.items():
        if (form := recognise(lines)) is not None and not (name == "wrist" and near.nearly_singular(lines)):
            return name, form
    if (found := near.recognise(lines)) is not None:
        return f"{found[0]}, polished", found[1]
    return "numeric", None
