"""Parts: what each one is, decided by the seed and its number alone, and where it is."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from enum import StrEnum

from cellctl.emulation.plant_file import PartsData
from cellctl.motion.pose import Pose


class Place(StrEnum):
    """Where a part is, or how it left the world."""

    BELT = "belt"
    HAND = "hand"
    TRAY = "tray"
    MISSED = "missed"  # rode off the belt's end
    DROPPED = "dropped"  # fell
    TAKEN = "taken"  # by a person
    CARRIED = "carried"  # away, with the tray it lay in


@dataclass(slots=True, kw_only=True)
class Part:
    """One part. Its pose has z down, as the tool has that grips it, x along its length and the origin at its foot.

    ``travel``: on a belt, the travel that the belt would have when the part is at its start.
    """

    id: int
    length: float
    width: float
    height: float
    good: bool
    code: str | None  # None: cannot be read
    offset: float  # m off the belt's middle
    yaw: float  # rad on the belt
    clearance: float  # m to the part before it
    travel: float = 0.0
    place: Place = Place.BELT
    tray: str = ""
    pose: Pose | None = None  # in a tray: in the base; in a hand: in the tool; on a belt the belt tells it

    @property
    def accepted(self) -> bool:
        """Whether it belongs with the good ones: good, and readable."""
        return self.good and self.code is not None

    @property
    def reach(self) -> float:
        """Half its extent along the belt (m), turned as it lies there."""
        return (self.length * abs(math.cos(self.yaw)) + self.width * abs(math.sin(self.yaw))) / 2


class PartMaker:
    """Makes the parts of one seed: part n is the same whatever happened before, and so is its arrival's gap."""

    def __init__(self, data: PartsData, seed: int) -> None:
        self._data = data
        self._seed = seed

    def gap(self, number: int) -> float:
        """Seconds between the arrivals of the parts ``number - 1`` and ``number``."""
        return random.Random(f"{self._seed}/gap/{number}").expovariate(1 / self._data.gap)

    def make(self, number: int) -> Part:
        """Part ``number``."""
        data, draw = self._data, random.Random(f"{self._seed}/part/{number}")
        length, width, height = data.size
        return Part(
            id=number,
            length=length,
            width=width + max(-3.0, min(3.0, draw.gauss(0, 1))) * data.width_spread,
            height=height,
            good=draw.random() >= data.bad,
            code=f"{data.code}-{number:05d}" if draw.random() >= data.unreadable else None,
            offset=draw.uniform(-data.offset, data.offset),
            yaw=draw.uniform(-data.yaw, data.yaw),
            clearance=draw.uniform(*data.clearance),
        )
