"""A cell as the runtime knows it: files read, overlays laid on, names resolved, everything in SI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cellctl.devices import DeviceConfig, Driver
from cellctl.motion.pose import Pose
from cellctl.recipe.expressions import Expr


@dataclass(frozen=True, slots=True)
class CellDevice:
    """One device: its driver and its validated configuration."""

    name: str
    driver: Driver
    config: DeviceConfig


@dataclass(frozen=True, slots=True)
class CellSignal:
    """A device's signal under the name that this cell gives it."""

    name: str
    device: str
    signal: str
    tag: str = ""  # on the electrical drawing: -S3
    description: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """A taught place: joints (rad), or a pose of the tool point in the base frame; and who taught it when."""

    name: str
    joints: tuple[float, ...] | None = None
    pose: Pose | None = None
    tool: str = ""
    taught_by: str = ""
    taught_at: str = ""

    @property
    def target(self) -> tuple[float, ...] | Pose:
        """What a robot is told to go to."""
        target = self.joints if self.joints is not None else self.pose
        assert target is not None, "the loader refuses a position without joints or pose"
        return target


@dataclass(frozen=True, slots=True)
class Station:
    """A place where parts come from or go to. ``slots`` are the tool point's poses, in filling order."""

    name: str
    on: str | None = None  # the conveyor that it is on
    window: tuple[float, float] | None = None  # m along the belt
    present: str | None = None  # the cell signal that tells of a part
    slots: tuple[Pose, ...] = ()
    capacity: int | None = None
    when_full: Literal["hold", "suspend", "stop"] = "hold"


@dataclass(frozen=True, slots=True)
class Retreat:
    """How to get away from a region: a box of the tool point in the base frame, None for "anywhere else"."""

    box: tuple[tuple[float, float], tuple[float, float], tuple[float, float]] | None
    moves: tuple[float | str, ...] = ()  # a height in m to go straight up, or a position's name
    speed: float = 0.05  # m/s
    ask_to_jog: bool = False


@dataclass(frozen=True, slots=True)
class Interlock:
    """When it trips, and what follows. A condition that is not known counts as tripped."""

    name: str
    trips_when: Expr
    then: Literal["hold", "suspend", "stop", "abort"]
    withdraw: tuple[str, ...] = ()  # robots whose motion permit goes at once
    action: str = ""  # what a person should do


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. ``digest`` is the SHA-256 of its file and overlays."""

    name: str
    digest: str
    devices: Mapping[str, CellDevice]
    signals: Mapping[str, CellSignal] = field(default_factory=dict[str, CellSignal])
    frames: Mapping[str, Pose] = field(default_factory=dict[str, Pose])
    tools: Mapping[str, Pose] = field(default_factory=dict[str, Pose])
    positions: Mapping[str, Position] = field(default_factory=dict[str, Position])
    stations: Mapping[str, Station] = field(default_factory=dict[str, Station])
    zones: tuple[str, ...] = ()
    retreats: tuple[Retreat, ...] = ()
    interlocks: tuple[Interlock, ...] = ()
    on_lost: Mapping[str, Literal["hold", "suspend", "stop", "abort"]] = field(
        default_factory=dict[str, Literal["hold", "suspend", "stop", "abort"]]
    )
