"""Arms with a spherical wrist, told to the solver of ext/wrist_arm.h.

Six revolute joints of which the last three axes meet in one point, in any arrangement of the first three; or the other
way round, the first three meet and the last three lie as they like.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cellctl.motion._kinematics import Inverse
from cellctl.motion._wrist import WristInverse
from cellctl.motion.lines import Floats, Lines, Links, inverted, links_of
from cellctl.motion.solution import Limits


class Wrist(NamedTuple):
    """The chain to solve: the arm's own, or, ``mirrored``, that of the arm seen from its flange."""

    chain: Links
    mirrored: bool

    def inverse(self, right: Floats, limits: Limits) -> Inverse:
        """The solver, for a tool point that ``right`` (4, 4) takes back to the flange. ValueError: not this arm."""
        chain = self.chain
        links, base, tip = (np.ascontiguousarray(part, np.float64) for part in (chain.links, chain.base, chain.tip))
        return WristInverse(links, base, tip, self.mirrored, right, limits)


def recognise(lines: Lines) -> Wrist | None:
    """The arm as ext/wrist_arm.h has it; None where it is another one.

    Lines meet that pass each other within 1e-9 m (``SAME`` in lines.py), and are parallel within ``PARALLEL`` there.
    """
    if len(lines.points) != 6 or lines.slides.any():
        return None
    for arm in (Wrist(links_of(lines), False), Wrist(links_of(_from_flange(lines)), True)):
        try:
            arm.inverse(np.eye(4), [(0.0, 0.0, 0.0)] * 6)
        except ValueError:
            continue
        return arm
    return None


def _from_flange(lines: Lines) -> Lines:
    """The same arm seen from its flange: T⁻¹ is a chain of the same lines in reverse order, turning backwards."""
    back = inverted(lines.home)
    points = lines.points @ back[:3, :3].T + back[:3, 3]
    return Lines(points[::-1], -(lines.directions @ back[:3, :3].T)[::-1], lines.slides[::-1], back)
