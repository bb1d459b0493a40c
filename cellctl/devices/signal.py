"""A value that a device reports, with its unit, its time and how far it can be trusted."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

Value = bool | int | float | str | None


class Quality(StrEnum):
    """How far a value can be trusted."""

    GOOD = "good"
    STALE = "stale"  # was good once; the device has not confirmed it in time
    BAD = "bad"  # never read, or the device says itself that it is not valid


class Signal(NamedTuple):
    """One value at one time. A condition on a signal that is not good is neither true nor false."""

    name: str
    value: Value
    unit: str = ""
    time: float = 0.0
    quality: Quality = Quality.GOOD
