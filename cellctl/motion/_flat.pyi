"""Compiled closed form of SCARA arms and gantries (ext/flat.pyx)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cellctl.motion._kinematics import Inverse

_Floats = NDArray[np.float64]
_Limits = Sequence[tuple[float, float, float]]

class FlatInverse(Inverse):
    @staticmethod
    def scara(
        right: _Floats,
        limits: _Limits,
        plane: _Floats,
        home: _Floats,
        turns: Sequence[int],
        slide: int,
        signs: Sequence[float],
        rise: float,
        first: float,
        second: float,
        bend: float,
        wrist: Sequence[float],
    ) -> FlatInverse: ...
    @staticmethod
    def gantry(
        right: _Floats,
        limits: _Limits,
        home: _Floats,
        turns: Sequence[int],
        slides: Sequence[int],
        axes: _Floats,
        points: _Floats,
        undo: _Floats,
    ) -> FlatInverse: ...
