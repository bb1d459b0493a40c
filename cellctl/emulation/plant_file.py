"""What ``plant.yaml`` says: the world behind the emulated devices of one cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from cellctl.errors import FileError, UsageError
from cellctl.motion.pose import Pose
from cellctl.recipe.source import SourceError, read_source
from cellctl.recipe.yaml_nodes import ListNode, MapNode, YamlNode, YamlProblem, compose
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

_KEY = "[key]"  # pydantic's word, at the end of a place: the mapping's key itself is wrong


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


def _input(told: Any) -> Any:
    if isinstance(told, str):
        return {"name": told}
    if not isinstance(told, dict):
        raise ValueError("Input should be the name of what is wired to it, as guard, or {name: guard, on: false}")
    return cast("dict[str, Any]", told)


class InputData(_Model):
    """What is wired to an input: ``eye`` where there is a light barrier, else a switch, and whether it begins on."""

    name: str
    on: bool = True


class PlantData(_Model):
    """Everything in the file. ``belt``, ``eye`` and ``parts`` come together, or nothing comes along."""

    plant: str
    belt: BeltData | None = None
    eye: EyeData | None = None
    cameras: dict[str, CameraData] = Field(default_factory=dict)
    hands: dict[str, HandData] = Field(default_factory=dict)
    inputs: dict[str, dict[Annotated[int, Field(ge=0)], Annotated[InputData, BeforeValidator(_input)]]] = Field(
        default_factory=dict
    )
    trays: dict[str, TrayData] = Field(default_factory=dict)
    parts: PartsData | None = None


class PlantFile(NamedTuple):
    """A plant file that was read: what it says, and where."""

    path: Path
    node: YamlNode
    data: PlantData

    def error(self, wrong: Iterable[tuple[Sequence[str | int], str]], hint: str) -> FileError:
        """What is wrong, as the keys that lead to it and a message each."""
        return _located(self.path, self.node, wrong, hint)


def load_plant(path: Path) -> PlantData:
    """Read a plant file. Raises FileError that names every wrong entry, and where it is."""
    return read_plant(path).data


def read_plant(path: Path) -> PlantFile:
    """Read a plant file, and keep where everything is written. Raises FileError as ``load_plant``."""
    try:
        node = compose(read_source(path))
    except (SourceError, YamlProblem) as error:
        where = f"{path}:{error.line}:{error.column}"
        raise FileError(error.message, where=where, hint=error.hint) from error
    try:
        file = PlantFile(path, node, PlantData.model_validate(node.data()))
    except ValidationError as error:
        wrong = [(_keys(each), _message(each)) for each in error.errors()]
        raise _located(path, node, wrong, "Correct the named entries") from error
    together = {"belt": file.data.belt, "eye": file.data.eye, "parts": file.data.parts}
    there, missing = ([key for key in together if (together[key] is None) is gone] for gone in (False, True))
    if there and missing:
        what = f"needs {' and '.join(missing)} beside it"
        raise file.error([((there[0],), what)], "Say belt, eye and parts, or none of them")
    return file


def _keys(error: ErrorDetails) -> tuple[str | int, ...]:
    return (*error["loc"], _KEY) if error["type"] == "extra_forbidden" else error["loc"]


def _message(error: ErrorDetails) -> str:
    words = {"model_type": "Input should be a mapping", "extra_forbidden": "there is no such key"}
    if error["type"] in words:
        return words[error["type"]]
    return error["msg"].removeprefix("Value error, ")


def _located(path: Path, node: YamlNode, wrong: Iterable[tuple[Sequence[str | int], str]], hint: str) -> FileError:
    """One error of all that is wrong, at the place of the first; the others tell their line and column."""
    found: list[tuple[int, int, str]] = []
    for keys, message in wrong:
        place, key = _place(node, keys)
        found.append((place.line, place.column, f"{key}: {message}" if key else message))
    (line, column, first), *others = sorted(found)
    told = [first, *(f"{text} ({line}:{column})" for line, column, text in others)]
    return FileError("; ".join(told), where=f"{path}:{line}:{column}", hint=hint)


def _place(node: YamlNode, keys: Sequence[str | int]) -> tuple[YamlNode, str]:
    """Where the entry is that the keys lead to, or the nearest before it that is written; and its name."""
    place, written, names = node, node, list[str]()
    for key in keys:
        if key == _KEY:
            return written, ".".join(names)
        names.append(str(key))
        if isinstance(node, MapNode) and str(key) in node.values:
            written, node = node.key_at(str(key)), node.value_at(str(key))
            place = written if isinstance(node, MapNode | ListNode) else node
        elif isinstance(node, ListNode) and isinstance(key, int) and key < len(node.items):
            place = node = node.items[key]
    return place, ".".join(names)
