"""Compiled inverse of arms that are nearly of a kind with a closed form (ext/near.pyx)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cellctl.motion._kinematics import Chain, Inverse

_Floats = NDArray[np.float64]

class NearInverse(Inverse):
    def __init__(
        self,
        nominal: Inverse,
        chain: Chain,
        length: float,
        off: tuple[float, float],
        slack: float,
        right: _Floats,
        limits: Sequence[tuple[float, float, float]],
    ) -> None: ...
