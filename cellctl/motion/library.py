"""The arms that are shipped as data, one file each in ``robots/``, and the reader of such files."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

from cellctl.errors import UsageError
from cellctl.motion.delta_model import DeltaModel
from cellctl.motion.inertia import Inertia
from cellctl.motion.model import Joint, JointType, RobotModel, check_joint
from cellctl.motion.pose import Pose
from cellctl.motion.robot_entry import Entry, document, meant
from cellctl.units import ANGLE, FORCE, LENGTH, MASS, NUMBER, TIME, Dimension

Made = TypeVar("Made")

_ROBOTS: Final = Path(__file__).parent / "robots"

_ANY = ("name", "title", "kind", "sources", "unconfirmed", "reach", "payload")
_SERIAL = (*_ANY, "convention", "base", "flange", "joints")
_DELTA = (*_ANY, "base_radius", "platform_radius", "upper_arm", "forearm", "limits")
_LINK = ("a", "alpha", "d", "theta")
_BODY = ("mass", "center", "inertia")
_LIMITS = ("lower", "upper", "speed", "acceleration", "effort")
_BY_TABLE: Final = {"dh": RobotModel.from_dh, "modified_dh": RobotModel.from_modified_dh}


def names() -> tuple[str, ...]:
    """The arms that ``load`` knows."""
    return tuple(sorted(path.stem for path in _ROBOTS.glob("*.yaml")))


@cache
def load(name: str) -> RobotModel | DeltaModel:
    """The arm of that name, read once. Raises UsageError where there is none."""
    if name not in names():
        raise UsageError(f"no arm is called {name!r}", hint=meant(name, names()))
    return read(_ROBOTS / f"{name}.yaml")


def read(path: str | Path) -> RobotModel | DeltaModel:
    """The arm that a file tells (docs/robots.md). Raises UsageError with the place of the mistake."""
    whole = document(Path(path))
    kind = _needed(whole, whole.fields(), "kind").one_of(("serial", "delta"))
    fields = whole.fields(_SERIAL if kind == "serial" else _DELTA)
    make = _serial if kind == "serial" else _delta
    model = _located(whole, lambda: make(whole, fields))
    reach = _quantity(fields, "reach", LENGTH, "mm", math.inf)
    payload = _quantity(fields, "payload", MASS, "kg", math.inf)
    return _located(whole, lambda: replace(model, sources=_sources(whole, fields), reach=reach, payload=payload))


def _serial(whole: Entry, fields: dict[str, Entry]) -> RobotModel:
    name = _needed(whole, fields, "name").text()
    convention = _needed(whole, fields, "convention").one_of((*_BY_TABLE, "joints"))
    base, flange = _pose(fields.get("base")), _pose(fields.get("flange"))
    told = _needed(whole, fields, "joints").entries()
    if convention == "joints":
        joints = [_joint(entry, ("at", "turned", "axis")) for entry in told]
        if joints:
            joints[0] = replace(joints[0], placement=base @ joints[0].placement)
        return RobotModel(name, tuple(joints), flange)
    joints = [_joint(entry, ("link",)) for entry in told]
    rows = [_row(entry) for entry in told]
    return _BY_TABLE[convention](name, rows, joints, base=base, flange=flange)


def _delta(whole: Entry, fields: dict[str, Entry]) -> DeltaModel:
    def length(name: str) -> float:
        return _needed(whole, fields, name).quantity(LENGTH, "mm")

    limits = _limits(fields.get("limits"), JointType.REVOLUTE, _LIMITS[:-1])
    return DeltaModel(
        _needed(whole, fields, "name").text(),
        length("base_radius"),
        length("platform_radius"),
        length("upper_arm"),
        length("forearm"),
        limits.get("lower", -math.pi / 2),
        limits.get("upper", math.pi / 2),
        limits.get("speed", math.inf),
        limits.get("acceleration", math.inf),
    )


def _joint(entry: Entry, placing: tuple[str, ...]) -> Joint:
    fields = entry.fields(("name", "type", *placing, "limits", *_BODY))
    name = _needed(entry, fields, "name").text()
    kind = JointType(fields["type"].one_of([each.value for each in JointType]) if "type" in fields else "revolute")
    x, y, z = fields["axis"].vector(NUMBER, "") if "axis" in fields else (0.0, 0.0, 1.0)
    placement = _pose_of(fields) if "at" in placing else Pose()
    limits = _limits(fields.get("limits"), kind)
    joint = Joint(name, placement, (x, y, z), kind, **limits, inertia=_located(entry, lambda: _body(fields)))
    _located(entry, lambda: check_joint(joint, f"joint {name}"))
    return joint


def _limits(entry: Entry | None, kind: JointType, known: tuple[str, ...] = _LIMITS) -> dict[str, float]:
    if entry is None:
        return {}
    way, unit = (ANGLE, "deg") if kind is JointType.REVOLUTE else (LENGTH, "mm")
    effort = (FORCE * LENGTH, "N*m") if kind is JointType.REVOLUTE else (FORCE, "N")
    units: dict[str, tuple[Dimension, str]] = {
        "lower": (way, unit),
        "upper": (way, unit),
        "speed": (way / TIME, f"{unit}/s"),
        "acceleration": (way / TIME.power(2), f"{unit}/s^2"),
        "effort": effort,
    }
    return {name: value.quantity(*units[name]) for name, value in entry.fields(known).items()}


def _row(entry: Entry) -> tuple[float, float, float, float]:
    link = _needed(entry, entry.fields(), "link")
    row = link.fields(_LINK)
    a, d = (_needed(link, row, name).quantity(LENGTH, "mm") for name in ("a", "d"))
    alpha, theta = (_needed(link, row, name).quantity(ANGLE, "deg") for name in ("alpha", "theta"))
    return a, alpha, d, theta


def _body(fields: dict[str, Entry]) -> Inertia:
    moment = MASS * LENGTH.power(2)
    x, y, z = fields["center"].vector(LENGTH, "mm") if "center" in fields else (0.0, 0.0, 0.0)
    xx, xy, xz, yy, yz, zz = fields["inertia"].vector(moment, "kg*m^2", 6) if "inertia" in fields else (0.0,) * 6
    return Inertia(_quantity(fields, "mass", MASS, "kg", 0.0), (x, y, z), (xx, xy, xz, yy, yz, zz))


def _pose(entry: Entry | None) -> Pose:
    return _pose_of(entry.fields(("at", "turned"))) if entry else Pose()


def _pose_of(fields: dict[str, Entry]) -> Pose:
    x, y, z = fields["at"].vector(LENGTH, "mm") if "at" in fields else (0.0, 0.0, 0.0)
    roll, pitch, yaw = fields["turned"].vector(ANGLE, "deg") if "turned" in fields else (0.0, 0.0, 0.0)
    return Pose.from_rpy(x, y, z, roll, pitch, yaw)


def _sources(whole: Entry, fields: dict[str, Entry]) -> tuple[str, ...]:
    sure = _needed(whole, fields, "sources").fields()
    unsure = fields["unconfirmed"].fields() if "unconfirmed" in fields else {}
    told = [f"{group}: {entry.text()}" for group, entry in sure.items()]
    return (*told, *(f"unconfirmed, {group}: {entry.text()}" for group, entry in unsure.items()))


def _quantity(fields: dict[str, Entry], name: str, dimension: Dimension, example: str, missing: float) -> float:
    return fields[name].quantity(dimension, example) if name in fields else missing


def _needed(within: Entry, fields: dict[str, Entry], name: str) -> Entry:
    if name not in fields:
        raise within.wrong(f"{name!r} is missing")
    return fields[name]


def _located(entry: Entry, make: Callable[[], Made]) -> Made:
    """What ``make`` gives; its errors that have no place get the one of this entry."""
    try:
        return make()
    except UsageError as error:
        if error.where.startswith(f"{entry.file}:"):
            raise
        raise entry.wrong(f"{error.where}: {error.message}" if error.where else error.message, error.hint) from None
