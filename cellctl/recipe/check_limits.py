"""What a program asks beyond what the devices' configuration allows: stroke, payload, speed, room in a station."""

from __future__ import annotations

import math
from collections.abc import Mapping

from cellctl.errors import CellError
from cellctl.recipe import reach
from cellctl.recipe.cell import Cell, CellDevice, Station
from cellctl.recipe.diagnostics import Problems
from cellctl.recipe.expressions import Expr
from cellctl.recipe.program import Do, PartSpec, Program
from cellctl.recipe.recipe_file import PartEntry
from cellctl.recipe.yaml_nodes import YamlNode
from cellctl.units import show

_CLOSE = 1e-9  # rounding of a unit's factor is no excess


def check_limits(
    program: Program, cell: Cell, nodes: Mapping[str, YamlNode], part: PartEntry | None, problems: Problems
) -> None:
    """Look at every motion step, and at the part; ``nodes`` says where the user wrote each step.

    A device whose configuration has no such limit is not looked at, nor is a speed that is not constant.
    """
    for step in program.steps.values():
        device = cell.devices.get(step.device) if isinstance(step, Do) else None
        if isinstance(step, Do) and device is not None:
            _speeds(step, device, nodes[step.address], problems)
    if part is not None and program.part is not None:
        _part(program, program.part, cell, part, problems)


def _limit(device: CellDevice, field: str) -> float | None:
    """A limit that a device's configuration has; None where it has none, or the file leaves it at zero."""
    value: object = getattr(device.config, field, None)
    return float(value) if isinstance(value, int | float) and value > 0 else None


def _speeds(step: Do, device: CellDevice, node: YamlNode, problems: Problems) -> None:
    if (step.capability, step.action) != ("robot", "move"):
        return
    arm = reach.arm_of(device)
    fastest = [max(arm.joint_speeds)] if arm is not None else []
    if (own := _limit(device, "joint_speed")) is not None:
        fastest.append(own)
    acceleration = _limit(device, "joint_acceleration")
    for name, kind, limit in (
        ("speed", "angular_speed", min(fastest, default=None)),
        ("acceleration", "angular_acceleration", acceleration),
    ):
        value = _constant(step.arguments.get(name))
        if limit is not None and value is not None and value > limit * (1 + _CLOSE):
            problems.add(
                "bounds",
                f"{name} {show(value, kind)} is above what {device.name} allows: {show(limit, kind)}",
                node,
                hint=f"Write at most {show(limit, kind)}",
            )


def _constant(expression: Expr | None) -> float | None:
    """The value of an expression that names nothing; None for any other."""
    if expression is None or expression.names:
        return None
    try:
        value: object = expression.evaluate(lambda name, field: 0)
    except CellError:
        return None  # told of
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _part(program: Program, part: PartSpec, cell: Cell, entry: PartEntry, problems: Problems) -> None:
    told = False
    used = {step.device for step in program.steps.values() if isinstance(step, Do)}
    for device in (cell.devices[name] for name in sorted(used & cell.devices.keys())):
        stroke = _limit(device, "stroke") if device.driver.capability == "gripper" else None
        if stroke is not None and part.width > stroke * (1 + _CLOSE):
            told = True  # then slots that are too near for it need no word
            problems.add(
                "bounds",
                f"the part is {show(part.width, 'length')} wide, and {device.name} opens to {show(stroke, 'length')}",
                entry.place_of("width"),
                hint="Grip another side of the part, or take another gripper",
            )
        payload = _limit(device, "payload") if device.driver.capability == "robot" else None
        if payload is not None and part.mass > payload * (1 + _CLOSE):
            problems.add(
                "bounds",
                f"the part weighs {show(part.mass, 'mass')}, and the payload of {device.name} is "
                f"{show(payload, 'mass')}",
                entry.place_of("mass"),
                hint="Correct the mass, or payload: in the cell file (tool and part together)",
            )
    placed = {
        step.effect.station for step in program.steps.values() if isinstance(step, Do) and step.effect is not None
    }
    for station in (each for each in cell.stations.values() if each.name in placed):
        apart = _apart(station)
        if not told and apart < part.width * (1 - _CLOSE):
            problems.add(
                "bounds",
                f"the slots of {station.name} are {show(apart, 'length')} apart, and the part is "
                f"{show(part.width, 'length')} wide",
                entry.place_of("width"),
                hint=f"Make the pitch of {station.name} larger in the cell file",
            )


def _apart(station: Station) -> float:
    """From the first slot to the nearest other one; slots at one place (a bin) do not count."""
    if not station.slots:
        return math.inf
    first, *others = station.slots
    gaps = (math.dist(first[:3], each[:3]) for each in others)
    return min((gap for gap in gaps if gap > _CLOSE), default=math.inf)
