"""Arms with a spherical wrist, told to the solver of ext/wrist_arm.h.

Six revolute joints of which the last three axes meet in one point, in any arrangement of the first three; or the other
way round, the first three meet and the last three lie as they like.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cellctl.motion._kinematics import Inverse
from cellctl.motion._wrist import WristInverse
from cellctl.motion.lines import Floats, Lines, Links, from_flange, links_of
from cellctl.motion.solution import Limits


class Wrist(NamedTuple):
    """The chain to solve: the arm's own, or, ``mirrored``, that of the arm seen from its flange."""

    chain: Links
    mirrored: bool

    def inverse(self, right: Floats, limits: Limits, off: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Inverse:
        """The solver, for a tool point that ``right`` (4, 4) takes back to the flange. ValueError: not this arm.

        For a nominal arm: by ``off`` (m, rad) a pose may be out of reach, and (rad) a way keeps off singular poses.
        """
        chain = self.chain
        links, base, tip = (np.ascontiguousarray(part, np.float64) for part in (chain.links, chain.base, chain.tip))
        return WristInverse(links, base, tip, self.mirrored, right, limits, off)


def recognise(lines: Lines) -> Wrist | None:
    """The arm as ext/wrist_arm.h has it; None where it is another one.

    Lines meet that pass each other within 1e-9 m (``SAME`` in lines.py), and are parallel within ``PARALLEL`` there.
    """
    if len(lines.points) != 6 or lines.slides.any():
        return None
    for arm in (Wrist(links_of(lines), False), Wrist(links_of(from_flange(lines)), True)):
        try:
            arm.inverse(np.eye(4), [(0.0, 0.0, 0.0)] * 6)
        except ValueError:
            continue
        return arm
    return None
