"""What closed-form solvers share on their way from an arm's lines to numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cellctl.motion._kinematics import Inverse

Floats = NDArray[np.float64]

#: Of each joint: after how much it is the same again (a full turn, or 0: never), its lower and its upper limit.
Limits = Sequence[tuple[float, float, float]]


class ClosedForm(Protocol):
    """An arm that was recognised."""

    def inverse(self, right: Floats, limits: Limits) -> Inverse:
        """The solver, for a tool point that ``right`` (4, 4) takes back to the flange."""
        ...


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
