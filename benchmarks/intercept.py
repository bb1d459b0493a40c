"""The earliest pick from a moving belt beside root searches over ruckig, on the same belts, in one process.

ruckig plans to a state; the earliest time T is where its least duration to the target's state at T is T. That root is
searched twice, by scipy's brentq and by our own secant with a bracket, and the faster one counts. It gives only the way
to the target; ours goes along with it and away besides. Where the belt speeds up the two may differ: ours does not go
along over the end of the ramp, where the target's acceleration jumps.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import ruckig
from scipy.optimize import brentq

from benchmarks.report import Row, lower_is_better, median, publish
from benchmarks.timing import least
from cellctl.motion import Arm, MovingPose, Pose, Trajectory, intercept_arm
from cellctl.motion.intercept import Interceptor, InterceptParameter, MovingTarget

DOF, BELTS, XTOL = 3, 200, 1e-9
NAMES = ("belt at constant speed", "belt that speeds up")


def belts(*, accelerating: bool) -> list[InterceptParameter]:
    """A belt along x at 50 to 400 mm/s, an arm above it that moves already."""
    rng = np.random.default_rng(1)
    made = []
    for _ in range(BELTS):
        given = InterceptParameter(DOF)
        given.max_velocity, given.max_acceleration, given.max_jerk = 1.5, 12.0, 150.0
        given.current_position = rng.uniform((0.0, -0.4, 0.1), (0.4, 0.4, 0.4))
        given.current_velocity = rng.uniform(-0.3, 0.3, DOF)
        given.current_acceleration = rng.uniform(-2, 2, DOF)
        speed = rng.uniform(0.05, 0.4)
        final = rng.uniform(0.05, 0.4) if accelerating else None
        change = rng.uniform(0.1, 0.5) * np.sign(final - speed) if final is not None else 0.0
        start = rng.uniform((-0.5, -0.2, 0.0), (0.0, 0.2, 0.0))
        given.moving = MovingTarget.along(start, [1, 0, 0], speed=speed, acceleration=change, final_speed=final)
        given.target_position, given.dwell = rng.uniform(-0.4, 0.4, DOF), 0.1
        made.append(given)
    return made


def peer(given: InterceptParameter, search: Callable[[Callable[[float], float]], float]) -> Callable[[], float]:
    """A search for the T at which ruckig needs T."""
    ask, answer, planner = ruckig.InputParameter(DOF), ruckig.Trajectory(DOF), ruckig.Ruckig(DOF, 0.001)
    for name in ("current_position", "current_velocity", "current_acceleration", "max_velocity", "max_acceleration"):
        setattr(ask, name, getattr(given, name).tolist())
    ask.max_jerk = given.max_jerk.tolist()
    (p, y, z), v, a, lasts = given.moving.position, given.moving.velocity[0], given.moving.acceleration[0], 0.0
    p, y, z, v, a, lasts = float(p), float(y), float(z), float(v), float(a), float(given.moving.lasts)

    def excess(t: float) -> float:
        ramp = min(t, lasts) if a else 0.0
        ask.target_position = [p + v * t + a * ramp * (t - 0.5 * ramp), y, z]
        ask.target_velocity = [v + a * ramp, 0.0, 0.0]
        ask.target_acceleration = [a if lasts > t else 0.0, 0.0, 0.0]
        planner.calculate(ask, answer)
        return float(answer.duration - t)

    return lambda: search(excess)


def by_brentq(excess: Callable[[float], float]) -> float:
    root: float = brentq(excess, 0.0, 8.0, xtol=XTOL)
    return root


def by_secant(excess: Callable[[float], float]) -> float:
    """From the duration to where the target is now; each step is a secant, halved where it leaves the bracket."""
    before, e_before = 0.0, excess(0.0)
    low, high, t = 0.0, 8.0, e_before
    for _ in range(60):
        e = excess(t)
        if abs(e) < XTOL:
            break
        low, high = (t, high) if e > 0 else (low, t)
        following = t - e * (t - before) / (e - e_before) if e != e_before else 0.5 * (low + high)
        before, e_before = t, e
        t = following if low < following < high else 0.5 * (low + high)
    return t


def _rows(name: str, *, accelerating: bool) -> list[Row]:
    ours, theirs, secant, same = [], [], [], 0
    interceptor, trajectory = Interceptor(DOF), Trajectory()
    for given in belts(accelerating=accelerating):
        time = interceptor.calculate(given, trajectory).time
        one, other = peer(given, by_brentq), peer(given, by_secant)
        same += abs(one() - time) < 1e-6 and abs(other() - time) < 1e-6
        ours.append(least(lambda g=given: interceptor.calculate(g, trajectory), 15))  # type: ignore[misc]
        theirs.append(least(one))
        secant.append(least(other))
    print(f"{name}: the same time in {same} of {BELTS}; ruckig by brentq {median(theirs) * 1e6:.1f} us, by secant "
          f"{median(secant) * 1e6:.1f} us")  # fmt: skip
    best = min(median(theirs), median(secant)) * 1e6
    return [lower_is_better(f"earliest pick, {name}, 3 DoF, a call", "us", median(ours) * 1e6, "ruckig + root", best)]


def _arm_row() -> Row:
    """A UR5e beside a belt at 0.3 m/s; nobody else plans that."""
    arm, given = Arm.named("ur5e", Pose(0, 0, 0.15, 0, 0, 0)), InterceptParameter(6)
    given.current_position = given.target_position = [0.0, -1.8, 1.9, -1.7, -1.57, 0.0]
    given.max_velocity, given.max_acceleration, given.max_jerk = arm.joint_speeds, 15.0, 150.0
    given.upstream_limit, given.downstream_limit, given.dwell = 0.1, 0.9, 0.3
    part = MovingPose(Pose(0.35, -0.6, 0.05, 3.14159, 0, 0), (0, 1, 0), 0.3)
    return Row(
        "earliest pick in joint space, UR5e, all configurations",
        least(lambda: intercept_arm(arm, given, part), 20) * 1e3,
        "ms",
    )


def rows() -> list[Row]:
    """Every figure of interception."""
    constant, changing = (_rows(name, accelerating=bool(k)) for k, name in enumerate(NAMES))
    return [*constant, *changing, _arm_row()]


def main() -> None:
    """Measure, print, write."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    gc.disable()
    publish(rows(), Path("build/bench/intercept.jsonl"))


if __name__ == "__main__":
    main()
