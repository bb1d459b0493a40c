"""An arm as the lines its joints turn about or slide along, and those lines as a chain for the compiled core.

Every table, whatever its convention, comes down to lines; and two lines have one common normal. So each chain is

    T(q) = base · Π [Rz(turn_i + q_i) Tz(d_i) Tx(a_i) Rz(twist_i) Rx(alpha_i)] · tip   (a sliding joint adds q_i to d_i)

with x along the common normals, whatever frames it was told in. twist is zero but where two lines are nearly parallel.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellctl.motion.model import JointType, RobotModel
from cellctl.motion.pose import Pose

Floats = NDArray[np.float64]

#: Distances below this (m) are none, angles that differ by less (rad) from a right one are right: tables are printed
#: to 1e-5 or so.
SAME: Final = 1e-9
#: Directions that differ by less (rad) are parallel. Their common normal would lie so far away, a metre by this angle,
#: that rounding there costs more than the angle is worth: it is the root of what a double rounds to.
PARALLEL: Final = 1.5e-8
#: A common normal that lies further away (m) costs digits: the link goes straight across instead, and twists there.
FAR: Final = 10.0
#: A length (m) or a sine that is none but for rounding.
_LEVEL: Final = 1e-14


class Lines(NamedTuple):
    """The joints at zero, told in the base."""

    points: Floats  # a point on each line (m). Shape (n, 3)
    directions: Floats  # of length 1. Shape (n, 3)
    slides: NDArray[np.bool_]  # along the line rather than about it. Shape (n,)
    home: Floats  # the flange where all joints are at zero. Shape (4, 4)


class Links(NamedTuple):
    """The numbers of the formula above."""

    base: Floats  # Shape (4, 4)
    links: Floats  # turn (rad), d (m), a (m), alpha (rad) of each joint. Shape (n, 4)
    slides: NDArray[np.bool_]  # Shape (n,)
    tip: Floats  # Shape (4, 4)
    twists: Floats  # twist (rad) of each joint. Shape (n,)


def matrix(pose: Pose) -> Floats:
    """A pose as a homogeneous transform. Shape (4, 4)."""
    made = np.eye(4)
    w, x, y, z = pose.quaternion()
    made[:3, 0] = 1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)
    made[:3, 1] = 2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)
    made[:3, 2] = 2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)
    made[:3, 3] = pose[:3]
    return made


def inverted(transform: Floats) -> Floats:
    """The transform that undoes this one. Shape (4, 4)."""
    made = np.eye(4)
    made[:3, :3] = transform[:3, :3].T
    made[:3, 3] = -made[:3, :3] @ transform[:3, 3]
    return made


def lines_of(model: RobotModel) -> Lines:
    """The lines of an arm."""
    at = np.eye(4)
    points: list[Floats] = []
    directions: list[Floats] = []
    for joint in model.joints:
        at = at @ matrix(joint.placement)
        axis = np.array(joint.axis)
        points.append(at[:3, 3])
        directions.append(at[:3, :3] @ (axis / np.linalg.norm(axis)))
    slides = np.array([joint.type is JointType.PRISMATIC for joint in model.joints])
    return Lines(np.array(points), np.array(directions), slides, at @ matrix(model.flange))


def from_flange(lines: Lines) -> Lines:
    """The same arm seen from its flange: T⁻¹ is a chain of the same lines in reverse order, turning backwards."""
    back = inverted(lines.home)
    points = lines.points @ back[:3, :3].T + back[:3, 3]
    return Lines(points[::-1], -(lines.directions @ back[:3, :3].T)[::-1], lines.slides[::-1], back)


def _snapped(value: float, same: float) -> float:
    return 0.0 if abs(value) < same else value


def _angle(sine: float, cosine: float, same: float) -> float:
    """The angle, exactly a multiple of 90° where it is nearly one."""
    if abs(sine) < (PARALLEL / 2 if same else _LEVEL):  # by half, so that no angle vanishes whose far normal was taken
        return 0.0 if cosine > 0 else math.pi
    return math.copysign(math.pi / 2, sine) if abs(cosine) < same else math.atan2(sine, cosine)


def _turn(x: Floats, n: Floats, z: Floats) -> float:
    """The angle from x to n about z."""
    return math.atan2(float(np.cross(x, n) @ z), float(x @ n))


def _perpendicular(z: Floats) -> Floats:
    """Some unit vector across z."""
    unit = np.zeros(3)
    unit[int(np.abs(z).argmin())] = 1.0
    across: Floats = np.cross(unit, z)
    across /= np.linalg.norm(across)
    return across


def _normal(p: Floats, z: Floats, x: Floats, q: Floats, w: Floats) -> tuple[Floats, float, float]:
    """From the frame at p with axis z to the line (q, w): direction of the common normal, its foot along z, its length.

    Of all normals of parallel lines it is the one through p, or through q where the lines are not quite parallel and p
    is far away; of crossing lines the direction is z × w; where both are one line it is x.
    """
    cross = np.cross(z, w)
    sine = float(np.linalg.norm(cross))
    if sine < PARALLEL:
        along = float((q - p) @ z)
        off = (q - p) - z * along
        length = float(np.linalg.norm(off))
        foot = along if abs(along) * sine > SAME / 10 else 0.0
        return (off / length, foot, length) if length > SAME else (x, foot, 0.0)
    n = cross / sine
    foot = float(np.cross(q - p, w) @ cross) / (sine * sine)
    length = float((q - p) @ n)
    return (-n, foot, -length) if length < -SAME else (n, foot, length)


def _across(p: Floats, z: Floats, x: Floats, q: Floats, w: Floats) -> tuple[Floats, float, float]:
    """From the frame at p with axis z to the point of the line (q, w) next to it, as ``_normal`` does."""
    way = q + w * float((p - q) @ w) - p
    along = float(way @ z)
    off = way - z * along
    length = float(np.linalg.norm(off))
    return (off / length, along, length) if length > _LEVEL else (x, along, 0.0)


def links_of(lines: Lines, *, far: float = math.inf, same: float = SAME) -> Links:
    """The chain of these lines. Where a common normal lies further away than ``far`` (m) the link has a twist.

    Lengths (m) and angles (rad) that are ``same`` as none or as a right angle are exactly that; with 0 none is touched.
    """
    count = len(lines.points)
    z, p = lines.directions[0], lines.points[0]
    p = p - z * float(p @ z)  # the foot of the base's origin
    x = _perpendicular(z)
    base = np.eye(4)
    base[:3, 0], base[:3, 1], base[:3, 2], base[:3, 3] = x, np.cross(z, x), z, p
    links, twists = np.zeros((count, 4)), np.zeros(count)
    for i in range(count - 1):
        w = lines.directions[i + 1]
        n, foot, length = _normal(p, z, x, lines.points[i + 1], w)
        m, cross = n, np.cross(z, w)
        sine = float(np.linalg.norm(cross))
        if abs(foot) > far or (same == 0 and sine < PARALLEL):
            n, foot, length = _across(p, z, x, lines.points[i + 1], w)
            m = cross / sine if sine > _LEVEL else n
            twists[i] = _turn(n, m, z)
        alpha = _angle(float(cross @ m), float(z @ w), same)
        links[i] = _turn(x, n, z), _snapped(foot, same), _snapped(length, same), alpha
        p, z, x = p + z * foot + n * length, w, m
    last = np.eye(4)
    last[:3, 0], last[:3, 1], last[:3, 2], last[:3, 3] = x, np.cross(z, x), z, p
    return Links(base, links, lines.slides, inverted(last) @ lines.home, twists)
