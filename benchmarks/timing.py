"""How long a piece of work takes where nothing disturbs it."""

from __future__ import annotations

import time
from collections.abc import Callable


def least(work: Callable[[], object], repetitions: int = 7) -> float:
    """The least time (s) of some calls."""
    best = float("inf")
    for _ in range(repetitions):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best
