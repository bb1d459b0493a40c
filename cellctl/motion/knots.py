"""Joint paths as knots: joints and their first two derivatives at places s, quintics between them.

Two neighbours share the knot between them, so the whole has no jump in its curvature whatever the knots are.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from cellctl.motion import _topp
from cellctl.motion.paths import Path

Floats = NDArray[np.float64]

#: A knot that is so near to an end, as a part of what is behind it, is left out: short pieces cost digits.
_BESIDE: Final = 0.05
#: What is left of a way beside a straight line by rounding alone, as a part of the numbers it comes from.
_ROUNDING: Final = 1e-13


def quintics(states: Floats, spans: Floats) -> Floats:
    """The polynomials between states (n, 3, dof) that are ``spans`` (n - 1,) apart. Shape (n - 1, 6, dof)."""
    h = spans[:, None]
    q, v, a = states[:, 0], states[:, 1], states[:, 2]
    v0, v1, a0, a1 = v[:-1] * h, v[1:] * h, a[:-1] * h**2, a[1:] * h**2
    way = q[1:] - q[:-1] - v0 - 0.5 * a0
    rise, bend = v1 - v0 - a0, 0.5 * (a1 - a0)
    made = np.empty((len(spans), _topp.TERMS, q.shape[1]))
    made[:, 0], made[:, 1], made[:, 2] = q[:-1], v[:-1], 0.5 * a[:-1]
    made[:, 3] = (10 * way - 4 * rise + bend) / h**3
    made[:, 4] = (-15 * way + 7 * rise - 2 * bend) / h**4
    made[:, 5] = (6 * way - 3 * rise + bend) / h**5
    even = (v[:-1] == v[1:]).all(axis=1) & (a[:-1] == 0).all(axis=1) & (a[1:] == 0).all(axis=1)
    even &= (np.abs(way) <= _ROUNDING * (np.abs(q[:-1]) + np.abs(q[1:]) + np.abs(v0))).all(axis=1)
    made[even, 3:] = 0.0  # a straight line stays one
    return made


class Knots(NamedTuple):
    """Places s, rising, shape (n,), and the states there, (n, 3, dof)."""

    s: Floats
    states: Floats

    @property
    def path(self) -> Path:
        """The path through them."""
        return Path._made(self.s, quintics(self.states, np.diff(self.s)))  # pyright: ignore[reportPrivateUsage]

    @property
    def length(self) -> float:
        """How far s goes."""
        return float(self.s[-1] - self.s[0])

    def at(self, s: float) -> Floats:
        """The state at a place. Shape (3, dof)."""
        return np.stack(self.path.at(s, 2))

    def part(self, first: float, last: float) -> Self:
        """The same path from one place to another one, but for a knot next to an end."""
        if first <= self.s[0] and last >= self.s[-1]:
            return self
        begin, end = int(np.searchsorted(self.s, first, "right")), int(np.searchsorted(self.s, last, "left"))
        if end - begin > 1 and self.s[begin] - first < _BESIDE * (self.s[begin + 1] - self.s[begin]):
            begin += 1
        if end - begin > 1 and last - self.s[end - 1] < _BESIDE * (self.s[end - 1] - self.s[end - 2]):
            end -= 1
        ends = [self.at(first)[None], self.states[begin:end], self.at(last)[None]]
        return type(self)(np.concatenate([[first], self.s[begin:end], [last]]), np.concatenate(ends))


def straight(start: Floats, end: Floats, length: float) -> Knots:
    """From joints to joints, straight and evenly."""
    states = np.zeros((2, 3, len(start)))
    states[0, 0], states[1, 0] = start, end
    states[:, 1] = (end - start) / length
    return Knots(np.array([0.0, length]), states)
