"""Compiled kinematics of the UR family (ext/kinematics.pyx)."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

_Six: TypeAlias = tuple[float, float, float, float, float, float]
_Floats: TypeAlias = NDArray[np.float64]

class Chain:
    def __init__(self, geometry: Sequence[float], tool: Sequence[float] = ...) -> None: ...
    def forward(self, joints: Sequence[float]) -> _Six: ...
    def inverse(self, pose: Sequence[float], free: float = ...) -> list[_Six]: ...
    def nearest(self, pose: Sequence[float], seed: Sequence[float], limit: float) -> _Six | None: ...
    def jacobian(self, joints: Sequence[float], out: _Floats | None = ...) -> _Floats: ...
    def forward_batch(self, joints: _Floats, out: _Floats | None = ...) -> _Floats: ...
    def inverse_batch(
        self,
        poses: _Floats,
        out: _Floats | None = ...,
        counts: NDArray[np.intc] | None = ...,
        free: float = ...,
    ) -> tuple[_Floats, NDArray[np.intc]]: ...
