"""Random requests in many unit systems, of which none may fail: ``python -m benchmarks.motion_campaign``.

``--requests 1e7`` is the whole campaign (some minutes); the tests run a shorter form of the same.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cellctl.motion import InputParameter, Otg, Trajectory
from cellctl.testing.motions import UNITS, judge, random_requests, request_of
from cellctl.testing.rooms import PLACES, with_walls

Floats = NDArray[np.float64]
JERKS = {"jerk": 1.0, "high jerk": 1e3, "very high jerk": 1e6, "low jerk": 1e-2}
STATES: dict[str, dict[str, bool]] = {"inside": {}, "edges": {"edges": True}, "outside": {"outside": True}}
KINDS = ("third order", "second order", "velocity", "second order velocity")
BATCH, CERTIFIED = 20_000, 20
EXCESS, MISS = 1e-12, 1e-8


@dataclass(frozen=True, slots=True)
class Family:
    """Requests of one class: how they are drawn, what is planned, and where the walls are."""

    name: str
    drawn: dict[str, float | bool]
    kind: str = KINDS[0]
    place: str | None = None
    excess: float = EXCESS

    @property
    def interface(self) -> int:
        """As ControlInterface."""
        return int("velocity" in self.kind)

    @property
    def share(self) -> float:
        """Of a batch; a change of velocity between walls, all axes together, is a search of a millisecond."""
        return 0.05 if self.kind == "velocity" and self.place else 1.0

    def requests(self, seed: int, n: int, dof: int) -> Floats:
        """Shape (n, 11, dof), or with walls (n, 13, dof)."""
        requests = random_requests(seed, n, dof, **self.drawn)  # type: ignore[arg-type]  # the keys are its arguments
        if "second" in self.kind:
            requests[:, [2, 5]], requests[:, 10] = 0.0, np.inf
        return requests if self.place is None else with_walls(seed, requests, self.place, interface=self.interface)


def families() -> Iterator[Family]:
    """Every unit with every jerk and every kind of state; limits that lie decades apart; orders; walls."""
    for (unit, one), (jerk, factor), (state, choice) in itertools.product(UNITS.items(), JERKS.items(), STATES.items()):
        yield Family(f"{unit}, {jerk}, {state}", {"unit": one, "jerk": factor, **choice})
    yield Family("three decades apart", {"decades": 1.5})
    # Six decades: a limit may be smaller than the rounding of another one on the same axis.
    yield Family("six decades apart", {"decades": 3.0}, excess=1e-6)
    for (unit, one), kind in itertools.product(UNITS.items(), KINDS[1:]):
        yield Family(f"{unit}, {kind}", {"unit": one, "outside": True}, kind)
    for (unit, one), kind, place in itertools.product(UNITS.items(), KINDS, PLACES):
        if place != "outside" or "velocity" not in kind:
            yield Family(f"{unit}, {kind}, walls {place}", {"unit": one}, kind, place)
    for (jerk, factor), place in itertools.product(JERKS.items(), PLACES):
        yield Family(f"{jerk}, walls {place}", {"jerk": factor, "edges": True}, place=place)


def request(family: Family, fields: Floats) -> InputParameter:
    """The request with its walls and its interface."""
    given = request_of(fields[:11])
    given.control_interface = family.interface
    if len(fields) > 11:
        given.min_position, given.max_position = fields[11], fields[12]
    return given


def uncertified(family: Family, problems: Floats) -> int:
    """How many do not get their certificate, where the states are within their limits."""
    if family.drawn.get("outside") or family.place == "outside" or family.excess > EXCESS:
        return 0
    otg, motion, failed = Otg(problems.shape[2]), Trajectory(), 0
    for fields in problems:
        given = request(family, fields)
        limits = given.limits
        if family.interface:  # of the velocity interface they are none
            limits = replace(limits, max_velocity=np.inf, min_velocity=-np.inf)
        failed += not otg.calculate(given, motion).certify(limits).holds()
    return failed


def run(requests: int, seed: int) -> int:
    """How many failed: not planned, a limit or a wall broken, the target missed, or no certificate."""
    wanted = list(families())
    batch = max(100, min(BATCH, requests // (2 * len(wanted))))  # every class comes twice at least
    failed = done = 0
    worst_excess = worst_miss = 0.0
    start = time.perf_counter()
    for k in itertools.count():
        if done >= requests:
            break
        family = wanted[k % len(wanted)]
        n = max(1, min(int(batch * family.share), requests - done))
        problems = family.requests(seed + k, n, 1 + k % 7)
        durations, excess, miss = judge(problems, request(family, problems[0]))
        bad = ~np.isfinite(durations) | ~(miss <= MISS) | ~(excess <= family.excess)
        missing = uncertified(family, problems[:CERTIFIED]) if not bad.any() else 0
        if bad.any() or missing:
            failed += int(bad.sum()) + missing
            where = f"seed {seed + k}, first {int(bad.argmax())}"
            print(f"{family.name}: {int(bad.sum())} of {n}, {missing} uncertified ({where})", file=sys.stderr)
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
