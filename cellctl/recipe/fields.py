"""What an expression may read of a device, a station, a part, or of the run."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping

from cellctl.devices import CAPABILITIES, Action, Driver, actions_of
from cellctl.recipe.value_types import BOOL, COUNT, POSE, TEXT, Type, type_of_kind

PART = {
    "good": BOOL,
    "readable": BOOL,
    "code": TEXT,
    "pose": POSE,
    "id": COUNT,
    "width": type_of_kind("length"),
    "tolerance": type_of_kind("length"),
    "mass": type_of_kind("mass"),
}
STATION = {"present": BOOL, "full": BOOL, "count": COUNT, "slot": POSE, "slot_used": POSE}
COUNTERS = ("handled", "seen", "placed", "rejected", "dropped", "missed")

_ANGLE, _LENGTH = type_of_kind("angle"), type_of_kind("length")
_PATTERNS: dict[str, list[tuple[re.Pattern[str], Type]]] = {
    "robot": [
        (re.compile(r"joints\.\d"), _ANGLE),
        (re.compile(r"pose\.[xyz]"), _LENGTH),
        (re.compile(r"pose\.r[xyz]"), _ANGLE),
        (re.compile(r"d[io]\d{1,2}"), BOOL),
        (re.compile(r"mode"), TEXT),
    ],
    "digital_io": [(re.compile(r"d[io]\d{1,3}"), BOOL)],
}
_ACTIONS: dict[str, dict[str, Action]] = {}


def device_field(capability: str, field: str) -> Type | None:
    """The type of a device's field or signal, None where its capability has none of that name."""
    known: Mapping[str, str] = CAPABILITIES[capability].fields if capability in CAPABILITIES else {}
    if field in known:
        return type_of_kind(known[field])
    return next((kind for pattern, kind in _PATTERNS.get(capability, ()) if pattern.fullmatch(field)), None)


def device_fields(capability: str) -> list[str]:
    """The names of a capability's fields, for suggestions."""
    extra = ["di0", "di1", "di2", "do0", "do1"] if capability in {"robot", "digital_io"} else []
    return [*(CAPABILITIES[capability].fields if capability in CAPABILITIES else ()), *extra]


def has_signal(driver: Driver, field: str) -> bool:
    """Whether a device of a driver has a field of its capability; a driver that declares no signals has them all."""
    known: Mapping[str, str] = CAPABILITIES[driver.capability].fields if driver.capability in CAPABILITIES else {}
    return field in known or not driver.signals or field in driver.signals


def signals_hint(driver: Driver, field: str) -> str:
    """What a device of a driver has instead of a signal: those of the same kind, else all of them."""
    stem = _stem(field)
    same = [name for name in driver.signals if _stem(name) == stem]
    known: Mapping[str, str] = CAPABILITIES[driver.capability].fields if driver.capability in CAPABILITIES else {}
    return f"It has {', '.join(in_short(same or [*driver.signals, *known]))}"


def in_short(names: Iterable[str]) -> list[str]:
    """Names in order, those that differ in their number only as ``di0 … di7``."""
    made: list[str] = []
    for stem, group in itertools.groupby(names, _stem):
        same = list(group)
        made += [f"{same[0]} … {same[-1]}"] if len(same) > 2 and stem != same[0] else same
    return made


def _stem(name: str) -> str:
    return name.rstrip("0123456789")


def actions(capability: str) -> dict[str, Action]:
    """What a recipe can ask of a capability."""
    if capability not in _ACTIONS:
        _ACTIONS[capability] = actions_of(CAPABILITIES[capability]) if capability in CAPABILITIES else {}
    return _ACTIONS[capability]


def declared_faults(capabilities: Iterable[str]) -> set[str]:
    """Every fault that one of the capabilities declares, with those that any step can have."""
    found = {"timeout", "unverified"}
    for capability in capabilities:
        for action in actions(capability).values():
            found.update(action.faults)
    return found


def changes_by_itself(capability: str, field: str) -> bool:
    """Whether the world can change a field while nothing is commanded: all but the outputs."""
    return re.fullmatch(r"do\d+", field) is None


__all__ = [
    "COUNTERS",
    "PART",
    "STATION",
    "actions",
    "changes_by_itself",
    "declared_faults",
    "device_field",
    "device_fields",
    "has_signal",
    "in_short",
    "signals_hint",
]
