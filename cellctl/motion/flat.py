"""SCARA arms and gantries: known by the lines of their joints, and solved in closed form (ext/flat_arm.h)."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from cellctl.motion._flat import FlatInverse
from cellctl.motion._kinematics import Inverse
from cellctl.motion.lines import SAME, Floats, Lines
from cellctl.motion.solution import Limits

#: Axes whose angle (rad), and slides whose volume, is less are not told apart well enough to be solved for.
_APART: Final = 1e-6


class Scara(NamedTuple):
    """Three parallel axes and a slide along them; in the plane, z is along the axes, x from the first to the second."""

    plane: Floats  # the base in the plane. Shape (4, 4)
    home: Floats  # the flange at zero, in the plane. Shape (4, 4)
    turns: tuple[int, int, int]  # which joints turn
    slide: int  # and which one slides
    signs: tuple[float, float, float]  # 1 where the turning joint's axis is along z, -1 where against it
    rise: float  # the same of the slide
    first: float  # m
    second: float  # m
    bend: float  # at the elbow, where all joints are at zero (rad)
    wrist: tuple[float, float]  # where the third axis is then (m)

    def inverse(self, right: Floats, limits: Limits) -> Inverse:
        """The solver, for a tool point that ``right`` (4, 4) takes back to the flange."""
        return FlatInverse.scara(right, limits, *self)


class Gantry(NamedTuple):
    """Three slides that carry up to three turns."""

    home: Floats  # the flange at zero. Shape (4, 4)
    turns: tuple[int, ...]  # which joints turn
    slides: tuple[int, ...]  # and which ones slide
    axes: Floats  # of the turns, of length 1. Shape (turns, 3)
    points: Floats  # on them (m). Shape (turns, 3)
    undo: Floats  # slides by displacement. Shape (3, 3)

    def inverse(self, right: Floats, limits: Limits) -> Inverse:
        """The solver, for a tool point that ``right`` (4, 4) takes back to the flange."""
        return FlatInverse.gantry(right, limits, *self)


def recognise(lines: Lines) -> Scara | Gantry | None:
    """The arm that these lines are, or None if they are neither a SCARA arm nor a gantry that can be solved."""
    turns = [int(k) for k in np.flatnonzero(~lines.slides)]
    slides = [int(k) for k in np.flatnonzero(lines.slides)]
    if not _commuting(lines, turns, slides):
        return None
    if (len(turns), len(slides)) == (3, 1):
        return _scara(lines, turns, slides[0])
    if len(slides) == 3 and len(turns) <= 3:
        return _gantry(lines, turns, slides)
    return None


def _parallel(a: Floats, b: Floats) -> bool:
    return bool(np.linalg.norm(np.cross(a, b)) < SAME)


def _commuting(lines: Lines, turns: list[int], slides: list[int]) -> bool:
    """Whether no turn changes the direction of a slide behind it."""
    return all(
        _parallel(lines.directions[turn], lines.directions[slide]) for slide in slides for turn in turns if turn < slide
    )


def _scara(lines: Lines, turns: list[int], slide: int) -> Scara | None:
    z = lines.directions[turns[0]]
    if not all(_parallel(z, each) for each in lines.directions):
        return None
    first, second, third = lines.points[turns]
    across = second - first - z * float((second - first) @ z)
    length = float(np.linalg.norm(across))
    if length < SAME:
        return None
    x = across / length
    plane = np.eye(4)
    plane[:3, :3] = x, np.cross(z, x), z
    plane[:3, 3] = -plane[:3, :3] @ first
    wx, wy = (float(each) for each in (plane[:3, :3] @ (third - first))[:2])
    forearm = math.hypot(wx - length, wy)
    if forearm < SAME:
        return None
    a, b, c, d = (math.copysign(1.0, float(lines.directions[k] @ z)) for k in (*turns, slide))
    bend = math.atan2(wy, wx - length)
    one, two, three = turns
    return Scara(plane, plane @ lines.home, (one, two, three), slide, (a, b, c), d, length, forearm, bend, (wx, wy))


def _gantry(lines: Lines, turns: list[int], slides: list[int]) -> Gantry | None:
    axes = lines.directions[turns]
    crossing = all(np.linalg.norm(np.cross(a, b)) > _APART for a, b in pairwise(axes))
    directions = lines.directions[slides].T
    if not crossing or abs(np.linalg.det(directions)) < _APART:
        return None
    undo = np.asarray(np.linalg.inv(directions), np.float64)
    return Gantry(lines.home, tuple(turns), tuple(slides), axes, lines.points[turns], undo)
