"""Compiled kinematics (ext/kinematics.pyx)."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Floats: TypeAlias = NDArray[np.float64]
_Numbers: TypeAlias = Sequence[float] | _Floats
_Six: TypeAlias = tuple[float, float, float, float, float, float]

def kernel_name() -> str: ...
def use_kernel(name: str) -> bool: ...
def pose_of(transform: ArrayLike) -> _Six: ...

class Chain:
    def __init__(
        self, base: _Floats, links: _Floats, slides: NDArray[np.bool_], tip: _Floats, twists: _Floats | None = ...
    ) -> None: ...
    @property
    def degrees_of_freedom(self) -> int: ...
    def pose(self, joints: _Numbers) -> _Six: ...
    def transform(self, joints: _Numbers, out: _Floats | None = ...) -> _Floats: ...
    def jacobian(self, joints: _Numbers, out: _Floats | None = ...) -> _Floats: ...
    def transforms(self, joints: ArrayLike, out: _Floats | None = ...) -> _Floats: ...
    def jacobians(self, joints: ArrayLike, out: _Floats | None = ...) -> _Floats: ...

class Inverse:
    @property
    def most_rows(self) -> int: ...
    def branches(self, pose: Sequence[float], wanted: _Numbers) -> list[tuple[float, ...]]: ...
    def nearest(self, pose: Sequence[float], seed: _Numbers, keep: bool = ...) -> tuple[float, ...] | None: ...
    def solve(self, transform: ArrayLike, wanted: ArrayLike, out: _Floats | None = ...) -> _Floats: ...
    def solve_many(
        self,
        transforms: ArrayLike,
        wanted: ArrayLike,
        out: _Floats | None = ...,
        counts: NDArray[np.intc] | None = ...,
    ) -> tuple[_Floats, NDArray[np.intc]]: ...
    def follow(
        self,
        transforms: ArrayLike,
        seed: _Numbers,
        step: float,
        out: _Floats | None = ...,
        places: ArrayLike | None = ...,
    ) -> tuple[_Floats, int]: ...

class Numeric:
    def __init__(self, chain: Chain, lower: Sequence[float], upper: Sequence[float], length: float) -> None: ...
    def solve(
        self,
        transform: ArrayLike,
        seed: _Numbers,
        weight: Sequence[float],
        way: float,
        turn: float,
        rounds: int,
        tries: int,
        random: int,
    ) -> tuple[_Floats, bool, float, float, int, int]: ...
    def every(
        self,
        transform: ArrayLike,
        seed: _Numbers,
        weight: Sequence[float],
        way: float,
        turn: float,
        rounds: int,
        tries: int,
        random: int,
    ) -> _Floats: ...
