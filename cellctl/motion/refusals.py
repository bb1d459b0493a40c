"""Why a motion cannot be planned, in words: which axis, which value, which bound."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from cellctl.errors import UsageError
from cellctl.motion._otg import FIELD_NAMES, Input, PlanError

#: As OtgStatus in ext/otg_plan.h.
NOT_FINITE: Final = 1
BAD_LIMIT: Final = 2
TARGET_LIMIT: Final = 3
TARGET_RIM: Final = 4
TOO_FAR_APART: Final = 5
UNREACHABLE: Final = 6
NOT_STRAIGHT: Final = 7
BLOCKED: Final = 8
BAD_DURATION: Final = 9
BAD_ROOM: Final = 10
TARGET_OUTSIDE: Final = 11
START_TOO_FAST: Final = 12
END_TOO_FAST: Final = 13
NO_ROOM: Final = 14

_SIGNS: Final = {"max_velocity": "zero or above", "min_velocity": "zero or below", "min_acceleration": "below zero"}


def _value(given: Input, axis: int, name: str) -> float:
    return float(given.data[FIELD_NAMES.index(name), axis])


def _bound(given: Input, axis: int, name: str) -> tuple[str, float]:
    """The limit that a target breaks."""
    quantity = name.removeprefix("target_")
    side = "max" if _value(given, axis, name) > 0 else "min"
    return f"{side}_{quantity}", _value(given, axis, f"{side}_{quantity}")


def _numbers(given: Input, status: int, axis: int, name: str) -> UsageError:
    value = _value(given, axis, name)
    where = f"axis {axis}"
    if status == NOT_FINITE:
        return UsageError(f"{name} is {value}", where=where, hint="It must be a finite number.")
    if status == BAD_LIMIT and name == "max_velocity" and math.isnan(value):
        return UsageError("max_velocity is not told", where=where, hint="Set it, to infinity where it has no limit.")
    if status == BAD_LIMIT:
        infinite = ": without a jerk limit the other limits cannot all be infinite" if math.isinf(value) else ""
        return UsageError(
            f"{name} is {value:g}{infinite}", where=where, hint=f"It must be {_SIGNS.get(name, 'above zero')}."
        )
    if status == TARGET_LIMIT:
        limit, bound = _bound(given, axis, name)
        return UsageError(f"{name} {value:.9g} is beyond {limit} {bound:.9g}", where=where, hint="Lower the target.")
    speed, jerk = _value(given, axis, "target_velocity"), _value(given, axis, "max_jerk")
    before = speed - 0.5 * value * abs(value) / jerk
    limit = "max_velocity" if value < 0 else "min_velocity"
    return UsageError(
        f"target_acceleration {value:.9g} at target_velocity {speed:.9g} asks for a velocity of {before:.9g} "
        f"shortly before, beyond {limit} {_value(given, axis, limit):.9g}",
        where=where,
        hint="Lower the target acceleration, or move the target velocity away from its limit.",
    )


def _room(given: Input, status: int, axis: int, side: int, overshoot: float) -> UsageError:
    """What is wrong with the position limits, or with a motion between them."""
    if axis < 0:
        return UsageError("no motion along the line was found between the position limits",
                          hint="Slow down before, or widen min_position and max_position.")  # fmt: skip
    where = f"axis {axis}"
    low, high = (float(wall) for wall in given.room[:, axis])
    if status == BAD_ROOM:
        return UsageError(f"min_position {low:.9g} and max_position {high:.9g} leave no room", where=where,
                          hint="The lower limit must not be above the upper one, and none may be NaN.")  # fmt: skip
    if status == NO_ROOM:
        return UsageError(f"no motion was found between the position limits {low:.9g} and {high:.9g}", where=where,
                          hint="Slow down before, or widen min_position and max_position.")  # fmt: skip
    wall = f"max_position {high:.9g}" if side else f"min_position {low:.9g}"
    if status == TARGET_OUTSIDE:
        value = _value(given, axis, "target_position")
        return UsageError(f"target_position {value:.9g} is beyond {wall}", where=where, hint="Move the target.")
    name, value = "current_velocity", _value(given, axis, "current_velocity")
    if status == START_TOO_FAST:
        return UsageError(
            f"at {name} {value:.9g} it cannot stop before {wall}: it goes {overshoot:.9g} beyond at least",
            where=where,
            hint="Slow down before, or widen the position limit.",
        )
    value = _value(given, axis, "target_velocity")
    return UsageError(
        f"target_velocity {value:.9g} cannot be had there without going {overshoot:.9g} beyond {wall} before",
        where=where,
        hint="Lower the target velocity or acceleration, or move the target away from the limit.",
    )


def refusal(given: Input, error: PlanError, blocked: str) -> UsageError:
    """What to raise for a request that was not planned; ``blocked`` tells which durations the axis cannot do."""
    status, axis, field, duration, overshoot = error.args
    where = f"axis {axis}" if axis >= 0 else ""
    if status in (NOT_FINITE, BAD_LIMIT, TARGET_LIMIT, TARGET_RIM):
        return _numbers(given, status, axis, FIELD_NAMES[field])
    if status == TOO_FAR_APART:
        return UsageError(
            "its numbers are too far apart for floating point", where=where, hint="Check the units of this axis."
        )
    if status == UNREACHABLE:
        return UsageError(
            "a velocity limit of zero keeps it from its target", where=where, hint="Allow both directions."
        )
    if status == NOT_STRAIGHT:
        return UsageError(
            "the motion cannot stay on a straight line: displacement, velocities and accelerations are not parallel",
            where=where,
            hint="Use Synchronization.TIME, or start and end along the line.",
        )
    if status == BLOCKED:
        found = "was found that takes" if np.isfinite(given.room).any() else "takes"
        return UsageError(
            f"no motion {found} exactly {given.exact:.9g} s; the next possible duration is {duration:.9g} s{blocked}",
            where=where,
            hint="Take a possible duration, or minimum_duration instead of an exact one.",
        )
    if status >= BAD_ROOM:
        return _room(given, status, axis, field, overshoot)
    wanted = given.minimum if math.isnan(given.exact) else given.exact
    return UsageError(f"a duration of {wanted} s", hint="It must be finite and not negative.")
