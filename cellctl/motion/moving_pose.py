"""A pose that moves along a straight belt: where it is in time, and when it is in a pick window."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cellctl.errors import UsageError
from cellctl.motion.lines import matrix
from cellctl.motion.otg import Floats
from cellctl.motion.pose import Pose
from cellctl.motion.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class MovingPose:
    """Where the tool shall be on a belt: a pose (in the arm's base) that is there now and moves along a direction.

    Speeds are m/s along ``direction``, of which only the direction counts; with an acceleration (m/s²) until the final
    speed, or for ever.
    """

    pose: Pose | Floats
    direction: tuple[float, float, float]
    speed: float
    acceleration: float = 0.0
    final_speed: float | None = None

    @property
    def start(self) -> Floats:
        """The pose as a transform. Shape (4, 4)."""
        return matrix(self.pose) if isinstance(self.pose, Pose) else np.asarray(self.pose, np.float64)

    @property
    def way(self) -> Floats:
        """The direction, of length 1. Shape (3,)."""
        way = np.asarray(self.direction, np.float64)
        length = float(np.linalg.norm(way)) if way.shape == (3,) else 0.0
        if not 0 < length < math.inf:
            raise UsageError(f"a belt along {self.direction}", hint="It needs a direction of three numbers.")
        return way / length

    @property
    def accelerates_for(self) -> float:
        """How long its speed changes (s)."""
        if self.acceleration == 0:
            return 0.0
        lasts = math.inf if self.final_speed is None else (self.final_speed - self.speed) / self.acceleration
        if not lasts >= 0:
            raise UsageError(
                f"a belt of {self.speed:g} m/s never comes to {self.final_speed} with {self.acceleration:g}"
            )
        return lasts

    def travelled(self, times: Floats) -> Floats:
        """How far it is along the belt (m). Shape (n,)."""
        ramp = np.minimum(times, self.accelerates_for)
        travelled: Floats = self.speed * times + self.acceleration * ramp * (times - 0.5 * ramp)
        return travelled

    def speeds(self, times: Floats) -> Floats:
        """How fast it is along the belt (m/s). Shape (n,)."""
        speeds: Floats = self.speed + self.acceleration * np.minimum(times, self.accelerates_for)
        return speeds

    def poses(self, times: Floats) -> Floats:
        """Transforms. Shape (n, 4, 4)."""
        poses = np.repeat(self.start[None], len(times), axis=0)
        poses[:, :3, 3] += self.travelled(times)[:, None] * self.way
        return poses

    def open_times(self, low: float, high: float, earliest: float, latest: float) -> tuple[float, float] | None:
        """From the first to the last time (s) at which it is in its window; None if it never is."""
        lasts = self.accelerates_for
        end_speed, ramp = self.speed + self.acceleration * min(lasts, 1e9), min(lasts, 1e9)
        at_end = float(self.travelled(np.array([ramp]))[0])
        cuts = {earliest, latest}
        for level in (low, high):
            if math.isfinite(level):
                cuts.update(t for t in _roots(-level, self.speed, 0.5 * self.acceleration) if t <= lasts)
                cuts.update(ramp + t for t in _roots(at_end - level, end_speed, 0.0))
        times = sorted(t for t in cuts if earliest <= t <= latest)
        middles = [0.5 * (one + other) if other < math.inf else 2 * one + 1 for one, other in pairwise(times)]
        where = self.travelled(np.array(middles))
        inside = [k for k, middle in enumerate(where.tolist()) if low <= middle <= high]
        return (times[inside[0]], times[inside[-1] + 1]) if inside else None

    def coordinate(self) -> Trajectory:
        """How far it is along the belt, as a trajectory of one axis."""
        lasts = self.accelerates_for
        rows = np.array([[0.0, lasts, 0.0, self.speed, self.acceleration, 0.0]] if 0 < lasts < math.inf else [])
        ramp = lasts if lasts < math.inf else 0.0
        times = np.array([ramp])
        after = self.acceleration if math.isinf(lasts) else 0.0
        end = [ramp, float(self.travelled(times)[0]), float(self.speeds(times)[0]), after]
        return Built.of([rows.reshape(-1, 6)], np.array([end]))


def _roots(c0: float, c1: float, c2: float) -> list[float]:
    """Where c0 + c1 t + c2 t² is zero, at positive times."""
    found = np.roots([c2, c1, c0] if c2 else [c1, c0]) if c1 or c2 else np.empty(0)
    return [float(root.real) for root in np.atleast_1d(found) if abs(root.imag) < 1e-12 and root.real > 0]


class Built(Trajectory):
    """A trajectory from tables of pieces."""

    __slots__ = ()

    @classmethod
    def of(cls, tables: list[Floats], ends: Floats) -> Trajectory:
        """From the pieces of each axis (n, 6) as t, dt, p, v, a, j, and their ends (dof, 4): duration, p, v, a."""
        made = cls()
        made._build([np.ascontiguousarray(table) for table in tables], ends, float(ends[0, 0]), np.zeros(len(tables)))
        return made
