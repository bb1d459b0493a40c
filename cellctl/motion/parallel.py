"""Arms whose axes 2, 3 and 4 are parallel (the UR family), told to the solver of ext/parallel_arm.c."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from cellctl.motion._kinematics import Inverse
from cellctl.motion._parallel import ParallelInverse
from cellctl.motion.lines import Floats, Lines, inverted
from cellctl.motion.solution import Limits, crossing, frame

#: How far (rad, m) an arm may be from the form: more than rounding, less than any table's last digit.
TOLERANCE: Final = 1e-9


class Parallel(NamedTuple):
    """The solver's own arm: ``left`` T ``right`` is the frame that it takes, a joint is sign * own angle + offset."""

    lengths: tuple[float, float, float, float]  # a2, a3, d4, d5 (m)
    left: Floats  # Shape (4, 4)
    right: Floats  # Shape (4, 4)
    sign: tuple[float, ...]
    offset: tuple[float, ...]

    def inverse(self, right: Floats, limits: Limits, off: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Inverse:
        """The solver, for a tool point that ``right`` (4, 4) takes back to the flange.

        For a nominal arm: by ``off`` (m, rad) a pose may be out of reach, and (rad) a way keeps off singular poses.
        """
        return ParallelInverse(self.lengths, self.left, right @ self.right, self.sign, self.offset, limits, off)


def _along(directions: Floats, axis: Floats) -> list[float] | None:
    """+1 or -1 where all directions are parallel to the axis."""
    turns = [float(each @ axis) for each in directions]
    parallel = all(np.linalg.norm(np.cross(each, axis)) < TOLERANCE for each in directions)
    return [math.copysign(1.0, turn) for turn in turns] if parallel else None


def _own(q: tuple[float, ...], lengths: tuple[float, float, float, float]) -> Floats:
    """The solver's arm forward: the frame at o5, with z along axis 6 (the formulas of ext/parallel_arm.h)."""
    a2, a3, d4, d5 = lengths
    q1, q2, q3, q4, q5, q6 = q
    along = np.array([math.cos(q1), math.sin(q1), 0.0])
    up, normal = np.array([0.0, 0.0, 1.0]), np.array([math.sin(q1), -math.cos(q1), 0.0])
    q23, q234 = q2 + q3, q2 + q3 + q4
    s, c, s5, c5 = math.sin(q234), math.cos(q234), math.sin(q5), math.cos(q5)
    z = -c * s5 * along - s * s5 * up + c5 * normal
    x = c * c5 * along + s * c5 * up + s5 * normal  # where q6 is zero
    y = np.cross(z, x)
    turned = math.cos(q6) * x + math.sin(q6) * y
    plane = (a2 * math.cos(q2) + a3 * math.cos(q23) + d5 * s) * along
    height = (a2 * math.sin(q2) + a3 * math.sin(q23) - d5 * c) * up
    return frame(turned, np.cross(z, turned), z, plane + height + d4 * normal)


def recognise(lines: Lines) -> Parallel | None:
    """The arm as ext/parallel_arm.h has it; None where it is another one."""
    p, z = lines.points, lines.directions
    if len(p) != 6 or lines.slides.any():
        return None
    signs = _along(z[1:4], z[1])
    shoulder = crossing(p[0], z[0], p[1], z[1], TOLERANCE)
    wrist = crossing(p[3], z[3], p[4], z[4], TOLERANCE)
    tip = crossing(p[4], z[4], p[5], z[5], TOLERANCE)
    right_angles = abs(float(z[0] @ z[1])) + abs(float(z[3] @ z[4])) + abs(float(z[4] @ z[5])) < TOLERANCE
    if signs is None or shoulder is None or wrist is None or tip is None or not right_angles:
        return None
    normal = z[1]
    d4, d5 = float((wrist - shoulder) @ normal), float((tip - wrist) @ z[4])
    flip = -1.0 if d4 < 0 else 1.0
    normal, signs = normal * flip, [each * flip for each in signs]
    bend = -1.0 if d5 < 0 else 1.0
    along = np.cross(normal, -z[0])  # x where the first joint is at zero: y is -normal there
    up = z[0]
    low, high = p[2] - shoulder, wrist - p[2]
    a2, a3 = (math.hypot(float(each @ along), float(each @ up)) for each in (low, high))
    if min(a2, a3) < TOLERANCE:
        return None
    q2 = math.atan2(float(low @ up), float(low @ along))
    q23 = math.atan2(float(high @ up), float(high @ along))
    z5 = z[4] * bend
    q234 = math.atan2(float(z5 @ along), -float(z5 @ up))
    fore = math.cos(q234) * float(z[5] @ along) + math.sin(q234) * float(z[5] @ up)
    q5 = math.atan2(-fore, float(z[5] @ normal))
    zero = (0.0, q2, q23 - q2, q234 - q23, q5, 0.0)
    sign = (1.0, *signs, bend, 1.0)
    lengths = (a2, a3, abs(d4), abs(d5))
    left = inverted(frame(along, -normal, up, shoulder))
    right = inverted(left @ lines.home) @ _own(zero, lengths)
    offset = tuple(-each * angle for each, angle in zip(sign, zero, strict=True))
    return Parallel(lengths, left, right, sign, offset)
