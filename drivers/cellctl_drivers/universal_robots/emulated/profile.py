"""Speed over time along a path, in closed form: pieces of constant acceleration."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Piece:
    start: float  # s, the loop's time
    way: float
    speed: float
    acceleration: float


class Profile:
    """The way made good at any time. Ways are in the unit of the path (rad or m), times the loop's."""

    def __init__(self, pieces: list[_Piece], end: float, way: float) -> None:
        self._pieces = pieces
        self._starts = [piece.start for piece in pieces]
        self.end = end
        self.way = way

    def at(self, time: float) -> tuple[float, float]:
        """Way and speed at ``time``."""
        if time >= self.end:
            return self.way, 0.0
        piece = self._pieces[max(bisect_right(self._starts, time) - 1, 0)]
        elapsed = max(time - piece.start, 0.0)
        return (
            piece.way + elapsed * (piece.speed + elapsed * piece.acceleration / 2),
            piece.speed + elapsed * piece.acceleration,
        )


def trapezoid(start: float, way: float, length: float, speed: float, acceleration: float) -> Profile:
    """From rest at ``way`` to rest at ``length``, starting at time ``start``."""
    rest = length - way
    if rest <= 1e-9:
        return Profile([_Piece(start, length, 0.0, 0.0)], start, length)
    top = min(speed, math.sqrt(rest * acceleration))
    ramp = top / acceleration
    cruise = (rest - top * ramp) / top
    pieces = [
        _Piece(start, way, 0.0, acceleration),
        _Piece(start + ramp, way + top * ramp / 2, top, 0.0),
        _Piece(start + ramp + cruise, length - top * ramp / 2, top, -acceleration),
    ]
    return Profile(pieces, start + 2 * ramp + cruise, length)


def braking(start: float, way: float, speed: float, deceleration: float) -> Profile:
    """From ``speed`` at ``way`` to rest."""
    duration = speed / deceleration
    return Profile([_Piece(start, way, speed, -deceleration)], start + duration, way + speed * duration / 2)
