"""Compiled interception of moving targets (ext/intercept.pyx)."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cellctl.motion._otg import Input
from cellctl.motion._trajectory import Trajectory

_Floats: TypeAlias = NDArray[np.float64]

class InterceptError(Exception):
    args: tuple[int, int, int, float, float, float, float, float, float, float]

class Pick:
    earliest: float
    latest: float
    dwell: float
    low: float
    high: float
    leaves: bool
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

class Target:
    lasts: float
    def __init__(self, degrees_of_freedom: int, *args: Any, **kwargs: Any) -> None: ...
    @property
    def degrees_of_freedom(self) -> int: ...
    @property
    def data(self) -> _Floats: ...
    @property
    def direction(self) -> _Floats: ...
    def follow(self, motion: Trajectory | None, coordinate: Trajectory | None) -> None: ...

class Planner:
    def __init__(self, degrees_of_freedom: int, *args: Any, **kwargs: Any) -> None: ...
    @property
    def degrees_of_freedom(self) -> int: ...
    def plan(self, given: Input, target: Target, pick: Pick, trajectory: Trajectory) -> tuple[float, float, int]: ...
