"""Inverse kinematics of arms with a spherical wrist, in closed form: every way to reach a pose.

Six revolute joints of which the last three axes meet in one point, in any arrangement of the first three; or the other
way round, the first three meet and the last three lie as they like. The mathematics is told in ext/wrist.h.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellctl.errors import UsageError
from cellctl.motion._wrist import Solver
from cellctl.motion.lines import Lines, Links, links_of

Floats = NDArray[np.float64]


class WristGeometry(NamedTuple):
    """The chain to solve: the arm's own, or, ``mirrored``, that of the arm seen from its flange."""

    chain: Links
    mirrored: bool = False


def recognise(lines: Lines) -> WristGeometry | None:
    """The geometry of an arm that ``WristSolver`` solves, else None.

    Lines meet that pass each other within 1e-9 m, and are parallel within 1e-9 rad (``SAME`` in lines.py).
    """
    if len(lines.points) != 6 or lines.slides.any():
        return None
    for geometry in (WristGeometry(links_of(lines)), WristGeometry(links_of(_from_flange(lines)), mirrored=True)):
        try:
            _solver(geometry)
        except ValueError:
            continue
        return geometry
    return None


class WristSolver:
    """All ways to reach a pose. Joint angles are the model's own, in rad, in (-π, π]."""

    def __init__(self, geometry: WristGeometry) -> None:
        try:
            self._solver = _solver(geometry)
        except ValueError as error:
            raise UsageError(str(error), hint="Let recognise() make the geometry.") from None

    def branches(self, pose: Floats, wanted: Floats | None = None, out: Floats | None = None) -> Floats:
        """Every row of joint angles for the flange's pose in the base (m). Shape (4, 4) to (k, 6), k of 0 to 8.

        Where a joint may stand anywhere, in a singular pose, it stands as in ``wanted``, shape (6,), or at zero.
        A pose within 0.1 µm of the reach is answered at its rim. With ``out``, shape (8, 6), the rows are part of it.
        Raises UsageError where the pose is none.
        """
        rows = np.empty((8, 6)) if out is None else out
        try:
            count = self._solver.one(pose, wanted, rows)
        except (TypeError, ValueError) as error:
            raise _unfit(error) from None
        if count < 0:
            raise UsageError("the pose is not a rotation and a finite position")
        return rows[:count]

    def batch(self, poses: Floats, out: Floats, counts: NDArray[np.intc], wanted: Floats | None = None) -> None:
        """The same for many poses: shape (n, 4, 4) into ``out``, shape (n, 8, 6), and ``counts``, shape (n,), intc.

        Rows beyond the count are not written. Raises UsageError where a pose is none; the others are answered.
        """
        try:
            self._solver.many(poses, wanted, out, counts)
        except (TypeError, ValueError) as error:
            raise _unfit(error) from None
        if counts.size and counts.min() < 0:
            raise UsageError(f"pose {int(counts.argmin())} is not a rotation and a finite position")


def _solver(geometry: WristGeometry) -> Solver:
    (base, links, _, tip), mirrored = geometry
    return Solver(*(np.ascontiguousarray(part, np.float64) for part in (links, base, tip)), mirrored)


def _from_flange(lines: Lines) -> Lines:
    """The same arm seen from its flange: T⁻¹ is a chain of the same lines in reverse order, turning backwards."""
    back = np.linalg.inv(lines.home)
    points = lines.points @ back[:3, :3].T + back[:3, 3]
    return Lines(points[::-1], -(lines.directions @ back[:3, :3].T)[::-1], lines.slides[::-1], back)


def _unfit(error: Any) -> UsageError:
    return UsageError(str(error), hint="Arrays must be float64 (counts: intc), C-contiguous, the outputs writeable.")
