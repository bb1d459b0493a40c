"""One row a figure: printed as a table, written as JSON lines."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """A median, and the peer's from the same run. ``ratio`` below 1 is ahead of the peer."""

    name: str
    value: float
    unit: str
    peer: str | None = None
    peer_value: float | None = None
    ratio: float | None = None


def lower_is_better(
    name: str, unit: str, value: float, peer: str | None = None, peer_value: float | None = None
) -> Row:
    """A time or a size: ratio = ours / theirs."""
    return Row(name, value, unit, peer, peer_value, value / peer_value if peer_value else None)


def median(samples: Iterable[float]) -> float:
    """The median of a run's samples."""
    return statistics.median(samples)


def percentile(samples: list[float], part: float) -> float:
    """The sample below which ``part`` of all lie (nearest rank)."""
    return sorted(samples)[min(len(samples) - 1, int(part * len(samples)))]


def publish(rows: list[Row], path: Path) -> None:
    """Print the table and write ``path``, one JSON object a line."""
    width = max(len(row.name) for row in rows)
    print(f"{'figure':<{width}}  {'value':>12} {'unit':<8} {'peer':>12}  {'ratio':>6}  peer")
    for row in rows:
        peer = "" if row.peer_value is None else f"{row.peer_value:.4g}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        print(
            f"{row.name:<{width}}  {row.value:>12.4g} {row.unit:<8} {peer:>12}  {ratio:>6}  {row.peer or ''}".rstrip()
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows), encoding="utf-8")
    print(f"\nwritten to {path}")
