"""Why a moving target cannot be met, in words: which axis, which value, which limit, how much is missing."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from cellctl.errors import UsageError
from cellctl.motion._intercept import InterceptError
from cellctl.motion._otg import PlanError
from cellctl.motion.refusals import refusal as plain_refusal

if TYPE_CHECKING:
    from cellctl.motion.intercept import InterceptParameter

#: As InterceptStatus in ext/intercept.h.
NO_COORDINATE: Final = 99
BAD_TIMES: Final = 100
BAD_TARGET: Final = 101
CLOSED: Final = 102
CANNOT_FOLLOW: Final = 103
APART: Final = 104
SHORT: Final = 105
LATE: Final = 106
NO_WAY_ON: Final = 107

_FIELDS: Final = ("position", "velocity", "acceleration", "jerk")


def _window(given: InterceptParameter) -> str:
    times = f"{given.earliest:.6g} to {given.latest:.6g} s"
    return f"{times}, coordinate {given.pick.low:.6g} to {given.pick.high:.6g}" if given.windowed else times


def _times(given: InterceptParameter, error: InterceptError) -> UsageError:
    pick = given.pick
    if given.windowed and not pick.low < pick.high:
        return UsageError(f"a pick window from {pick.low} to {pick.high}", hint="The upstream limit must be lower.")
    return UsageError(
        f"a pick of {pick.dwell} s between {pick.earliest} and {pick.latest} s",
        hint="The dwell and the earliest time must be finite, not negative, and the latest time not before that.",
    )


def _target(given: InterceptParameter, error: InterceptError) -> UsageError:
    return UsageError(
        "the moving target has a number that is not finite", where=f"axis {error.args[1]}", hint="Check moving."
    )


def _coordinate(given: InterceptParameter, error: InterceptError) -> UsageError:
    return UsageError("a pick window without a belt to count it along", hint="Set moving.direction or a coordinate.")


def _closed(given: InterceptParameter, error: InterceptError) -> UsageError:
    _, _, when, _, _, time, *_ = error.args
    what = f"the target is not in its pick window ({_window(given)})"
    if when == 1:
        return UsageError(f"{what}: it has left it at {time:.6g} s", hint="Start sooner, or take the next part.")
    if when == 2:
        return UsageError(f"{what}: it comes into it at {time:.6g} s", hint="Allow a later time, or wait.")
    return UsageError(f"{what}: it never comes into it", hint="Check the belt's direction and the window.")


def _cannot_follow(given: InterceptParameter, error: InterceptError) -> UsageError:
    _, axis, field, value, limit, time, *_ = error.args
    name = _FIELDS[field]
    return UsageError(
        f"the target's {name} of {value:.6g} at {time:.6g} s, when its pick window opens, is beyond the limit "
        f"{limit:.6g}: the axis would have to have {abs(value / limit) if limit else math.inf:.4g} times as much"
        if field
        else f"the target's position {value:.6g} at {time:.6g} s, when its pick window opens, is beyond the limit "
        f"{limit:.6g}",
        where=f"axis {axis}",
        hint="Slow the belt down, or move the pick window.",
    )


def _apart(given: InterceptParameter, error: InterceptError) -> UsageError:
    return UsageError(
        f"each axis can go along with the target at some time of its pick window ({_window(given)}), but never all",
        hint="Move or widen the pick window.",
    )


def _short(given: InterceptParameter, error: InterceptError) -> UsageError:
    _, _, _, _, _, time, _, longest, *_ = error.args
    return UsageError(
        f"going along with the target for {given.dwell:.6g} s does not fit into its pick window ({_window(given)}): "
        f"the longest time without a limit or a jump in the target's acceleration is {longest:.6g} s, "
        f"from {time:.6g} s on",
        hint="Shorten the dwell, slow the belt down, or widen the pick window.",
    )


def _late(given: InterceptParameter, error: InterceptError) -> UsageError:
    _, axis, _, _, _, _, until, needed, factor, _ = error.args
    late = f" ({needed - until:.6g} s late)" if math.isfinite(needed) else ""
    reached = (
        f"is with the target at {needed:.6g} s at the earliest{late}" if late else "is not with the target in time"
    )
    faster = (
        f"It would have to be {factor:.4g} times as fast (velocity x{factor:.4g}, acceleration x{factor**2:.4g}, "
        f"jerk x{factor**3:.4g}); or move the window downstream, shorten the dwell, slow the belt down."
        if math.isfinite(factor)
        else "No speed helps: move the window downstream, shorten the dwell, or slow the belt down."
    )
    return UsageError(
        f"it {reached}; going along must begin by {until:.6g} s (pick window {_window(given)}, dwell "
        f"{given.dwell:.6g} s)",
        where=f"axis {axis}",
        hint=faster,
    )


def _no_way_on(given: InterceptParameter, error: InterceptError) -> UsageError:
    _, axis, _, _, _, time, until, _, _, overshoot = error.args
    beyond = f": it would go {overshoot:.6g} beyond its position limit" if math.isfinite(overshoot) else ""
    return UsageError(
        f"it can be with the target at {time:.6g} s, but not leave it at {until:.6g} s within its limits{beyond}",
        where=f"axis {axis}",
        hint="Shorten the dwell, slow the belt down, or move the pick window upstream.",
    )


_WORDS: Final[dict[int, Callable[[InterceptParameter, InterceptError], UsageError]]] = {
    NO_COORDINATE: _coordinate,
    BAD_TIMES: _times,
    BAD_TARGET: _target,
    CLOSED: _closed,
    CANNOT_FOLLOW: _cannot_follow,
    APART: _apart,
    SHORT: _short,
    LATE: _late,
    NO_WAY_ON: _no_way_on,
}


def refusal(given: InterceptParameter, error: InterceptError) -> UsageError:
    """What to raise for a pick that was not planned."""
    status, axis, field, *_, overshoot = error.args
    if status in _WORDS:
        return _WORDS[status](given, error)
    return plain_refusal(given, PlanError(status, axis, field, math.nan, overshoot), "")
