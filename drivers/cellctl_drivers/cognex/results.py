"""The job's results: which cells are asked for, and what their values mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cellctl.errors import DeviceFault, Refused
from cellctl.motion.pose import Pose
from cellctl_drivers.cognex import registers as r
from cellctl_drivers.cognex.config import Results

_LAST = "exposure again"
_FIELDS = ("found", "x", "y", "angle", "good", "code")


@dataclass(frozen=True, slots=True)
class Report:
    """What one exposure gave; the texts are as the cells show them, None for a cell that gives no value."""

    values: dict[str, str]
    found: int
    first: int | None  # the exposure that the job counted, read before and after the values
    last: int | None

    def record(self, where: str) -> dict[str, Any]:
        """The result of ``VisionStation.inspect``, SI, in the camera's frame. Raises DeviceFault ``failed``."""
        x, y, angle = (_number(where, name, self.values[name]) for name in ("x", "y", "angle"))
        code = self.values["code"].strip()
        readable = code not in ("", r.ERROR_VALUE)
        return {
            "found": self.found,
            "pose": Pose.from_rpy(x / 1000, y / 1000, 0.0, 0.0, 0.0, math.radians(angle)),
            "good": _number(where, "good", self.values["good"]) != 0,
            "readable": readable,
            "code": code if readable else "",
        }


def questions(results: Results) -> list[tuple[str, str]]:
    """(field, cell or tag) in the order they are asked; the exposure, if counted, first and last."""
    asked = [(name, str(getattr(results, name))) for name in _FIELDS]
    if results.exposure is not None:
        asked = [("exposure", results.exposure), *asked, (_LAST, results.exposure)]
    return asked


def read_report(where: str, asked: Sequence[tuple[str, str]], answers: Sequence[object]) -> Report:
    """The report that the answers make. Raises LinkError, or DeviceFault ``failed`` naming the cell."""
    values = dict[str, str]()
    for (name, reference), answer in zip(asked, answers, strict=True):
        if isinstance(answer, Refused):
            raise DeviceFault(
                "failed",
                f"results.{name}: the job gives no value for {reference} ({answer.message})",
                where=where,
                hint="Correct results: of this device in the cell file, or the job",
            )
        if isinstance(answer, BaseException):
            raise answer
        values[name] = str(answer)
    counted = "exposure" in values
    return Report(
        values,
        found=round(_number(where, "found", values["found"])),
        first=round(_number(where, "exposure", values["exposure"])) if counted else None,
        last=round(_number(where, "exposure", values[_LAST])) if counted else None,
    )


def _number(where: str, name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DeviceFault(
            "failed",
            f"results.{name} is {text[:40]!r}, not a number",
            where=where,
            hint="Look at this cell of the job, and at the last image",
        )
    return value
