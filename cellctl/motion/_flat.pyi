"""The compiled inverse of SCARA arms and gantries (ext/flat.pyx)."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

_Floats: TypeAlias = NDArray[np.float64]

class Solver:
    @staticmethod
    def scara(
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
    ) -> Solver: ...
    @staticmethod
    def gantry(
        home: _Floats, turns: Sequence[int], slides: Sequence[int], axes: _Floats, points: _Floats, undo: _Floats
    ) -> Solver: ...
    def solve(self, flange: _Floats, wanted: _Floats, rows: _Floats) -> int: ...
