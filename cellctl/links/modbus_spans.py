"""Neighbouring reads joined into one."""

from __future__ import annotations

from collections.abc import Sequence

Span = tuple[int, int]  # address, count


def join(spans: Sequence[Span], most: int, gap: int = 0) -> list[Span]:
    """The fewest reads of at most ``most`` cells that cover all ``spans``.

    Spans join when they touch, overlap, or leave at most ``gap`` cells between them (cells that the
    device must be able to show). Sorted by address.
    """
    joined: list[Span] = []
    for address, count in sorted(spans):
        if joined:
            start, length = joined[-1]
            end = max(start + length, address + count)
            if address <= start + length + gap and end - start <= most:
                joined[-1] = (start, end - start)
                continue
        joined.append((address, count))
    return joined


def pick(span: Span, reads: Sequence[tuple[Span, Sequence[int]]]) -> list[int]:
    """The cells of ``span`` out of the joined reads."""
    address, count = span
    for (start, length), cells in reads:
        if start <= address and address + count <= start + length:
            return list(cells[address - start : address - start + count])
    raise ValueError(f"no read covers {span}")
