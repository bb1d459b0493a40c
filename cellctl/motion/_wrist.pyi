"""Compiled inverse kinematics of arms with a spherical wrist (ext/wrist.pyx)."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

_Floats: TypeAlias = NDArray[np.float64]

class Solver:
    def __init__(self, links: _Floats, base: _Floats, tip: _Floats, mirrored: bool) -> None: ...
    def one(self, pose: _Floats, wanted: _Floats | None, out: _Floats) -> int: ...
    def many(self, poses: _Floats, wanted: _Floats | None, out: _Floats, counts: NDArray[np.intc]) -> None: ...
