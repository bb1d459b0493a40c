"""Arms that are nearly of a kind with a closed form: from a calibrated table, or a file that prints π/2 as 1.5708.

What the exact arm next to such an arm, the nominal one, says is polished on the true one (ext/near_arm.h).
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from cellctl.motion import parallel, wrist
from cellctl.motion._kinematics import Chain, Inverse
from cellctl.motion._near import NearInverse
from cellctl.motion.lines import FAR, Floats, Lines, Links, from_flange, links_of
from cellctl.motion.nominal import moved, parallel_axes, spherical_wrist
from cellctl.motion.solution import Limits

#: Joints at random that tell how far the two flanges may be from each other, and how much is added to be safe.
_SAMPLES: Final = 500
_MORE: Final = 1.25
#: Where two ways become one they are as far apart as the root of what moves them.
_BLUR: Final = 0.5
_SLACK: Final = 4.0  # as many times that: where the nominal arm may be bent otherwise than the true one
#: An arm with an exact wrist is nominal itself if its lines need not be moved further than this (m, rad).
_SAME: Final = 1e-9


class Near(NamedTuple):
    """An arm, and the exact one next to it."""

    chain: Links  # with every digit
    nominal: parallel.Parallel | wrist.Wrist
    off: tuple[float, float]  # how far the flanges of both may be from each other with the same joints (m, rad)

    def inverse(self, right: Floats, limits: Limits) -> Inverse:
        """The solver, for a tool point that ``right`` (4, 4) takes back to the flange."""
        length = float(np.abs(self.chain.links[:, 1:3]).sum()) or 1.0
        way, turn = self.off
        blur = _BLUR * math.sqrt(way / length + turn)
        solver = self.nominal.inverse(np.eye(4), limits, (way, turn, blur))
        return NearInverse(solver, _chain(self.chain), length, self.off, _SLACK * blur, right, limits)


def recognise(lines: Lines) -> tuple[str, Near] | None:
    """The name of the closed form next to an arm, and the arm; None where none is near."""
    if len(lines.points) != 6 or lines.slides.any():
        return None
    made = parallel_axes(lines)
    if made is not None and (axes := parallel.recognise(made)) is not None:
        return "parallel", _near(lines, made, axes)
    for made in _wrists(lines):
        if (form := wrist.recognise(made)) is not None:
            return "wrist", _near(lines, made, form)
    return None


def nearly_singular(lines: Lines) -> bool:
    """Whether an arm with an exact wrist has axes among the first three that are nearly parallel, or nearly meet.

    Its closed form is one for any three axes, which loses its digits there.
    """
    return any(max(moved(lines, made)) > _SAME for made in _wrists(lines) if wrist.recognise(made) is not None)


def _wrists(lines: Lines) -> list[Lines]:
    mirrored = spherical_wrist(from_flange(lines))
    both = spherical_wrist(lines), mirrored and from_flange(mirrored)
    return [made for made in both if made is not None]


def _chain(links: Links) -> Chain:
    return Chain(links.base, links.links, links.slides, links.tip, links.twists)


def _near(lines: Lines, made: Lines, form: parallel.Parallel | wrist.Wrist) -> Near:
    true, nominal = links_of(lines, far=FAR, same=0.0), links_of(made)
    joints = np.random.default_rng(1).uniform(-math.pi, math.pi, (_SAMPLES, 6))
    here, there = (_chain(links).transforms(joints) for links in (true, nominal))
    way = float(np.linalg.norm(here[:, :3, 3] - there[:, :3, 3], axis=1).max())
    turn = float(np.linalg.norm(here[:, :3, :3] - there[:, :3, :3], axis=(1, 2)).max()) / math.sqrt(2)
    return Near(true, form, (_MORE * way, _MORE * turn))
