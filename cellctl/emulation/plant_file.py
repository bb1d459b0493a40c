"""What ``plant.yaml`` says: the world behind the emulated devices of one cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cellctl.errors import FileError, UsageError
from cellctl.motion.pose import Pose
from cellctl.recipe.source import SourceError, read_source
from cellctl.recipe.yaml_nodes import YamlProblem, compose
from cellctl.units import ANGLE, LENGTH, NUMBER, TIME, Dimension, parse_quantity


def _quantity(dimension: Dimension) -> Callable[[Any], Any]:
    def read(text: Any) -> float:
        try:
            value, found = parse_quantity(str(text))
        except UsageError as error:
            raise ValueError(str(error)) from error
        if found != dimension and value != 0.0:
            raise ValueError(f"{text!r} has the wrong unit or none")
        return value

    return read


Length = Annotated[float, BeforeValidator(_quantity(LENGTH))]
Angle = Annotated[float, BeforeValidator(_quantity(ANGLE))]
Time = Annotated[float, BeforeValidator(_quantity(TIME))]
Share = Annotated[float, BeforeValidator(_quantity(NUMBER)), Field(ge=0, le=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BeltData(_Model):
    """A belt: its frame has x along the travel; ``length`` from where parts are put down to where they fall off."""

    motor: str
    travel_per_rev: Length = Field(gt=0)
    start: tuple[Length, Length, Length]
    heading: Angle = 0.0
    length: Length = Field(gt=0)
    width: Length = Field(gt=0)


class EyeData(_Model):
    """A light barrier across the belt."""

    at: Length


class CameraData(_Model):
    """A camera: its frame in the base, how much it sees around its zero, and how exactly."""

    frame: tuple[Length, Length, Length, Angle, Angle, Angle]
    view: tuple[Length, Length]
    position_noise: Length = Field(default=0.0, ge=0)
    angle_noise: Angle = Field(default=0.0, ge=0)

    @property
    def pose(self) -> Pose:
        """The frame as a pose."""
        return Pose.from_rpy(*self.frame)


class HandData(_Model):
    """A two-finger gripper on an arm's flange; its fingers close along y of the tool."""

    on: str
    tool: Length = Field(gt=0)
    fingers: tuple[Length, Length]
    tip: Length = Field(ge=0)


class TrayData(_Model):
    """A place on the table, from corner to corner, and which parts belong there."""

    from_: tuple[Length, Length] = Field(alias="from")
    to: tuple[Length, Length]
    takes: Literal["good", "reject"]

    def covers(self, x: float, y: float) -> bool:
        """Whether the point (m, base frame) is in it."""
        return self.from_[0] <= x <= self.to[0] and self.from_[1] <= y <= self.to[1]


class PartsData(_Model):
    """What comes along the belt."""

    size: tuple[Length, Length, Length]
    width_spread: Length = Field(default=0.0, ge=0)
    gap: Time = Field(gt=0)
    clearance: tuple[Length, Length]
    offset: Length = Field(default=0.0, ge=0)
    yaw: Angle = Field(default=0.0, ge=0)
    bad: Share = 0.0
    unreadable: Share = 0.0
    code: str = "P"


class PlantData(_Model):
    """Everything in the file."""

    plant: str
    belt: BeltData
    eye: EyeData
    cameras: dict[str, CameraData] = Field(default_factory=dict)
    hands: dict[str, HandData] = Field(default_factory=dict)
    inputs: dict[str, dict[Annotated[int, Field(ge=0)], str]] = Field(default_factory=dict)
    trays: dict[str, TrayData] = Field(default_factory=dict)
    parts: PartsData


def load_plant(path: Path) -> PlantData:
    """Read a plant file. Raises FileError that names every wrong entry."""
    try:
        return PlantData.model_validate(compose(read_source(path)).data())
    except (SourceError, YamlProblem) as error:
        where = f"{path}:{error.line}:{error.column}"
        raise FileError(error.message, where=where, hint=error.hint) from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise FileError(wrong, where=str(path), hint="Correct the named entries") from error
