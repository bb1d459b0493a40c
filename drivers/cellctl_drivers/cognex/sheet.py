"""The emulated job's spreadsheet: result cells that inspections fill, and edit controls that clients set."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cellctl.emulation.physics import Found
from cellctl_drivers.cognex import registers as r
from cellctl_drivers.cognex.config import Results

MAX_TEXT = 64  # of an EditString control

#: Edit controls that the emulated job has beside its results: cell, tag, first value.
CONTROLS: tuple[tuple[str, str, int | float | str], ...] = (
    ("A397", "Edit.Count", 0),
    ("A398", "Edit.Limit", 0.5),
    ("A399", "Edit.Text", ""),
)


class Sheet:
    """Cells and tags by name, in either case."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._values: dict[str, str] = {}
        self._controls: dict[str, tuple[str, type]] = {}
        for cell, tag, value in CONTROLS:
            self._controls |= {name: (cell, type(value)) for name in (_key(cell), _key(tag))}
            self._values[_key(cell)] = _show(value)
        for name in Results.model_fields:
            if (reference := getattr(results, name)) is not None:
                self._values[_key(reference)] = r.ERROR_VALUE  # nothing was inspected yet
        if results.exposure is not None:
            self.count(0)

    def count(self, exposures: int) -> None:
        """Show how many exposures there were, where the job counts them."""
        if self._results.exposure is not None:
            self._values[_key(self._results.exposure)] = _show(exposures)

    def fill(self, seen: Sequence[Found]) -> None:
        """Show what an exposure saw, the part furthest along first: mm and degrees in the camera's frame."""
        results = self._results
        self._set(results.found, len(seen))
        if not seen:
            for reference in (results.x, results.y, results.angle, results.code):
                self._set(reference, r.ERROR_VALUE)
            self._set(results.good, 0)
            return
        first = seen[0]
        self._set(results.x, first.pose.x * 1000)
        self._set(results.y, first.pose.y * 1000)
        self._set(results.angle, math.degrees(first.pose.rpy()[2]))
        self._set(results.good, 1 if first.good else 0)
        self._set(results.code, r.ERROR_VALUE if first.code is None else first.code)

    def get(self, reference: str) -> tuple[int, str]:
        """Status and value of a cell or tag, as GV answers."""
        name = self._controls[_key(reference)][0] if _key(reference) in self._controls else reference
        if (value := self._values.get(_key(name))) is not None:
            return r.OK, value
        if r.parse_cell(reference) is not None:
            return r.NOT_EXECUTED, ""  # [U] an empty cell
        return r.BAD_ARGUMENT, ""

    def put(self, reference: str, kind: type, text: str) -> int:
        """Set an edit control, as SI (int), SF (float) and SS (str) do; the status."""
        if _key(reference) not in self._controls:
            known = _key(reference) in self._values or r.parse_cell(reference) is not None
            return r.NOT_EXECUTED if known else r.BAD_ARGUMENT
        cell, wanted = self._controls[_key(reference)]
        if kind is not wanted or len(text) > MAX_TEXT:
            return r.NOT_EXECUTED
        try:
            value = kind(text)
        except ValueError:
            return r.BAD_ARGUMENT
        if isinstance(value, float) and not math.isfinite(value):
            return r.BAD_ARGUMENT
        self._values[_key(cell)] = _show(value)
        return r.OK

    def _set(self, reference: str, value: float | str) -> None:
        self._values[_key(reference)] = _show(value)


def _show(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.3f}"


def _key(reference: str) -> str:
    return reference.casefold()
