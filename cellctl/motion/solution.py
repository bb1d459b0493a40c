"""What a closed-form solver needs to know of an arm: which one it is, and how its angles and frames are told there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Solution(NamedTuple):
    """The solver's own arm: ``left`` T ``right`` is the frame that it takes, a joint is sign * own angle + offset."""

    lengths: tuple[float, ...]
    left: Floats  # Shape (4, 4)
    right: Floats  # Shape (4, 4)
    sign: tuple[float, ...]
    offset: tuple[float, ...]


def frame(x: Floats, y: Floats, z: Floats, origin: Floats) -> Floats:
    """A transform from its columns. Shape (4, 4)."""
    made = np.eye(4)
    made[:3, 0], made[:3, 1], made[:3, 2], made[:3, 3] = x, y, z, origin
    return made


def crossing(p: Floats, z: Floats, q: Floats, w: Floats, tolerance: float) -> Floats | None:
    """Where two lines that are not parallel meet; None where they pass each other."""
    n = np.cross(z, w)
    square = float(n @ n)
    if square < tolerance or abs(float((q - p) @ n)) > tolerance * square**0.5:
        return None
    meeting: Floats = p + z * (float(np.cross(q - p, w) @ n) / square)
    return meeting
