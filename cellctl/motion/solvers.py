"""Which closed form solves an arm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cellctl.motion import flat, parallel, wrist
from cellctl.motion.lines import Lines
from cellctl.motion.solution import ClosedForm

_FORMS: Final[dict[str, Callable[[Lines], ClosedForm | None]]] = {
    "parallel": parallel.recognise,
    "wrist": wrist.recognise,
    "flat": flat.recognise,
}


def closed_form(lines: Lines) -> tuple[str, ClosedForm | None]:
    """The closed form of an arm, and its name; ``numeric`` and None where it has none."""
    for name, recognise in _FORMS.items():
        if (form := recognise(lines)) is not None:
            return name, form
    return "numeric", None
