"""Geometric paths in joint space: where a motion goes, not yet when.

A path is a row of polynomials, at most of the fifth degree, in a parameter s that is roughly the length travelled (in
the axes' own units: rad, m): ``path.at(s, 3)`` gives the joints and their first three derivatives by s.
"""

from __future__ import annotations

import math
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellctl.errors import UsageError
from cellctl.motion import _topp
from cellctl.motion.given import floats, output, row

Floats = NDArray[np.float64]

#: Waypoints closer to each other than this, as a part of the path's length, are one.
SAME: Final = 1e-9
#: Quintics follow a circle of radius r over this angle (rad) to r 1e-12.
_ANGLE: Final = 0.06
_TERMS: Final = _topp.TERMS
#: A break so near to the end of a part, as a part of the piece behind it, is left out.
_BESIDE: Final = 1e-4
#: Numbers beyond these are no joints; and their powers would not be told apart.
_LARGEST: Final = 1e30
_SHORTEST: Final = 1e-30


class Path(_topp.Pieces):
    """Pieces of polynomials, one behind the other. Made by ``spline``, ``polyline`` and ``arc``, or from coefficients.

    ``breaks`` are where the pieces meet, shape (k + 1,), rising; ``coefficients`` (k, 6, dof) are by powers of s less
    the start of the piece. It must not jump. Where its direction jumps, at ``corners``, a motion has to stop.
    """

    __slots__ = ()

    def __new__(cls, breaks: ArrayLike, coefficients: ArrayLike) -> Self:
        """Checks what is given. Raises UsageError."""
        s, c = _array(breaks, "breaks", 1), _array(coefficients, "coefficients", 3)
        if len(c) < 1 or s.shape != (len(c) + 1,) or c.shape[1] != _TERMS or not 1 <= c.shape[2] <= _topp.MOST_AXES:
            raise UsageError(
                f"breaks {s.shape} and coefficients {c.shape} make no path",
                hint=f"They must be (k + 1,) and (k, {_TERMS}, dof), with at most {_topp.MOST_AXES} axes.",
            )
        if not (np.diff(s) > 0).all():
            raise UsageError("breaks do not rise")
        _check_joined(s, c)
        return cls._made(s, c)

    @classmethod
    def _made(cls, breaks: Floats, coefficients: Floats, judged: int = -1) -> Self:
        return _topp.Pieces.__new__(cls, breaks, coefficients, judged)

    def __reduce__(self) -> tuple[type[Path], tuple[Floats, Floats]]:
        return Path, (self.breaks, self.coefficients)

    @property
    def length(self) -> float:
        """How far s goes."""
        return float(self.breaks[-1] - self.breaks[0])

    @property
    def corners(self) -> Floats:
        """The s at which the direction jumps, so that a motion stops there. Shape (k,)."""
        at: Floats = self.breaks[self.stops == 2]
        return at

    @property
    def bends(self) -> Floats:
        """The s at which the curvature jumps, so that a motion of limited jerk stops there too. Shape (k,)."""
        at: Floats = self.breaks[self.stops == 1]
        return at

    def at(self, s: float | ArrayLike, order: int = 0, out: tuple[Floats, ...] | None = None) -> tuple[Floats, ...]:
        """Joints and their derivatives by s up to ``order`` (0 to 3): order + 1 arrays of shape (dof,) or (n, dof).

        An s beyond an end counts as that end.
        """
        if not 0 <= order <= 3:
            raise UsageError(f"a derivative of order {order}", hint="It must be 0 to 3.")
        places = np.asarray(s, np.float64, order="C")
        if places.ndim > 1 or np.isnan(places).any():
            raise UsageError(f"s has the shape {places.shape} or NaN in it", hint="It must be a number or (n,).")
        if out is not None and len(out) != order + 1:
            raise UsageError(f"out has {len(out)} arrays, not {order + 1}")
        shape = (*places.shape, self.degrees_of_freedom)
        made = tuple(output(None if out is None else out[k], shape, f"out[{k}]") for k in range(order + 1))
        self.sample(places.reshape(-1), order, made)
        return made

    def part(self, start: float, end: float) -> Path:
        """The same path from one s to another one. Raises UsageError where nothing is between."""
        first, last = max(start, float(self.breaks[0])), min(end, float(self.breaks[-1]))
        if not first < last:
            raise UsageError(f"no path from {start:.9g} to {end:.9g}")
        one = int(np.searchsorted(self.breaks, first, "right"))
        other = int(np.searchsorted(self.breaks, last, "left"))
        spans = np.diff(self.breaks)
        if other - one > 1 and self.breaks[one] - first < _BESIDE * spans[one]:
            one += 1
        if other - one > 1 and last - self.breaks[other - 1] < _BESIDE * spans[other - 2]:
            other -= 1
        breaks = np.concatenate([[first], self.breaks[one:other], [last]])
        made = self.coefficients[one - 1 : other].copy()
        _shift(made[:1], np.array([first - float(self.breaks[one - 1])]))
        return self._made(breaks, made, self.judged)

    def then(self, other: Path) -> Path:
        """This path and then the other one, which must start where this one ends. Raises UsageError."""
        if other.degrees_of_freedom != self.degrees_of_freedom:
            raise UsageError(f"{self.degrees_of_freedom} axes and {other.degrees_of_freedom} cannot be joined")
        breaks = np.concatenate([self.breaks, other.breaks[1:] - other.breaks[0] + self.breaks[-1]])
        return Path(breaks, np.concatenate([self.coefficients, other.coefficients]))


