"""Random requests for a planner, after ruckig's own families, in any unit system; and a judge of the answers."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cellctl.motion import InputParameter
from cellctl.motion._otg import Planner

Floats = NDArray[np.float64]

#: What one metre or radian is in other units.
UNITS: Final = {"si": 1.0, "deg": 180 / np.pi, "mm": 1e3, "counts": 2**20 / (2 * np.pi), "nm": 1e9}


def random_requests(
    seed: int,
    n: int,
    dof: int,
    *,
    unit: float = 1.0,
    decades: float = 0.5,
    jerk: float = 1.0,
    outside: bool = False,
    edges: bool = False,
) -> Floats:
    """Shape (n, 11, dof), rows as ``cellctl.motion._otg.FIELD_NAMES``.

    Limits and positions spread over ``decades`` to both sides of the unit, asymmetric, with ``jerk`` times the jerk.
    Velocities and accelerations of both ends are within them, with ``edges`` often exactly at them; with ``outside``
    the initial ones are up to three times as large. Nearly a third of them are zero. The targets are always valid.
    """
    rng = np.random.default_rng(seed)
    shape = (n, dof)

    def size() -> Floats:
        values: Floats = unit * 10 ** rng.uniform(-decades, decades, shape)
        return values

    def between(low: Floats, high: Floats) -> Floats:
        value: Floats = rng.uniform(low, high, shape)
        if edges:
            value = np.choose(rng.integers(0, 4, shape), [value * 0, low, high, value])
        return value * (rng.random(shape) < 0.7)

    v_max, v_min, a_max, a_min, j = size(), -size(), size(), -size(), size() * jerk
    beyond = 3.0 if outside else 1.0
    p0, pf = rng.normal(0, 3, shape) * size(), rng.normal(0, 3, shape) * size()
    v0, a0 = between(v_min * beyond, v_max * beyond), between(a_min * beyond, a_max * beyond)
    vf, af = between(v_min, v_max), between(a_min, a_max)
    if not outside:
        a0 = np.clip(a0, -np.sqrt(2 * j * (v0 - v_min)), np.sqrt(2 * j * (v_max - v0)))
    af = np.clip(af, -np.sqrt(2 * j * (v_max - vf)), np.sqrt(2 * j * (vf - v_min)))
    return np.stack([p0, v0, a0, pf, vf, af, v_max, v_min, a_max, a_min, j], axis=1)


def request_of(fields: Floats) -> InputParameter:
    """An input from one request, shape (11, dof)."""
    given = InputParameter(fields.shape[1])
    given.data[:] = fields
    given.mirrored_velocity = given.mirrored_acceleration = False
    return given


def judge(requests: Floats, like: InputParameter | None = None) -> tuple[Floats, Floats, Floats]:
    """Durations, worst excess of a limit and worst miss of the target of each plan. Three arrays of shape (n,).

    NaN durations are failures. The excess is from proven bounds and relative to the limit; limits that the initial
    state breaks already count from there. The miss is the largest jump between pieces or at the end, relative to the
    size of the motion. With position limits, shape (n, 13, dof), these count too.
    Choices (interface, synchronization, durations) are those of ``like``.
    """
    given = request_of(requests[0, :11]) if like is None else like
    durations, worst = np.empty(len(requests)), np.zeros((len(requests), 2))
    Planner(requests.shape[2], 0.001).many(given, np.ascontiguousarray(requests), durations, worst)
    return durations, worst[:, 0], worst[:, 1]
