"""Whether an arm can come to where it is sent: joint limits, and the inverse kinematics of the compiled core."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from cellctl.errors import CellError, UsageError
from cellctl.motion.pose import Pose
from cellctl.recipe.cell import Cell, CellDevice
from cellctl.recipe.cell_file import CellFile
from cellctl.recipe.diagnostics import Problems
from cellctl.recipe.expressions import Expr
from cellctl.recipe.fields import PART
from cellctl.recipe.nodes import Name
from cellctl.recipe.program import Do, Program
from cellctl.recipe.yaml_nodes import ListNode, YamlNode

if TYPE_CHECKING:
    from cellctl.motion.arms import Arm

Target = tuple[float, ...] | Pose


@lru_cache(maxsize=32)
def _arm(model: str, tool: Pose) -> Arm:
    from cellctl.motion import Arm

    return Arm.named(model, tool)


@lru_cache(maxsize=4096)
def _reaches(model: str, tool: Pose, pose: Pose) -> bool:
    return bool(_arm(model, tool).inverse(pose))


def arm_of(device: CellDevice) -> Arm | None:
    """The arm of a robot whose model is known; None for any other device."""
    model = getattr(device.config, "model", None)
    tool = getattr(device.config, "tool", None)
    if device.driver.capability != "robot" or not isinstance(model, str):
        return None
    try:
        return _arm(model, tool if isinstance(tool, Pose) else Pose())
    except UsageError:
        return None


def objection(device: CellDevice, target: Target) -> tuple[str, str]:
    """Why an arm cannot come to a target, and what to do; empty where it can or nobody knows."""
    arm = arm_of(device)
    if arm is None:
        return "", ""
    if isinstance(target, Pose):
        if _reaches(arm.name, arm.tool, target):
            return "", ""
        place = ", ".join(f"{value * 1000:.0f} mm" for value in target[:3])
        far = math.dist(target[:3], (0.0, 0.0, 0.0))
        return (
            f"{device.name} ({arm.name}) cannot reach [{place}]: it is {far * 1000:.0f} mm from the base, the reach is "
            f"{arm.reach * 1000:.0f} mm without the tool",
            "Move it, or turn the tool",
        )
    limits = arm.joint_limits
    if len(target) != len(limits):
        return f"{device.name} ({arm.name}) has {len(limits)} joints, not {len(target)}", "Teach it again"
    for index, (angle, (low, high)) in enumerate(zip(target, limits, strict=True)):
        if not low <= angle <= high:
            return (
                f"joint {index} at {math.degrees(angle):.1f} deg is outside {math.degrees(low):.0f} … "
                f"{math.degrees(high):.0f} deg of {device.name} ({arm.name})",
                "Teach it again",
            )
    return "", ""


def check_cell(cell: Cell, file: CellFile, problems: Problems) -> None:
    """Every taught position and every slot of a cell; a position whose tool is not on the arm."""
    robots = [device for device in cell.devices.values() if device.driver.capability == "robot"]
    for name, position in cell.positions.items():
        entry = file.positions[name]
        robot = cell.devices.get(entry.robot) if entry.robot else robots[0] if len(robots) == 1 else None
        if robot is None:
            continue
        _tool(cell, robot, position.tool, entry.place_of("tool"), problems)
        message, hint = objection(robot, position.target)
        if message:
            node: YamlNode = entry.place_of("joints" if position.joints is not None else "pose")
            problems.add("out-of-reach", f"{name}: {message}", _joint_node(node, message), hint=hint)
            problems.suspects.add(name)
    for name, station in cell.stations.items():
        entry_at = file.stations[name].at
        if entry_at in problems.suspects:
            problems.suspects.add(name)
            continue
        if len(robots) != 1:
            continue
        for index, slot in enumerate(station.slots):
            message, hint = objection(robots[0], slot)
            if message:
                problems.add(
                    "out-of-reach",
                    f"slot {index} of {name}: {message}",
                    file.stations[name].place_of("grid"),
                    hint="Make the grid smaller, or move it",
                )
                problems.suspects.add(name)
                break


def _joint_node(node: YamlNode, message: str) -> YamlNode:
    word, _, rest = message.partition(" ")
    index = rest.partition(" ")[0]
    if word == "joint" and isinstance(node, ListNode) and index.isdigit() and int(index) < len(node.items):
        return node.items[int(index)]
    return node


def _tool(cell: Cell, robot: CellDevice, tool: str, node: YamlNode, problems: Problems) -> None:
    mounted = getattr(robot.config, "tool", None)
    if tool and isinstance(mounted, Pose) and cell.tools.get(tool) != mounted:
        names = [name for name, pose in cell.tools.items() if pose == mounted]
        problems.add(
            "tool",
            f"this was taught with the tool {tool}, and {robot.name} carries {names[0] if names else 'another'}",
            node,
            hint="Teach it with the tool that is mounted",
        )


def check_program(program: Program, cell: Cell, nodes: dict[str, YamlNode], problems: Problems) -> None:
    """Where each motion step goes, as far as it is known before the run; ``nodes`` by step address."""
    seen: set[tuple[str, Expr]] = set()
    for step in program.steps.values():
        if not isinstance(step, Do) or step.capability != "robot" or "to" not in step.arguments:
            continue
        robot = cell.devices.get(step.device)
        if robot is None or (step.device, step.arguments["to"]) in seen:
            continue
        seen.add((step.device, step.arguments["to"]))
        for target, what in _targets(program, cell, step, problems):
            message, hint = objection(robot, target)
            if message:
                problems.add("out-of-reach", f"{what}{message}", nodes[step.address], hint=hint)
                break


class _NotKnown(CellError):
    """The value is not known before the run."""


def _targets(program: Program, cell: Cell, step: Do, problems: Problems) -> list[tuple[Target, str]]:
    """The targets of a step: one, or one for each slot of the station that it names."""
    expression = step.arguments["to"]
    names = [node for node in expression.root.walk() if isinstance(node, Name)]
    if all(node is expression.root for node in names) and names and names[0].field_name is None:
        bound = program.bindings.get(names[0].name, "")
        if bound in problems.suspects:
            return []
    station_role = next((name.name for name in names if name.field_name in {"slot", "slot_used"}), None)
    station = cell.stations.get(program.bindings.get(station_role, "")) if station_role else None
    if station is not None and station.name in problems.suspects:
        return []
    choices: list[Pose | None] = [*dict.fromkeys(station.slots)] if station else [None]
    found: list[tuple[Target, str]] = []
    for index, slot in enumerate(choices):

        def lookup(name: str, field: str | None, slot: Pose | None = slot) -> object:
            if field in {"slot", "slot_used"} and slot is not None:
                return slot
            if field is None and name in program.parameters:
                return program.parameters[name]
            position = cell.positions.get(program.bindings.get(name, ""))
            if field is None and position is not None:
                return position.target
            if program.part is not None and field in {"width", "mass", "tolerance"} and field in PART:
                return getattr(program.part, field)
            raise _NotKnown(f"{name} is not known before the run")

        try:
            target: object = expression.evaluate(lookup)
        except CellError:
            return []
        if not isinstance(target, tuple):
            return []  # no target at all: told of
        where = f"slot {index} of {station.name}: " if station else ""
        found.append((cast(Target, target), where))
    return found
