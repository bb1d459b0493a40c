"""The ledger: every part that was seen, where it is and what became of it.

A part put down counts as ``placed``, or as ``rejected`` where its own quality is not good (bad, or not
readable): what it is decides, not which station it lies in. So at every moment
seen = placed + rejected + dropped + missed + removed + in_hand + waiting.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from cellctl import clock
from cellctl.errors import CellError, UsageError
from cellctl.motion.pose import Pose
from cellctl.recipe.cell import Station
from cellctl.recipe.program import PartSpec

KEPT = 5000  # parts
CYCLES = 1000  # the last ones, of which the cycle time is the median
ENDS = ("placed", "rejected", "dropped", "missed", "removed")


class StationFull(CellError):
    """A part is to be put down where there is no room."""

    def __init__(self, station: Station, count: int) -> None:
        super().__init__(
            f"station {station.name} is full: {count} of {capacity_of(station)}",
            where=station.name,
            hint=f"Empty it, and say so: cellctl empty {station.name}",
        )
        self.station = station


@dataclass(slots=True)
class Part:
    """One part. ``place`` is a station's or a gripper's name, or how it left; ``fate`` as in PartChanged."""

    id: int
    run: str
    place: str
    fate: str = "seen"
    good: bool | None = None
    readable: bool | None = None
    code: str = ""
    pose: Pose | None = None  # of the tool point that takes it, in the base frame
    width: float = 0.0
    mass: float = 0.0
    tolerance: float = 0.0
    slot: int | None = None
    history: list[tuple[float, str, str]] = field(default_factory=list[tuple[float, str, str]])

    @property
    def ended(self) -> bool:
        """Nothing more will happen to it in this run."""
        return self.fate in ENDS

    @property
    def acceptable(self) -> bool:
        """Good, and readable where the camera tells."""
        return bool(self.good) and self.readable is not False

    def where(self) -> str:
        """In words: ``good[3]``."""
        return self.place if self.slot is None else f"{self.place}[{self.slot + 1}]"

    def read(self, seen: Mapping[str, Any]) -> None:
        """Take over what a camera found."""
        self.good = seen.get("good", self.good)
        self.readable = seen.get("readable", self.readable)
        self.code = str(seen.get("code") or "")
        self.pose = seen.get("pose", self.pose)


class Ledger:
    """The parts of a cell, and from them what each station holds. ``tell`` hears of every change."""

    def __init__(self, stations: Mapping[str, Station], tell: Callable[[Part], None]) -> None:
        self.stations = stations
        self.parts: dict[int, Part] = {}
        self.run = ""
        self._tell = tell
        self._last = 0
        self._lying = dict.fromkeys(stations, 0)  # how many parts
        self._open: dict[int, Part] = {}  # on their way
        self._counts: dict[str, int] = {}  # of the run, by fate
        self._put_at: float | None = None
        self._cycles: deque[float] = deque(maxlen=CYCLES)

    # -- what happens to parts ---------------------------------------------------------------

    def begin(self, run: str) -> None:
        """Count from zero for a new run; what lies in the stations stays."""
        self.run = run
        self._counts.clear()
        self._cycles.clear()
        self._put_at = clock.now()

    def see(self, station: str, seen: Mapping[str, Any], spec: PartSpec | None) -> Part:
        """A new part was seen at a station."""
        self._last += 1
        part = Part(self._last, self.run, station)
        if spec is not None:
            part.width, part.mass, part.tolerance = spec.width, spec.mass, spec.tolerance
        part.read(seen)
        self.parts[part.id] = part
        self._note(part)
        return part

    def see_again(self, part: Part, seen: Mapping[str, Any]) -> None:
        """The same part was looked at again."""
        part.read(seen)
        self._note(part)

    def hold(self, part: Part, device: str) -> None:
        """The part is in the hand of ``device``."""
        part.place, part.fate, part.slot = device, "held", None
        self._note(part)

    def put(self, part: Part, station: str) -> None:
        """The part lies in the next free slot of a station. Raises StationFull."""
        slot = self.next_slot(station)
        self._lying[station] += 1
        part.place, part.slot = station, slot
        part.fate = "placed" if part.acceptable else "rejected"
        if self._put_at is not None:
            self._cycles.append(clock.now() - self._put_at)
        self._put_at = clock.now()
        self._note(part)

    def end(self, part: Part, outcome: str) -> None:
        """The part has met another end; nothing happens if it had met one already."""
        if not part.ended:
            part.place, part.fate, part.slot = outcome, outcome, None
            self._note(part)

    def empty(self, station: str) -> int:
        """A person took everything out of a station; how many parts that were. Raises UsageError."""
        if station not in self._lying:
            raise UsageError(f"no station is called {station!r}", hint=f"Stations: {', '.join(self._lying)}")
        taken, self._lying[station] = self._lying[station], 0
        for part in self.parts.values():
            if part.ended and part.place == station:
                part.place, part.slot = f"taken out of {station}", None
                part.history.append((clock.now(), part.place, part.fate))
        return taken

    def lying(self) -> dict[str, int]:
        """How many parts lie in each station that counts them."""
        return {name: count for name, count in self._lying.items() if self.stations[name].slots}

    def remember(self, lying: Mapping[str, object]) -> None:
        """What lay in the stations when the controller ended before: the next part goes beside it."""
        for name in lying.keys() & self.lying().keys():
            count = lying[name]
            if isinstance(count, int) and count >= 0:
                self._lying[name] = count

    # -- what follows from it ----------------------------------------------------------------

    def find(self, number: int) -> Part | None:
        """The part with that number; None where it ended so long ago that only the journal has it."""
        return self.parts.get(number)

    def in_hand(self) -> list[Part]:
        """The parts that are in a hand."""
        return [part for part in self._open.values() if part.fate == "held"]

    def waiting(self) -> list[Part]:
        """The parts that were seen in this run and not yet taken."""
        return [part for part in self._open.values() if part.fate == "seen" and part.run == self.run]

    def count(self, station: str) -> int:
        """How many parts lie in a station."""
        return self._lying[station]

    def full(self, station: str) -> bool:
        """Whether there is no room for another."""
        capacity = capacity_of(self.stations[station])
        return capacity is not None and self.count(station) >= capacity

    def next_slot(self, station: str) -> int:
        """The index of the next free slot. Raises StationFull."""
        if self.full(station):
            raise StationFull(self.stations[station], self.count(station))
        return self.count(station)

    def counts(self) -> dict[str, int]:
        """The counters of the run; ``handled`` are the parts put down."""
        counts = {"seen": sum(self._counts.values()), **{end: self._counts.get(end, 0) for end in ENDS}}
        counts["in_hand"] = self._counts.get("held", 0)
        counts["waiting"] = self._counts.get("seen", 0)
        counts["handled"] = counts["placed"] + counts["rejected"]
        return counts

    def cycle_time(self) -> float | None:
        """The median time (s) from one part put down to the next, over the last 1,000 of this run."""
        return sorted(self._cycles)[len(self._cycles) // 2] if self._cycles else None

    def tell_where(self) -> str:
        """Where the parts are that are on their way, in words."""
        told = [f"part {part.id} is in the hand ({part.place})" for part in self.in_hand()]
        told += [f"part {part.id} is at {part.where()}" for part in self.waiting()]
        return "; ".join(told) or "no part is on its way"

    def to_json(self) -> list[dict[str, Any]]:
        """The parts that are on their way, and the last thousands that have ended, as JSON takes them."""
        return [asdict(part) for part in self.parts.values()]

    def _note(self, part: Part) -> None:
        if part.run == self.run:
            if part.history:
                self._counts[part.history[-1][2]] -= 1
            self._counts[part.fate] = self._counts.get(part.fate, 0) + 1
        part.history.append((clock.now(), part.where(), part.fate))
        if part.ended:
            self._open.pop(part.id, None)
            self._prune()
        else:
            self._open[part.id] = part
        self._tell(part)

    def _prune(self) -> None:
        """Forget the oldest parts that have ended; the journal has them, and the stations keep their counts."""
        if len(self.parts) > 2 * KEPT:
            gone = [number for number, part in self.parts.items() if part.ended]
            for number in gone[:KEPT]:
                del self.parts[number]


def capacity_of(station: Station) -> int | None:
    """How many parts a station takes, None for any number."""
    return station.capacity if station.capacity is not None else len(station.slots) or None