def spline(waypoints: ArrayLike, knots: ArrayLike | None = None, *, degree: Literal[3, 5] = 3) -> Path:
    """The smoothest curve through waypoints (n, dof): of the third degree (C2), or of the fifth (C4).

    ``knots`` (n,) are the s of the waypoints; without them it is the distance covered in a straight line, and waypoints
    that repeat are one. The ends are natural: the second derivative, or the third and fourth, are zero there. Raises
    UsageError.
    """
    points = _waypoints(waypoints)
    if degree not in {3, 5}:
        raise UsageError(f"a spline of degree {degree}", hint="It must be 3 or 5.")
    if knots is None:
        points, s = _spread(points)
    else:
        s = row(knots, "knots", width=len(points)).copy()
        if not (np.diff(s) > 0).all() or not np.diff(s).min() > SAME * (s[-1] - s[0]):
            raise UsageError("knots do not rise, or are too close to each other")
    return Path._made(s, _finite(_topp.spline(s, points, degree == 5 and len(points) > 2)))  # pyright: ignore[reportPrivateUsage]


def polyline(waypoints: ArrayLike, *, deviation: float = 0.0) -> Path:
    """Straight lines through waypoints (n, dof), their corners rounded off.

    A rounded corner passes its waypoint at a distance of ``deviation`` (rad, m), or less where half of a line is too
    short for that. Its curvature starts and ends at zero, so that a motion of limited jerk goes through it. With a
    deviation of 0 the motion stops at each corner. Raises UsageError.
    """
    if not (deviation >= 0 and math.isfinite(deviation)):
        raise UsageError(f"a deviation of {deviation}", hint="It must be a finite number, zero or above.")
    points, s = _spread(_waypoints(waypoints))
    lengths = np.diff(s)
    directions = np.diff(points, axis=0) / lengths[:, None]
    turns = np.linalg.norm(np.diff(directions, axis=0), axis=1)  # 0 straight on, 2 back
    room = 0.5 * np.minimum(lengths[:-1], lengths[1:])
    # A corner of two lines of length d becomes the integral of u1 + (u2 - u1)(3 x^2 - 2 x^3), which passes it at
    # 3/16 d |u2 - u1|. Lines that go on straight need none.
    wanted = np.full(len(turns), np.inf)
    np.divide(16 / 3 * deviation, turns, out=wanted, where=turns > SAME)
    sizes = np.where(turns > SAME, np.minimum(wanted, room), 0.0)
    sizes[sizes < SAME * s[-1]] = 0.0
    return _rounded(points, lengths, directions, sizes)


def _rounded(points: Floats, lengths: Floats, directions: Floats, sizes: Floats) -> Path:
    """Lines shortened by ``sizes`` at each corner, and the corners between them."""
    cut = np.concatenate([[0.0], sizes, [0.0]])
    spans: list[float] = []
    tables: list[Floats] = []
    smallest = 1e-12 * float(lengths.sum())
    for k, direction in enumerate(directions):
        straight = float(lengths[k] - cut[k] - cut[k + 1])
        if straight > smallest:
            table = np.zeros((_TERMS, points.shape[1]))
            table[0], table[1] = points[k] + cut[k] * direction, direction
            spans.append(straight)
            tables.append(table)
        size = float(cut[k + 1])
        if size > 0:
            table = np.zeros((_TERMS, points.shape[1]))
            turn = directions[k + 1] - direction
            table[0], table[1] = points[k + 1] - size * direction, direction
            table[3], table[4] = turn / (2 * size) ** 2, -turn / (2 * (2 * size) ** 3)
            spans.append(2 * size)
            tables.append(table)
    return Path(np.concatenate([[0.0], np.cumsum(spans)]), np.stack(tables))


