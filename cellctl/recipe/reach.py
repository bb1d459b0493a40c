"""Whether an arm can come to where it is sent: joint limits, and the inverse kinematics of the compiled core."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from cellctl.errors import UsageError
from cellctl.motion.pose import Pose
from cellctl.recipe.cell import Cell, CellDevice
from cellctl.recipe.cell_file import CellFile
from cellctl.recipe.diagnostics import Problems
from cellctl.recipe.nodes import Name
from cellctl.recipe.program import Address, Do, Program
from cellctl.recipe.targets import Target, cases, expressions, is_motion, moves_of, stations
from cellctl.recipe.yaml_nodes import ListNode, YamlNode

if TYPE_CHECKING:
    from cellctl.motion.arms import Arm


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


def check_program(program: Program, cell: Cell, nodes: dict[str, YamlNode], problems: Problems) -> set[Address]:
    """Where each motion step goes, as far as it is known before the run; the steps that cannot be done.

    ``nodes`` says where the user wrote each step.
    """
    seen: dict[object, bool] = {}
    wrong: set[Address] = set()
    for step in program.steps.values():
        if not is_motion(step) or step.device not in cell.devices:
            continue
        key = (step.device, *expressions(step))
        if key not in seen:
            seen[key] = _suspect(program, cell, step, problems) or _told(program, cell, step, nodes, problems)
        if seen[key]:
            wrong.add(step.address)
    return wrong


def _suspect(program: Program, cell: Cell, step: Do, problems: Problems) -> bool:
    """Whether something is wrong already with a place that the step names."""
    named = {station.name for station in stations(program, cell, step)}
    for expression in expressions(step):
        named |= {program.bindings.get(each.name, "") for each in expression.root.walk() if isinstance(each, Name)}
    return not problems.suspects.isdisjoint(named & {*cell.stations, *cell.positions})


def _told(program: Program, cell: Cell, step: Do, nodes: dict[str, YamlNode], problems: Problems) -> bool:
    for case in cases(program, cell, step):
        for move in moves_of(program, cell, step, case):
            for target in (move.via, move.target):
                message, hint = objection(cell.devices[step.device], target) if target is not None else ("", "")
                if message:
                    where = f"{case.name}: " if case.name else ""
                    problems.add("out-of-reach", f"{where}{message}", nodes[step.address], hint=hint)
                    return True
    return False
