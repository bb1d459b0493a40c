"""Position limits for random requests, such that there is a motion between them: by closed forms of their own.

Between the walls there is room to stop from the start, and to come to the target from a rest: so every duration above
some is possible. The requests' states are within their other limits.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: How the walls lie: with room, exactly where the motion must turn, nearly there, or so that the start is outside.
PLACES: Final = ("in", "at", "near", "outside")


def stop_range(state: Floats, limits: Floats) -> tuple[Floats, Floats]:
    """Least and greatest position on the fastest way to rest, from ``state`` (position, velocity, acceleration) under
    ``limits`` (greatest and least acceleration, jerk). An infinite jerk stops with constant acceleration.
    """
    p: Floats = state[0]
    j: Floats = limits[2]
    smooth = np.isfinite(j)
    jerk: Floats = np.where(smooth, j, 1.0)
    a: Floats = state[2] * smooth
    s: Floats = np.where(state[1] + a * np.abs(a) / (2 * jerk) < 0, -1.0, 1.0)
    v: Floats = s * state[1]  # seen so that it must slow down
    a = s * a
    brake: Floats = np.choose(s > 0, [limits[0], -limits[1]])
    peak = np.minimum(brake, np.sqrt(np.maximum(0.0, jerk * v + a * a / 2)))
    hold = np.maximum(0.0, (v + a * a / (2 * jerk) - peak * peak / jerk) / brake)
    ramp = (a + peak) / jerk
    v_hold = v + ramp * (a - ramp * jerk / 2)
    v_end = v_hold - peak * hold
    first = ramp * (v + ramp * (a / 2 - ramp * jerk / 6))
    last = peak / jerk * (v_end - peak / jerk * (peak / 2 - peak / 6))
    jerky = first + hold * (v_hold - peak * hold / 2) + last
    whole: Floats = np.choose(smooth, [v * v / (2 * brake), jerky])
    back: Floats = np.where((v < 0) & (a > 0), (a - np.sqrt(np.maximum(0.0, a * a + 2 * jerk * v))) / jerk, 0.0)
    turn = back * (v + back * (a / 2 - back * jerk / 6))  # it runs the other way first
    ways = p + s * np.stack([np.zeros_like(p), whole, turn])
    return ways.min(axis=0), ways.max(axis=0)


def _ends(requests: Floats, interface: int) -> tuple[Floats, Floats, Floats, Floats]:
    """The ranges of the stop at the start and of that seen backwards from the target. Four arrays of shape (n, dof)."""
    p0, v0, a0, pf, vf, af, _, _, a_max, a_min, j = np.moveaxis(requests, 1, 0)
    limits = np.stack([a_max, a_min, j])
    low, high = stop_range(np.stack([p0, v0, a0]), limits)
    return low, high, *stop_range(np.stack([p0 if interface else pf, -vf, af]), limits)


def with_walls(seed: int, requests: Floats, place: str, *, interface: int = 0) -> Floats:
    """The requests with their position limits behind them: from (n, 11, dof) to (n, 13, dof).

    A quarter of the walls are infinite. With ``outside`` there is one wall for each axis, which the start is beyond
    where the target can be come to without.
    """
    rng = np.random.default_rng(seed)
    low, high, low_end, high_end = _ends(requests, interface)
    shape = low.shape
    if place == "outside":
        p0, part = requests[:, 0], rng.random(shape)
        top = np.where(p0 > high_end, high_end + part * (p0 - high_end), np.inf)
        bottom = np.where(p0 < low_end, low_end + part * (p0 - low_end), -np.inf)
        return np.concatenate([requests, bottom[:, None], top[:, None]], axis=1)
    if interface:  # anywhere: as much more as it takes to gain the velocity
        low, high = low - (high_end - low_end), high + (high_end - low_end)
    else:
        low, high = np.minimum(low, low_end), np.maximum(high, high_end)
    size = np.abs(low) + np.abs(high) if place == "near" else high - low
    decades = (-12.0, -6.0) if place == "near" else (-3.0, 1.0)
    gaps = size * 10 ** rng.uniform(*decades, (2, *shape)) * (place != "at")
    gaps[rng.random((2, *shape)) < 0.25] = np.inf
    return np.concatenate([requests, (low - gaps[0])[:, None], (high + gaps[1])[:, None]], axis=1)
