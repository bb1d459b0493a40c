"""The lines of the exact arm next to one that is nearly so: moved a little, so that a closed form knows them."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from cellctl.motion.lines import Floats, Lines

#: How far (m, rad) a line of the arm may lie from the nominal one.
APART: Final = 5e-3
TILTED: Final = 0.02
#: Directions that are made one differ by less than this (rad).
_TWICE: Final = 1e-12
#: Lines of the first three joints that pass each other by less than this (m) are meant to meet.
_MEETING: Final = 1e-4


def parallel_axes(lines: Lines) -> Lines | None:
    """With axes 2, 3 and 4 parallel, right angles and meeting axes 1-2, 4-5 and 5-6; None where that is too far."""
    p, z = lines.points.copy(), lines.directions.copy()
    normal = _mean(z[1:4])
    z[1:4] = _aligned(z[1:4], normal)
    z[0] = _right(z[0], normal)
    z[4] = _right(z[4], normal)
    z[5] = _right(z[5], z[4])
    shoulder, wrist, tip = (_middle(lines, i) for i in (0, 3, 4))
    if shoulder is None or wrist is None or tip is None:
        return None
    p[0] = p[1] = shoulder
    p[2] = _at(lines, 2, normal, (shoulder + wrist) / 2)
    p[3] = wrist
    p[4] = p[5] = wrist + z[4] * float((tip - wrist) @ z[4])
    return _if_near(lines, Lines(p, z, lines.slides, lines.home))


def spherical_wrist(lines: Lines) -> Lines | None:
    """With axes 4, 5 and 6 through one point, and exact what nearly is parallel or meets among the first three."""
    p, z = lines.points.copy(), lines.directions.copy()
    across = np.eye(3) - z[3:, :, None] * z[3:, None, :]
    total = across.sum(axis=0)
    if np.linalg.cond(total) > 1e6:
        return None
    wrist = np.asarray(np.linalg.solve(total, np.einsum("nij,nj->i", across, p[3:])), np.float64)
    p[3:] = wrist
    for i in (1, 0):
        if np.linalg.norm(np.cross(z[i], z[i + 1])) < TILTED:
            z[i : i + 2] = _aligned(z[i : i + 2], _mean(z[i : i + 2]))
            shoulder = _middle(lines, 0)
            middle = ((p[i] if shoulder is None else shoulder) + wrist) / 2
            p[i], p[i + 1] = (_at(lines, k, z[i], middle) for k in (i, i + 1))
            break
    if any(_TWICE < np.linalg.norm(np.cross(z[i], z[i + 1])) < TILTED for i in range(5)):
        return None
    for i in (0, 1):
        p[i + 1] += _gap(p[i], z[i], p[i + 1], z[i + 1])
    return _if_near(lines, Lines(p, z, lines.slides, lines.home))


def _mean(z: Floats) -> Floats:
    """The direction amid nearly parallel ones, along the first."""
    total: Floats = (z * np.sign(z @ z[0])[:, None]).sum(axis=0)
    return total / np.linalg.norm(total)


def _aligned(z: Floats, axis: Floats) -> Floats:
    made: Floats = axis * np.sign(z @ axis)[:, None]
    return made


def _right(z: Floats, axis: Floats) -> Floats:
    """The direction next to z at a right angle to the axis."""
    made: Floats = z - axis * float(z @ axis)
    return made / (np.linalg.norm(made) or 1.0)


def _feet(p: Floats, z: Floats, q: Floats, w: Floats) -> tuple[Floats, Floats] | None:
    """The points of two lines next to each other; None where they are all but parallel."""
    n = np.cross(z, w)
    square = float(n @ n)
    if square < TILTED * TILTED:
        return None
    return p + z * (float(np.cross(q - p, w) @ n) / square), q + w * (float(np.cross(q - p, z) @ n) / square)


def _middle(lines: Lines, i: int) -> Floats | None:
    """The point amid the lines i and i + 1 where they come next to each other."""
    p, z = lines.points, lines.directions
    feet = _feet(p[i], z[i], p[i + 1], z[i + 1])
    return None if feet is None else (feet[0] + feet[1]) / 2


def _at(lines: Lines, i: int, normal: Floats, point: Floats) -> Floats:
    """Where line i goes through the plane at that point."""
    p, z = lines.points[i], lines.directions[i]
    made: Floats = p + z * (float((point - p) @ normal) / float(z @ normal))
    return made


def _gap(p: Floats, z: Floats, q: Floats, w: Floats) -> Floats:
    """What brings the second line to meet the first, if they nearly do."""
    feet = _feet(p, z, q, w)
    if feet is None or np.linalg.norm(feet[0] - feet[1]) > _MEETING:
        return np.zeros(3)
    return feet[0] - feet[1]


def moved(lines: Lines, made: Lines) -> tuple[float, float]:
    """How far the lines were moved, at most: m, rad."""
    way = made.points - lines.points
    off = way - lines.directions * (way * lines.directions).sum(axis=1, keepdims=True)
    sines = np.linalg.norm(np.cross(lines.directions, made.directions), axis=1)
    same = (lines.directions * made.directions).sum(axis=1).min() > 0
    return float(np.linalg.norm(off, axis=1).max()), float(sines.max()) if same else math.pi


def _if_near(lines: Lines, made: Lines) -> Lines | None:
    way, tilt = moved(lines, made)
    return made if way <= APART and tilt <= TILTED else None
