"""Where a led tool goes: lines, arcs and smooth curves of its point, and how it turns on the way.

A ``ToolCurve`` is a path of six axes, the position (m) and a rotation vector (rad) in a frame of its own, by a length
s (m) that counts turns too: so a tool that only turns has a way as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cellctl.errors import UsageError
from cellctl.motion import _topp
from cellctl.motion._kinematics import pose_of
from cellctl.motion.paths import Path, arc, spline
from cellctl.motion.rotations import body_rates, exp, vector_rates

Floats = NDArray[np.float64]

#: How much way a turn of one radian counts as (m).
TURN: Final = 0.2
#: Poses that are closer to each other (m, and TURN rad) are one.
SAME: Final = 1e-9

_FLAT: Final = 1e-6  # a via point that is nearer to the line, as a part of its length, is on it
_WAY: Final = 65  # places at which a way is measured


@dataclass(frozen=True, slots=True)
class ToolCurve:
    """The tool's pose by s from 0 to ``length``; ``path`` told in the base, its rotation vector in ``frame``.

    ``breaks`` are where it is not smooth beyond its curvature. ``straight``: its point does not turn aside, and it
    turns about one axis only.
    """

    path: Path
    frame: Floats  # Shape (3, 3)
    breaks: Floats
    straight: tuple[bool, bool]  # its way, its turn

    @property
    def length(self) -> float:
        """How far s goes (m)."""
        return float(self.breaks[-1])

    def transforms(self, s: Floats) -> Floats:
        """Poses. Shape (n,) to (n, 4, 4)."""
        return self._posed(self.path.at(s)[0])

    def rates(self, s: Floats) -> tuple[Floats, Floats, Floats]:
        """Poses (n, 4, 4), their first and second derivative by s: velocity and angular velocity in the base (n, 6)."""
        p, dp, ddp = self.path.at(s, 2)
        posed = self._posed(p)
        first, second = body_rates(p[:, 3:], dp[:, 3:], ddp[:, 3:])
        turned = [np.einsum("nij,nj->ni", posed[:, :3, :3], each) for each in (first, second)]
        return posed, np.hstack([dp[:, :3], turned[0]]), np.hstack([ddp[:, :3], turned[1]])

    def way(self, until: float) -> float:
        """How far the tool point has come at s (m)."""
        s = np.linspace(0.0, until, _WAY)
        return float(np.linalg.norm(np.diff(self.path.at(s)[0][:, :3], axis=0), axis=1).sum())

    def seen_from(self, frame: Floats, s: float) -> Floats:
        """Position and rotation vector in another frame, and their two derivatives. Shape (3, 6)."""
        posed, first, second = self.rates(np.array([s]))
        turn = frame.T @ posed[0, :3, :3]
        v = rotation_vector(turn)[None]
        back = posed[:, :3, :3].transpose(0, 2, 1)
        dv, ddv = vector_rates(v, *(np.einsum("nij,nj->ni", back, each[:, 3:]) for each in (first, second)))
        made = np.stack([np.hstack([posed[0, :3, 3], v[0]]), np.hstack([first[0, :3], dv[0]])])
        return np.concatenate([made, np.hstack([second[0, :3], ddv[0]])[None]])

    def _posed(self, p: Floats) -> Floats:
        made = np.zeros((len(p), 4, 4))
        made[:, :3, :3] = self.frame @ exp(p[:, 3:])
        made[:, :3, 3] = p[:, :3]
        made[:, 3, 3] = 1.0
        return made


def rotation_vector(turn: Floats) -> Floats:
    """The rotation vector (rad) of a matrix (3, 3), its angle at most π."""
    whole = np.eye(4)
    whole[:3, :3] = turn
    return np.array(pose_of(whole)[3:])


def apart(start: Floats, end: Floats) -> float:
    """How far two transforms are from each other (m), turns counted."""
    angle = float(np.linalg.norm(rotation_vector(start[:3, :3].T @ end[:3, :3])))
    return math.hypot(float(np.linalg.norm(end[:3, 3] - start[:3, 3])), TURN * angle)


def line(start: Floats, end: Floats) -> ToolCurve | None:
    """A straight line from a transform to another one, turning evenly the shorter way; None where both are one."""
    turn = rotation_vector(start[:3, :3].T @ end[:3, :3])
    length = apart(start, end)
    if length < SAME:
        return None
    return between(start[:3, :3], _row(start), np.hstack([end[:3, 3], turn]), length, (True, True))


def between(frame: Floats, start: Floats, end: Floats, length: float, straight: tuple[bool, bool]) -> ToolCurve:
    """From six numbers, or these and their two derivatives (3, 6), to others."""
    if start.ndim == 1:
        table = np.zeros((_topp.TERMS, 6))
        table[0], table[1] = start, (end - start) / length
    else:
        table = _topp.hermite(np.ascontiguousarray(start), np.ascontiguousarray(end), length)
    breaks = np.array([0.0, length])
    return ToolCurve(Path(breaks, table[None]), frame, breaks, straight)


def circle(start: Floats, via: Floats, end: Floats) -> ToolCurve | None:
    """The arc from a transform through the position of another one to a third, turning evenly. Raises UsageError."""
    points = [each[:3, 3] for each in (start, via, end)]
    chord, lift = points[2] - points[0], points[1] - points[0]
    whole = float(np.linalg.norm(chord))
    if whole < SAME:
        if float(np.linalg.norm(lift)) < SAME:
            return line(start, end)
        raise UsageError("an arc ends where it starts", hint="Make a whole circle of two arcs.")
    share = float(lift @ chord) / whole**2
    if float(np.linalg.norm(lift - share * chord)) < _FLAT * whole:
        if not 0 <= share <= 1:
            raise UsageError("start, via and target of an arc lie on a line, via not between", hint="Move via.")
        return line(start, end)
    way = arc(*points)
    turn = rotation_vector(start[:3, :3].T @ end[:3, :3]) / way.length
    made = np.zeros((len(way.degrees), _topp.TERMS, 6))
    made[:, :, :3] = way.coefficients
    made[:, 0, 3:], made[:, 1, 3:] = way.breaks[:-1, None] * turn, turn
    return ToolCurve(Path(way.breaks, made), start[:3, :3], np.array([0.0, way.length]), (False, True))


def through(start: Floats, targets: Sequence[Floats]) -> ToolCurve | None:
    """A smooth curve from a transform through others: the second derivatives are zero at its ends."""
    frame = start[:3, :3]
    rows, s = [_row(start)], [0.0]
    last = start
    for each in targets:
        step = apart(last, each)
        if step < SAME:
            continue
        turn = _nearest_turn(rotation_vector(frame.T @ each[:3, :3]), rows[-1][3:])
        rows.append(np.hstack([each[:3, 3], turn]))
        s.append(s[-1] + step)
        last = each
    if len(rows) < 3:
        return line(start, last)
    path = spline(np.array(rows), np.array(s))
    return ToolCurve(path, frame, path.breaks, (False, False))


def _row(start: Floats) -> Floats:
    return np.hstack([start[:3, 3], np.zeros(3)])


def _nearest_turn(v: Floats, last: Floats) -> Floats:
    """The same turn, as the rotation vector that is nearest to another one."""
    angle = float(np.linalg.norm(v))
    if angle < SAME:
        axis = last / max(float(np.linalg.norm(last)), SAME)
        return axis * math.tau * round(float(axis @ last) / math.tau)
    axis = v / angle
    near: Floats = axis * (angle + math.tau * round((float(axis @ last) - angle) / math.tau))
    return near
