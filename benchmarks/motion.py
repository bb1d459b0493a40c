"""``make bench-motion``: the motion core beside its peers, on the same problems, in one process pinned to one core.

Each figure is the median over problems of the least of several repetitions; both sides see the same numbers.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path

import numpy as np
import ruckig

from benchmarks import intercept, kinematics, moves, parametrization, waypoints
from benchmarks.report import Row, lower_is_better, median, publish
from benchmarks.timing import least
from cellctl.motion import InputParameter, Otg, Trajectory
from cellctl.motion._otg import FIELD_NAMES
from cellctl.motion.otg import Floats
from cellctl.testing.motions import request_of

DOF, PROBLEMS = 6, 500
FIELDS = FIELD_NAMES


def problems(*, rest: bool) -> Floats:
    """Moves of a six-axis arm (rad), shape (n, 11, 6)."""
    rng = np.random.default_rng(1)
    shape = (PROBLEMS, DOF)
    p0, pf = rng.uniform(-3, 3, shape), rng.uniform(-3, 3, shape)
    v_max, a_max, j_max = rng.uniform(1, 3, shape), rng.uniform(2, 10, shape), rng.uniform(20, 100, shape)
    v0, vf = (rng.uniform(-0.6, 0.6, shape) * v_max for _ in range(2))
    a0, af = (
        np.clip(rng.uniform(-0.5, 0.5, shape) * a_max, -room, room)
        for room in (0.9 * np.sqrt(2 * j_max * (v_max - np.abs(v))) for v in (v0, vf))
    )
    states = [p0, v0, a0, pf, vf, af]
    if rest:
        states = [state if k in (0, 3) else np.zeros(shape) for k, state in enumerate(states)]
    return np.stack([*states, v_max, -v_max, a_max, -a_max, j_max], axis=1)


def _ruckig_inputs(all_fields: Floats) -> list[ruckig.InputParameter]:
    inputs = []
    for fields in all_fields:
        given = ruckig.InputParameter(DOF)
        for name, row in zip(FIELDS, fields, strict=True):
            setattr(given, name, row)
        inputs.append(given)
    return inputs


def _plan_rows(name: str, *, rest: bool) -> list[Row]:
    numbers = problems(rest=rest)
    theirs, planner, answer = _ruckig_inputs(numbers), ruckig.Ruckig(DOF, 0.001), ruckig.Trajectory(DOF)
    ours, otg, trajectory = [request_of(fields) for fields in numbers], Otg(DOF), Trajectory()
    for mine, peer in zip(ours, theirs, strict=True):  # the same problems have the same answers
        otg.calculate(mine, trajectory)
        planner.calculate(peer, answer)
        assert trajectory.duration <= answer.duration * (1 + 1e-9), (trajectory.duration, answer.duration)
    call = median([least(lambda g=given: otg.calculate(g, trajectory)) for given in ours]) * 1e6  # type: ignore[misc]
    peer_call = median([least(lambda g=given: planner.calculate(g, answer)) for given in theirs]) * 1e6  # type: ignore[misc]
    given, states, out = request_of(numbers[0]), np.ascontiguousarray(numbers[:, :6]), np.empty(PROBLEMS)
    arrays = _with_arrays(otg, trajectory, states[0], given)
    peer_arrays = _peer_with_arrays(planner, answer, states[0], theirs[0])
    batch = least(lambda: otg.durations(given, numbers, out), 20) / PROBLEMS * 1e6
    return [
        lower_is_better(f"{name}, a call", "us", call, "ruckig", peer_call),
        lower_is_better(f"{name}, arrays set and planned", "us", arrays, "ruckig", peer_arrays),
        lower_is_better(f"{name}, batched", "us", batch, "ruckig", peer_call),
    ]


def _with_arrays(otg: Otg, trajectory: Trajectory, states: Floats, given: InputParameter) -> float:
    def work() -> None:
        given.data[:6] = states
        otg.calculate(given, trajectory)

    return least(lambda: [work() for _ in range(100)], 30) * 1e4


def _peer_with_arrays(
    planner: ruckig.Ruckig, answer: ruckig.Trajectory, states: Floats, given: ruckig.InputParameter
) -> float:
    lists = states.tolist()

    def work() -> None:
        for name, row in zip(FIELDS[:6], lists, strict=True):
            setattr(given, name, row)
        planner.calculate(given, answer)

    return least(lambda: [work() for _ in range(100)], 30) * 1e4


def _sample_rows() -> list[Row]:
    fields = problems(rest=False)[0]
    trajectory, answer = Otg(DOF).calculate(request_of(fields)), ruckig.Trajectory(DOF)
    ruckig.Ruckig(DOF, 0.001).calculate(_ruckig_inputs(fields[None])[0], answer)
    times = np.arange(0.0, trajectory.duration, 0.001)
    out = (np.empty((len(times), DOF)), np.empty((len(times), DOF)), np.empty((len(times), DOF)))
    listed = times.tolist()
    batch = least(lambda: trajectory.at_time(times, out), 30) / len(times) * 1e9
    peer = least(lambda: [answer.at_time(t) for t in listed], 10) / len(times) * 1e9
    one = (np.empty(DOF), np.empty(DOF), np.empty(DOF))
    single = least(lambda: [trajectory.at_time(t, one) for t in listed], 10) / len(times) * 1e9
    certificate = least(lambda: [trajectory.bounds() for _ in range(100)], 10) * 1e4
    return [
        lower_is_better("sampling p, v, a at 1 kHz, 6 DoF, a sample", "ns", batch, "ruckig", peer),
        lower_is_better("one sample a call, 6 DoF", "ns", single, "ruckig", peer),
        Row("proven bounds of a trajectory, 6 DoF", certificate, "us"),
    ]


def rows() -> list[Row]:
    """Every figure of trajectories, paths, waypoints, interceptions and kinematics."""
    return [
        *_plan_rows("6-DoF state to state, v and a at both ends", rest=False),
        *_plan_rows("6-DoF rest to rest", rest=True),
        *_sample_rows(),
        *parametrization.rows(),
        *waypoints.rows(),
        *moves.rows(),
        *intercept.rows(),
        *kinematics.rows(),
    ]


def main() -> None:
    """Measure, print, write."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    gc.disable()
    publish(rows(), Path("build/bench/motion.jsonl"))


if __name__ == "__main__":
    main()
