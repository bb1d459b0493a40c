"""Motions through waypoints beside toppra's along a spline through them, which knows no jerk limit."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
from toppra import SplineInterpolator
from toppra.algorithm import TOPPRA
from toppra.constraint import JointAccelerationConstraint, JointVelocityConstraint

from benchmarks.report import Row, lower_is_better, median
from cellctl.motion import InputParameter, Otg, WaypointSearch
from cellctl.motion.otg import Floats

DOF, POINTS, PROBLEMS = 6, 10, 20


def _problem(seed: int) -> tuple[InputParameter, Floats]:
    """Waypoints (rad) of a six-axis arm, at which standing still costs about as much as in the field's figures."""
    rng = np.random.default_rng(seed)
    given, at = InputParameter(DOF), rng.uniform(-0.8, 0.8, (POINTS, DOF))
    given.current_position, given.target_position = at[0], at[-1]
    given.max_velocity, given.max_acceleration = rng.uniform(1, 3, DOF), rng.uniform(5, 15, DOF)
    given.max_jerk = rng.uniform(50, 150, DOF)
    return given, at[1:-1]


def _toppra(given: InputParameter, points: Floats) -> float:
    path = SplineInterpolator(np.linspace(0, 1, len(points)), points)
    limits = [
        JointVelocityConstraint(np.c_[-given.max_velocity, given.max_velocity]),
        JointAccelerationConstraint(np.c_[-given.max_acceleration, given.max_acceleration]),
    ]
    grid = np.linspace(0, path.duration, 1001)
    run = TOPPRA(limits, path, gridpoints=grid, parametrizer="ParametrizeConstAccel").compute_trajectory()
    return float(run.duration)


def _stopping(given: InputParameter, points: Floats) -> float:
    total = 0.0
    for start, end in pairwise(points):
        given.current_position, given.target_position = start, end
        total += Otg(DOF).calculate(given).duration
    given.current_position, given.target_position = points[0], points[-1]
    return total


def _found(seed: int) -> tuple[list[float], float]:
    """Durations by toppra, standing still, after 10 ms and after 100 ms; and how many rounds fitted into 10 ms."""
    given, between = _problem(seed)
    start = time.perf_counter()
    search = WaypointSearch(given, between)
    durations, rounds = [], 0
    for budget in (0.01, 0.1):
        while time.perf_counter() - start < budget:
            search.improve(1)
        rounds = rounds or search.rounds
        durations.append(search.duration)
    assert search.trajectory.certify(given.limits).holds()
    return [_toppra(given, search.waypoints), _stopping(given, search.waypoints), *durations], rounds


def rows() -> list[Row]:
    """The median over the problems of how long the motions are, beside toppra's without a jerk limit."""
    found, rounds = zip(*(_found(seed) for seed in range(PROBLEMS)), strict=True)
    table = np.array(found)
    ratios = np.median(table / table[:, :1], axis=0)
    name, peer = "10 waypoints, v, a, j limits, 6 DoF", "toppra without jerk"
    return [
        lower_is_better(f"{name}: standing still at each, duration", "x", float(ratios[1]), peer, 1.0),
        lower_is_better(f"{name}: in 10 ms, duration", "x", float(ratios[2]), peer, 1.0),
        lower_is_better(f"{name}: in 100 ms, duration", "x", float(ratios[3]), peer, 1.0),
        Row(f"{name}: rounds in 10 ms", median([float(each) for each in rounds]), ""),
    ]