def arc(start: ArrayLike, via: ArrayLike, end: ArrayLike) -> Path:
    """The circular arc from ``start`` through ``via`` to ``end``, each of shape (dof,), in the plane that they span.

    s is its length. It is followed to 1e-12 of its radius. Raises UsageError where they lie on a line.
    """
    points = _waypoints([np.asarray(start), np.asarray(via), np.asarray(end)])
    a, b = points[1] - points[0], points[2] - points[0]
    aa, bb, ab = float(a @ a), float(b @ b), float(a @ b)
    area = aa * bb - ab * ab  # of the parallelogram, squared
    if not area > 1e-14 * aa * bb:
        raise UsageError("start, via and end of an arc lie on a line", hint="Use polyline.")
    center = points[0] + (a * bb * (aa - ab) + b * aa * (bb - ab)) / (2 * area)
    spoke = points[0] - center
    radius = float(np.linalg.norm(spoke))
    across = a - spoke * float(a @ spoke) / radius**2  # the side to which via lies
    across *= radius / float(np.linalg.norm(across))
    angles = [math.atan2(float((p - center) @ across), float((p - center) @ spoke)) % math.tau for p in points[1:]]
    if angles[1] < angles[0]:  # via would come behind the end: the other way round
        across, angles[1] = -across, math.tau - angles[1]
    return _arc(center, spoke, across, radius, angles[1])


def _arc(center: Floats, spoke: Floats, across: Floats, radius: float, angle: float) -> Path:
    count = math.ceil(angle / _ANGLE)
    theta = np.linspace(0.0, angle, count + 1)[:, None]
    cos, sin = np.cos(theta), np.sin(theta)
    turned, turning = cos * spoke + sin * across, (cos * across - sin * spoke) / radius
    states = np.ascontiguousarray(np.stack([center + turned, turning, -turned / radius**2], axis=1))
    span = radius * angle / count
    tables = np.stack([_topp.hermite(states[k], states[k + 1], span) for k in range(count)])
    return Path(radius * theta[:, 0], tables)


def divided(path: Path, breaks: Floats) -> Floats:
    """The path's own coefficients in smaller parts. Shape (k, 6, dof)."""
    piece = np.clip(np.searchsorted(path.breaks, breaks[:-1], side="right") - 1, 0, len(path.degrees) - 1)
    made = path.coefficients[piece].copy()
    _shift(made, breaks[:-1] - path.breaks[piece])
    return made


def _shift(made: Floats, shifts: Floats) -> None:
    """Moves the start of polynomials (k, 6, dof) along, by Horner's scheme repeated."""
    shift = shifts[:, None]
    for k in range(_TERMS - 1):
        for n in range(_TERMS - 2, k - 1, -1):
            made[:, n] += shift * made[:, n + 1]


def _array(values: ArrayLike, name: str, dimensions: int) -> Floats:
    try:
        made = np.array(values, np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name} is no array of numbers: {error}") from error
    if made.ndim != dimensions:
        raise UsageError(f"{name} has {made.ndim} dimensions, not {dimensions}")
    return _finite(made, name)


def _finite(made: Floats, name: str = "the spline") -> Floats:
    if not np.vdot(made, made) < _LARGEST**2:
        raise UsageError(f"{name} has numbers that are not finite, or too large", hint=f"Keep below {_LARGEST:g}.")
    return made


def _waypoints(values: ArrayLike) -> Floats:
    points = np.asarray(values)
    if points.ndim != 2 or len(points) < 2 or not 1 <= points.shape[1] <= _topp.MOST_AXES:
        raise UsageError(
            f"waypoints have the shape {points.shape}",
            hint=f"It must be (n, dof): at least two points of 1 to {_topp.MOST_AXES} axes.",
        )
    return _finite(floats(points, "waypoints", width=points.shape[1]), "waypoints")


def _spread(points: Floats) -> tuple[Floats, Floats]:
    """The waypoints that are not repeated, and how far along the lines between them they lie."""
    steps = np.diff(points, axis=0)
    lengths = np.sqrt(np.einsum("ij,ij->i", steps, steps))
    whole = float(lengths.sum())
    if not whole > _SHORTEST:
        raise UsageError("all waypoints are one", hint="A path needs two that differ.")
    if lengths.min() <= SAME * whole:
        kept = [0]
        for k in range(1, len(points)):
            if np.linalg.norm(points[k] - points[kept[-1]]) > SAME * whole:
                kept.append(k)
        if len(kept) > 1:
            kept[-1] = len(points) - 1  # it ends where it is told to
            return _spread(np.ascontiguousarray(points[kept]))
    s = np.empty(len(points))
    s[0] = 0.0
    np.cumsum(lengths, out=s[1:])
    return points, s


def _check_joined(breaks: Floats, coefficients: Floats) -> None:
    """Raises UsageError where a piece does not start where the one before ends."""
    h = np.diff(breaks)[:, None]
    ends = coefficients[:, -1]
    sizes = np.abs(ends)
    for n in range(_TERMS - 2, -1, -1):
        ends = ends * h + coefficients[:, n]
        sizes = sizes * h + np.abs(coefficients[:, n])
    gaps = np.abs(ends[:-1] - coefficients[1:, 0])
    over = gaps > SAME * np.maximum(sizes[:-1], sizes[1:])
    if over.any():
        piece, axis = (int(each) for each in np.argwhere(over)[0])
        raise UsageError(
            f"the path jumps by {gaps[piece, axis]:.3g} at s = {breaks[piece + 1]:.9g}", where=f"axis {axis}"
        )
