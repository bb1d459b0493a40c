"""Compiled closed form of arms with parallel axes 2, 3 and 4 (ext/parallel.pyx)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cellctl.motion._kinematics import Inverse

_Floats = NDArray[np.float64]

class ParallelInverse(Inverse):
    def __init__(
        self,
        lengths: Sequence[float],
        left: _Floats,
        right: _Floats,
        sign: Sequence[float],
        offset: Sequence[float],
        limits: Sequence[tuple[float, float, float]],
        off: tuple[float, float, float] = ...,
    ) -> None: ...
