"""What the controller tells and is told: the only words that screens and the CLI know of it.

Every message is one JSON object on one line. Events carry ``event`` (the kind), ``time`` (the
loop's seconds), ``at`` (UTC) and ``order`` (counts from 1 in one controller's life).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. ``time``, ``at`` and ``order`` are set where it is emitted."""

    kind: ClassVar[str] = ""
    time: float = 0.0
    at: str = ""
    order: int = 0

    def to_json(self) -> dict[str, Any]:
        """The event as it goes over the door and into the journal."""
        return {"event": self.kind, **asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged(Event):
    """The unit machine moved. ``cause`` says why, in words; ``by`` who asked, empty for the machine itself."""

    kind: ClassVar[str] = "state"
    state: str
    previous: str
    mode: str
    cause: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChanged(Event):
    """A step went on. ``phase``: intent, done, failed, waiting, stopped, in_doubt; ``detail`` what it waits
    for, gave, or failed with."""

    kind: ClassVar[str] = "step"
    address: str
    text: str
    phase: str
    detail: str = ""
    branch: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChanged(Event):
    """A part came, moved or met its end. ``place``: infeed, hand, good[3], … ; ``fate``: seen, held, placed,
    rejected, dropped, missed, removed."""

    kind: ClassVar[str] = "part"
    part: int
    place: str
    fate: str
    good: bool | None = None
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChanged(Event):
    """A device's health changed."""

    kind: ClassVar[str] = "device"
    device: str
    condition: str
    emulated: bool
    text: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalChanged(Event):
    """A named signal of the cell changed; ``quality`` is good, stale or bad."""

    kind: ClassVar[str] = "signal"
    name: str
    value: bool | int | float | str | None
    quality: str
    tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped(Event):
    """The first-out cause of a stop, in the technician's order."""

    kind: ClassVar[str] = "cause"
    what: str  # what stopped it: "guard_open: guard is off"
    sensor: str = ""  # the signal and its electrical tag: "guard -S3 (arm.di1)"
    part: str = ""  # where the part is: "part 7 is in the hand"
    action: str = ""  # what to do
    reaction: str = ""  # hold, stop, abort


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Event):
    """The cell asks a person. Answered (``answer`` set) it is told again."""

    kind: ClassVar[str] = "question"
    id: int
    text: str
    choices: tuple[str, ...]
    answer: str | None = None
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChanged(Event):
    """A run of a recipe began or ended. ``result``: empty while it runs; complete, stopped, aborted."""

    kind: ClassVar[str] = "run"
    run: str
    recipe: str
    version: int
    digest: str
    result: str = ""
    counts: dict[str, int] = field(default_factory=dict[str, int])
    cycle_time: float | None = None  # s, median over the finished iterations


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Event):
    """A word for the log that is none of the above. ``level``: info, warning, error."""

    kind: ClassVar[str] = "note"
    level: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything a screen shows at its start; events keep it up to date."""

    cell: str
    pid: int
    state: str
    mode: str
    legal: tuple[str, ...]  # commands that would be taken now
    run: str = ""
    recipe: str = ""
    version: int = 0
    steps: tuple[dict[str, Any], ...] = ()  # one a branch: address, text, since (s), waits_for
    counts: dict[str, int] = field(
        default_factory=dict[str, int]
    )  # seen, placed, rejected, dropped, missed, removed, in_hand
    cycle_time: float | None = None
    cause: dict[str, Any] | None = None  # the latched first-out cause
    trips: tuple[str, ...] = ()  # interlocks that are tripped or wait for their reset
    questions: tuple[dict[str, Any], ...] = ()
    devices: tuple[dict[str, Any], ...] = ()  # name, driver, condition, text, hint, emulated, link
    signals: tuple[dict[str, Any], ...] = ()  # name, value, quality, tag, source
    stations: tuple[dict[str, Any], ...] = ()  # name, count, capacity, full
    unfinished: dict[str, Any] | None = None  # the run that a crash left behind

    def to_json(self) -> dict[str, Any]:
        """The status as it goes over the door."""
        return asdict(self)
