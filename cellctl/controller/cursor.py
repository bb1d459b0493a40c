"""The position in a program: plain values, so that it can be written down and returned to."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple, cast

from cellctl.motion.pose import Pose
from cellctl.recipe.program import Address, Program

MAIN = "main"


class PartRef(NamedTuple):
    """What a variable holds that stands for a part: its number in the ledger."""

    part: int


Variable = bool | int | float | str | Pose | tuple[float, ...] | PartRef | dict[str, Any] | None

#: What a branch does first when it goes on.
#: again: run the step; retreat: get away, then start the region; doubt: look whether it was done.
Resume = Literal["again", "retreat", "doubt"]


@dataclass(slots=True)
class Cursor:
    """Where one branch stands. ``address`` is the step that it is in or before, None at its end."""

    branch: str
    address: Address | None
    parent: str | None = None
    last: Address | None = None  # the step before this one
    resume: Resume = "again"
    moved: bool = False  # an arm has moved since the region began


@dataclass(slots=True)
class Position:
    """Every branch's cursor, and what the steps so far have left behind."""

    cursors: dict[str, Cursor]
    variables: dict[str, Variable] = field(default_factory=dict[str, Variable])
    loops: dict[Address, int] = field(default_factory=dict[Address, int])  # iterations begun
    retries: dict[Address, int] = field(default_factory=dict[Address, int])
    zones: dict[str, str] = field(default_factory=dict[str, str])  # zone -> the branch that is in it
    belts: dict[str, tuple[str, Address]] = field(default_factory=dict[str, tuple[str, Address]])
    # belts: device -> the branch and the step that set it running

    @classmethod
    def start(cls, program: Program) -> Position:
        """Before the first step."""
        return cls({MAIN: Cursor(MAIN, program.first)})

    def children(self, cursor: Cursor) -> list[Cursor]:
        """The branches that a fork has made below this one."""
        return [one for one in self.cursors.values() if one.parent == cursor.branch]

    def to_json(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "cursors": [asdict(cursor) for cursor in self.cursors.values()],
            "variables": {name: _pack(value) for name, value in self.variables.items()},
            "loops": dict(self.loops),
            "retries": dict(self.retries),
            "zones": dict(self.zones),
            "belts": {device: list(where) for device, where in self.belts.items()},
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Position:
        """The position that ``to_json`` gave."""
        return cls(
            {each["branch"]: Cursor(**each) for each in data["cursors"]},
            {name: _unpack(value) for name, value in data["variables"].items()},
            dict(data["loops"]),
            dict(data["retries"]),
            dict(data["zones"]),
            {device: (where[0], where[1]) for device, where in data["belts"].items()},
        )


def _pack(value: Variable) -> Any:
    if isinstance(value, PartRef):
        return {"part": value.part}
    if isinstance(value, Pose):
        return {"pose": list(value)}
    if isinstance(value, tuple):
        return {"joints": list(value)}
    if isinstance(value, dict):
        return {"record": {name: _pack(item) for name, item in value.items()}}
    return value


def _unpack(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((tag, held),) = cast("dict[str, Any]", value).items()
    if tag == "part":
        return PartRef(held)
    if tag == "pose":
        return Pose(*held)
    if tag == "joints":
        return tuple(held)
    return {name: _unpack(item) for name, item in held.items()}
