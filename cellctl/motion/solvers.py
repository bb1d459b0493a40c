"""Which closed form solves an arm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cellctl.motion import parallel
from cellctl.motion._kinematics import Inverse, ParallelInverse
from cellctl.motion.lines import Lines, Links

Floats = NDArray[np.float64]
Limits = tuple[Sequence[float], Sequence[float]]


def solver_of(
    lines: Lines, links: Links, untool: Floats, turns: Sequence[float], limits: Limits
) -> tuple[Inverse | None, str]:
    """The solver of an arm whose tool point is taken back to the flange by ``untool`` (4, 4), and its name."""
    if (found := parallel.recognise(lines)) is not None:
        right = untool @ found.right
        return ParallelInverse(found.lengths, found.left, right, found.sign, found.offset, turns, *limits), "parallel"
    return None, "numeric"
