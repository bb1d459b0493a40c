"""Compiled closed form of arms with a spherical wrist (ext/wrist.pyx)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cellctl.motion._kinematics import Inverse

_Floats = NDArray[np.float64]

class WristInverse(Inverse):
    def __init__(
        self,
        links: _Floats,
        base: _Floats,
        tip: _Floats,
        mirrored: bool,
        right: _Floats,
        limits: Sequence[tuple[float, float, float]],
        off: tuple[float, float, float] = ...,
    ) -> None: ...
