"""The compiled rigid-body dynamics (ext/dynamics.pyx)."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Floats: TypeAlias = NDArray[np.float64]

class Kernel:
    def __init__(self, gravity: Sequence[float]) -> None: ...
    def add(self, placement: _Floats, slides: bool, mass: float, center: Sequence[float], inertia: _Floats) -> None: ...
    def answer(self, question: int, given: tuple[ArrayLike, ...], out: _Floats) -> bool: ...
