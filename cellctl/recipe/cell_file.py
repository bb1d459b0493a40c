"""The cell file and its site overlay, as they are written."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, WithJsonSchema

from cellctl.recipe.file_model import FileModel
from cellctl.recipe.schema_types import Angle, Expression, Length, Name, Reaction, Speed

Point = tuple[Length, Length, Length]
Turns = tuple[Angle, Angle, Angle]


class Placement(FileModel):
    """Where a frame or a tool is: position, and roll, pitch, yaw about the fixed axes."""

    at: Point = Field(examples=["[0 mm, 0 mm, 163 mm]"])
    rotate: Turns = Field(default=(0.0, 0.0, 0.0), examples=["[0 deg, 0 deg, 90 deg]"])
    description: str = ""


class Frame(Placement):
    """A frame, told in the base frame of the robot or in another frame."""

    in_: str = Field(default="base", alias="in", description="the frame that it is told in")


class Taught(FileModel):
    """Who taught a position, and when."""

    by: str
    at: str = Field(examples=["2026-11-20"])


class PositionEntry(FileModel):
    """A taught position: ``joints`` or ``pose`` (x, y, z, roll, pitch, yaw)."""

    joints: list[Angle] | None = Field(default=None, description="joint angles from the base to the wrist")
    pose: tuple[Length, Length, Length, Angle, Angle, Angle] | None = Field(
        default=None, description="x, y, z, roll, pitch, yaw of the tool point"
    )
    frame: str = "base"
    tool: str = ""
    robot: str | None = Field(default=None, description="whose position it is, where the cell has several robots")
    taught: Taught | None = None
    description: str = ""


class SignalEntry(FileModel):
    """A device's signal under a name of the cell."""

    from_: str = Field(alias="from", examples=["arm.di1"], description="device.signal")
    tag: str = Field(default="", description="on the electrical drawing")
    description: str = ""


class StationEntry(FileModel):
    """Where parts come from (``on`` a belt) or go to (``at`` a position)."""

    on: str | None = Field(default=None, description="the conveyor that it is on")
    window: tuple[Length, Length] | None = Field(default=None, description="from … to along the belt")
    present: str | None = Field(default=None, description="the signal that tells of a part")
    at: str | None = Field(default=None, description="the position of the first slot")
    grid: tuple[int, int] | None = Field(default=None, description="slots along x and along y of the position's frame")
    pitch: tuple[Length, Length] | None = Field(default=None, description="from slot to slot along x and y")
    capacity: Annotated[int, Field(ge=1, le=10_000)] | None = None
    when_full: Literal["hold", "suspend", "stop"] = "hold"
    description: str = ""


class ZoneEntry(FileModel):
    """A space that only one branch may be in."""

    description: str = ""


class Box(FileModel):
    """Ranges of the tool point in the base frame; an axis that is not named is not bounded."""

    x: tuple[Length, Length] | None = None
    y: tuple[Length, Length] | None = None
    z: tuple[Length, Length] | None = None


class RetreatEntry(FileModel):
    """How to get away: ``inside`` a box, or ``otherwise`` (the last one)."""

    inside: Box | None = None
    otherwise: Literal["ask_to_jog", "go"] | None = None
    go: list[str] = Field(default_factory=list[str], examples=["[up 120 mm, ready]"])
    speed: Speed = Field(default=0.05, gt=0, le=0.25)


class InterlockEntry(FileModel):
    """What trips the cell, and what follows."""

    name: Name
    trips_when: Expression
    then: Reaction
    withdraw: list[str] = Field(default_factory=list[str], description="robots whose motion permit goes at once")
    action: str = Field(default="", description="what a person should do")


class DeviceEntry(FileModel):
    """One device. The driver's own keys stand beside these."""

    model_config = ConfigDict(extra="allow")
    driver: str = Field(description="cellctl drivers lists them")
    link: str = Field(examples=["tcp 192.168.0.10"], description="tcp HOST[:PORT] or rtu PORT unit N [BAUD] [8N1]")
    emulated: bool = False


#: Device entries are built by the models of their drivers; here they stay nodes.
Devices = Annotated[
    dict[str, Any],
    "devices",
    WithJsonSchema({"type": "object"}),
]


class CellFile(FileModel):
    """A cell: devices, what is wired to them, where things are, and how the cell behaves."""

    cell: Name = Field(examples=["line4_sorter"])
    description: str = ""
    devices: Devices = Field(default_factory=dict[str, Any])
    signals: dict[str, SignalEntry] = Field(default_factory=dict[str, SignalEntry])
    frames: dict[str, Frame] = Field(default_factory=dict[str, Frame])
    tools: dict[str, Placement] = Field(default_factory=dict[str, Placement])
    positions: dict[str, PositionEntry] = Field(default_factory=dict[str, PositionEntry])
    stations: dict[str, StationEntry] = Field(default_factory=dict[str, StationEntry])
    zones: dict[str, ZoneEntry | None] = Field(default_factory=dict[str, ZoneEntry | None])
    retreat: list[RetreatEntry] = Field(default_factory=list[RetreatEntry])
    interlocks: list[InterlockEntry] = Field(default_factory=list[InterlockEntry])
    on_lost: dict[str, Reaction] = Field(default_factory=dict[str, Reaction])

    SECTIONS: ClassVar = ("devices", "signals", "frames", "tools", "positions", "stations", "zones")
