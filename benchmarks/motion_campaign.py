"""Random requests in many unit systems, of which none may fail: ``python -m benchmarks.motion_campaign``.

``--requests 1e7`` is the whole campaign (some minutes); the tests run a shorter form of the same.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time

import numpy as np

from cellctl.testing.motions import UNITS, judge, random_requests

JERKS = {"jerk": 1.0, "high jerk": 1e3, "very high jerk": 1e6, "low jerk": 1e-2}
STATES: dict[str, dict[str, bool]] = {"inside": {}, "edges": {"edges": True}, "outside": {"outside": True}}
BATCH = 20_000
EXCESS, MISS = 1e-12, 1e-8


def classes() -> list[tuple[str, dict[str, float | bool]]]:
    """Every unit with every jerk and every kind of state; then limits that lie decades apart."""
    mixed = itertools.product(UNITS.items(), JERKS.items(), STATES.items())
    named: list[tuple[str, dict[str, float | bool]]] = [
        (f"{unit}, {jerk}, {state}", {"unit": one, "jerk": factor, **choice})
        for (unit, one), (jerk, factor), (state, choice) in mixed
    ]
    return [*named, ("three decades apart", {"decades": 1.5}), ("six decades apart", {"decades": 3.0})]


def run(requests: int, seed: int) -> int:
    """How many failed: not planned, a limit broken, or the target missed."""
    wanted = classes()
    failed = done = 0
    worst_excess = worst_miss = 0.0
    start = time.perf_counter()
    for k in itertools.count():
        if done >= requests:
            break
        name, family = wanted[k % len(wanted)]
        dof = 1 + k % 7
        n = max(1, min(BATCH, requests - done))
        problems = random_requests(seed + k, n, dof, **family)  # type: ignore[arg-type]  # the keys are its arguments
        durations, excess, miss = judge(problems)
        # Six decades: a limit may be smaller than the rounding of another one on the same axis.
        bad = ~np.isfinite(durations) | ~(miss <= MISS) | ~(excess <= (EXCESS if "six" not in name else 1e-6))
        if bad.any():
            failed += int(bad.sum())
            print(f"{name}: {int(bad.sum())} of {n} (seed {seed + k}, first {int(bad.argmax())})", file=sys.stderr)
        worst_excess, worst_miss = max(worst_excess, float(excess.max())), max(worst_miss, float(miss.max()))
        done += n
    took = time.perf_counter() - start
    print(f"{done} requests in {len(wanted)} classes, {failed} failed, in {took:.0f} s")
    print(f"worst excess of a limit {worst_excess:.2g}, worst miss of a target {worst_miss:.2g} (relative)")
    return failed


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=float, default=1e6, help="how many (1e7 for the whole campaign)")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    return 1 if run(int(given.requests), given.seed) else 0


if __name__ == "__main__":
    sys.exit(main())
