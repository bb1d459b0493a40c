"""Running along a path beside toppra and COPP: the same splines, the same limits, building included.

Run alone with ``python -m benchmarks.parametrization``; ``rows`` is for ``make bench-motion``.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path as File

import copp_py
import numpy as np
import toppra
from toppra.algorithm import TOPPRA
from toppra.constraint import JointAccelerationConstraint, JointVelocityConstraint

from benchmarks.report import Row, lower_is_better, median, publish
from benchmarks.timing import least
from cellctl.motion.parametrization import parametrize
from cellctl.motion.paths import spline
from cellctl.motion.trajectory import Floats, Limits

DOF, WAYPOINTS, POINTS, PROBLEMS = 6, 10, 500, 8


class Problem:
    """Waypoints of a six-axis arm (rad) and its limits."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.points = rng.uniform(-2, 2, (WAYPOINTS, DOF))
        self.v, self.a, self.j = rng.uniform(1, 3, DOF), rng.uniform(2, 10, DOF), rng.uniform(20, 100, DOF)
        self.knots = spline(self.points).breaks

    def ours(self, *, jerk: bool, gridpoints: int = POINTS) -> float:
        limits = Limits(self.v, self.a, self.j) if jerk else Limits(self.v, self.a)
        return parametrize(spline(self.points), limits, gridpoints=gridpoints).duration

    def excess(self, *, jerk: bool) -> float:
        limits = Limits(self.v, self.a, self.j) if jerk else Limits(self.v, self.a)
        return parametrize(spline(self.points), limits).certify(limits).excess

    def toppra(self, gridpoints: int) -> float:
        path = toppra.SplineInterpolator(self.knots, self.points, bc_type="natural")
        limits = [
            JointVelocityConstraint(np.stack([-self.v, self.v], axis=1)),
            JointAccelerationConstraint(np.stack([-self.a, self.a], axis=1)),
        ]
        grid = np.linspace(0, self.knots[-1], gridpoints + 1)
        solver = TOPPRA(limits, path, gridpoints=grid, parametrizer="ParametrizeConstAccel")
        return float(solver.compute_trajectory(0, 0).duration)

    def _copp(self) -> tuple[copp_py.Robot, Floats, Floats]:
        """The path is ours: theirs through the same waypoints is another curve, and is slower to make."""
        path = spline(self.points)
        s = np.linspace(0, path.length, POINTS + 1)
        q, dq, ddq, dddq = path.at(s, 3)
        robot = copp_py.Robot(DOF, capacity=POINTS + 1)
        robot.append_s(s)
        robot.set_q(q, dq, ddq, 0, dddq=dddq)
        robot.add_velocity_limits(self.v, -self.v, start_idx_s=0, length=POINTS + 1)
        robot.add_acceleration_limits(self.a, -self.a, start_idx_s=0, length=POINTS + 1)
        solver = copp_py.solver.topp2_ra
        problem = solver.Problem(robot.constraints, idx_s_interval=(0, POINTS), a_boundary=(0.0, 0.0))
        return robot, s, solver.solve(problem, solver.Options())

    def copp(self) -> float:
        _, s, x = self._copp()
        return float(copp_py.interpolation.s_to_t_topp2(s, x, 0.0)[0])

    def copp_jerk(self) -> float:
        robot, s, x = self._copp()
        robot.add_jerk_limits(self.j, -self.j, start_idx_s=0, length=POINTS + 1)
        solver = copp_py.solver.topp3_socp
        profile = solver.solve(solver.Problem(robot.constraints, x, a_boundary=(0.0, 0.0), b_boundary=(0.0, 0.0)))
        return float(copp_py.interpolation.s_to_t_topp3(s, profile, 0.0)[0])


def rows() -> list[Row]:
    """Time a call, how long the motions are beside the peers', and how far beyond the limits they may be."""
    logging.getLogger("toppra").setLevel(logging.ERROR)
    rng = np.random.default_rng(1)
    problems = [Problem(rng) for _ in range(PROBLEMS)]
    call = median([least(lambda p=p: p.ours(jerk=False), 30) for p in problems]) * 1e3  # type: ignore[misc]
    peer = median([least(lambda p=p: p.copp(), 15) for p in problems]) * 1e3  # type: ignore[misc]
    other = median([least(lambda p=p: p.toppra(POINTS), 3) for p in problems]) * 1e3  # type: ignore[misc]
    jerk = median([least(lambda p=p: p.ours(jerk=True), 5) for p in problems]) * 1e3  # type: ignore[misc]
    peer_jerk = median([least(lambda p=p: p.copp_jerk(), 1) for p in problems]) * 1e3  # type: ignore[misc]
    longer = [p.ours(jerk=False) / p.toppra(1000) for p in problems]
    finer = [p.ours(jerk=False, gridpoints=4000) / p.toppra(1000) for p in problems]
    jerk_longer = [p.ours(jerk=True) / p.copp_jerk() for p in problems]
    name = "path, 10 waypoints, 6 DoF, N=500"
    return [
        lower_is_better(f"{name}: v and a limits, a call", "ms", call, "copp-py", peer),
        lower_is_better(f"{name}: v and a limits, a call", "ms", call, "toppra", other),
        lower_is_better(f"{name}: with jerk limits, a call", "ms", jerk, "copp-py", peer_jerk),
        Row(f"{name}: duration beyond toppra's on N=1000, the worst", 100 * (max(longer) - 1), "%"),
        Row("the same with N=4000", 100 * (max(finer) - 1), "%"),
        Row(f"{name}: duration with jerk beyond copp-py's, the worst", 100 * (max(jerk_longer) - 1), "%"),
        Row(f"{name}: proven excess over v and a, the worst", max(p.excess(jerk=False) for p in problems), ""),
        Row(f"{name}: proven excess with jerk, the worst", max(p.excess(jerk=True) for p in problems), ""),
    ]


def main() -> None:
    """Measure, print, write."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    publish(rows(), File("build/bench/parametrization.jsonl"))


if __name__ == "__main__":
    main()
