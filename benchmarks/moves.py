"""Moves of an arm: how long planning takes, and a pick-and-place cycle beside one that stops at each point."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from benchmarks.report import Row, lower_is_better, median
from benchmarks.timing import least
from cellctl.motion import Arm, Limits, Lin, MoveLimits, Pose, Ptp, plan_moves
from cellctl.motion.moves import Move

ARM = Arm.named("ur5e", Pose(z=0.15))
JERKY = MoveLimits(Limits(3.0, 12.0), 0.5, 3.0, 2.0, 12.0)
LIMITS = replace(JERKY, joints=Limits(3.0, 12.0, 150.0))
CYCLES, DOWN, BLEND = 20, 0.1, 0.05  # m


def _cycle(seed: int, blend: float) -> tuple[list[float], list[Move]]:
    """Down to a part, up and over to a place, down, up and back: the joints at its start, and its moves."""
    rng = np.random.default_rng(seed)
    start = np.array([0.0, -1.4, 1.7, 0.0, -math.pi / 2, 0.0])
    start[:3] += rng.uniform(-1, 1, 3) * [0.3, 0.1, 0.1]
    start[3] = -math.pi / 2 - start[1] - start[2]  # the tool looks down
    over = start + np.array([rng.uniform(0.6, 1.6), 0, 0, 0, 0, rng.uniform(-0.5, 0.5)])
    part, place = (ARM.forward(each) for each in (start, over))
    return start.tolist(), [
        Lin(part.above(-DOWN)), Lin(part, blend=blend), Ptp(over, blend=blend),
        Lin(place.above(-DOWN)), Lin(place, blend=blend), Ptp(start),
    ]  # fmt: skip


def _duration(seed: int, blend: float, limits: MoveLimits) -> float:
    motion = plan_moves(ARM, *_cycle(seed, blend), limits)
    assert motion.certificate.holds()
    return motion.duration


def rows() -> list[Row]:
    """Times of planning, and the median over the cycles of how much shorter they are."""
    seeds = range(CYCLES)
    starts = [_cycle(seed, BLEND) for seed in seeds]
    lin = median([least(lambda q=q, m=m: plan_moves(ARM, q, m[:1], LIMITS), 3) for q, m in starts]) * 1e3  # type: ignore[misc]
    ptp = median([least(lambda q=q: plan_moves(ARM, q, [Ptp(np.add(q, 0.3))], LIMITS), 3) for q, _ in starts]) * 1e3  # type: ignore[misc]
    whole = median([least(lambda q=q, m=m: plan_moves(ARM, q, m, LIMITS), 2) for q, m in starts]) * 1e3  # type: ignore[misc]
    stops, blends = ([[_duration(seed, r, each) for seed in seeds] for each in (JERKY, LIMITS)] for r in (0.0, BLEND))
    jerky, smooth = (float(np.median(np.divide(*each))) for each in zip(blends, stops, strict=True))
    across = float(np.median(np.divide(blends[1], stops[0])))
    name, peer = "pick and place with blends of 50 mm, duration", "stops at each point"
    return [
        Row("PTP of 6 joints, planned", ptp, "ms"),
        Row("LIN of 100 mm, planned", lin, "ms"),
        Row("cycle of six moves with blends, planned", whole, "ms"),
        lower_is_better(f"{name}: v, a limits", "x", jerky, f"trapezoids, {peer}", 1.0),
        lower_is_better(f"{name}: v, a, j limits", "x", smooth, f"v, a, j limits, {peer}", 1.0),
        lower_is_better(f"{name}: v, a, j limits beside v, a", "x", across, f"trapezoids, {peer}", 1.0),
    ]
