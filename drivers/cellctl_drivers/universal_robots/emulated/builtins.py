"""The functions of URScript that the emulated controller has (names and defaults: URScript manual, e-Series)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from cellctl.motion import Pose
from cellctl_drivers.universal_robots.emulated.arm import EmulatedArm
from cellctl_drivers.universal_robots.urscript import ScriptError, ScriptPose, ScriptThread, Value
from cellctl_drivers.universal_robots.urscript.program import FRAME, Builtin, Builtins, Wait
from cellctl_drivers.universal_robots.urscript.values import number, show, truth, vector, whole


class Host(Protocol):
    """What the functions need of the controller."""

    arm: EmulatedArm

    def read_register(self, address: int) -> int:
        """A Modbus register, 0..65535. Raises ScriptError."""
        ...

    def write_register(self, address: int, value: int) -> None:
        """Write a general-purpose register. Raises ScriptError."""
        ...

    def input(self, index: int) -> bool:
        """A standard digital input, 0..7. Raises ScriptError."""
        ...

    def output(self, index: int) -> bool:
        """A standard digital output, 0..7. Raises ScriptError."""
        ...

    def set_output(self, index: int, on: bool) -> None:
        """Switch a standard digital output. Raises ScriptError."""
        ...

    def log(self, text: str) -> None:
        """What textmsg() writes."""
        ...


def builtins_of(host: Host) -> Builtins:
    """Every function that a program may call, bound to one controller."""
    return {**_motion(host), **_controller(host), **_mathematics()}


def _motion(host: Host) -> Builtins:
    def movej(thread: ScriptThread, values: list[Value]) -> Wait:
        target, acceleration, speed = values[0], number(values[1]), number(values[2])
        _plain_move(values)
        joints = host.arm.inverse(Pose(*vector(target))) if isinstance(target, ScriptPose) else vector(target)
        return host.arm.move_joints(thread, joints, speed, acceleration)

    def movel(thread: ScriptThread, values: list[Value]) -> Wait:
        target, acceleration, speed = values[0], number(values[1]), number(values[2])
        _plain_move(values)
        pose = Pose(*vector(target)) if isinstance(target, ScriptPose) else host.arm.forward(vector(target))
        return host.arm.move_line(thread, pose, speed, acceleration)

    move = ("", "a", "v", "t", "r")
    return {
        "movej": Builtin(("q", *move[1:]), 1, (1.4, 1.05, 0, 0), wait=movej),
        "movel": Builtin(("pose", *move[1:]), 1, (1.2, 0.25, 0, 0), wait=movel),
        "stopj": Builtin(("a",), 0, (2.0,), wait=lambda th, v: host.arm.stop(th, number(v[0]), straight=False)),
        "stopl": Builtin(("a",), 0, (20.0,), wait=lambda th, v: host.arm.stop(th, number(v[0]), straight=True)),
        "get_actual_joint_positions": Builtin(value=lambda th, v: list(host.arm.joints())),
        "get_actual_joint_speeds": Builtin(value=lambda th, v: list(host.arm.speeds())),
        "get_actual_tcp_pose": Builtin(value=lambda th, v: ScriptPose(host.arm.tool_pose())),
        "get_inverse_kin": Builtin(("x",), 1, value=lambda th, v: list(host.arm.inverse(Pose(*vector(v[0]))))),
        "get_forward_kin": Builtin(("q",), 1, value=lambda th, v: ScriptPose(host.arm.forward(vector(v[0])))),
        "is_steady": Builtin(value=lambda th, v: host.arm.steady),
    }


def _plain_move(values: list[Value]) -> None:
    if number(values[3]) or number(values[4]):
        raise ScriptError("This controller knows neither the time t nor the blend radius r of a move")


def _controller(host: Host) -> Builtins:
    def write(thread: ScriptThread, values: list[Value]) -> Value:
        host.write_register(whole(values[0]), whole(values[1]))
        return None

    def read(thread: ScriptThread, values: list[Value]) -> Value:
        found = host.read_register(whole(values[0]))
        return found - 0x10000 if found & 0x8000 else found  # registers are signed for programs

    def set_output(thread: ScriptThread, values: list[Value]) -> Value:
        host.set_output(whole(values[0]), truth(values[1]))
        return None

    def set_tcp(thread: ScriptThread, values: list[Value]) -> Value:
        host.arm.set_tool(Pose(*vector(values[0])))
        return None

    def set_payload(thread: ScriptThread, values: list[Value]) -> Value:
        if number(values[0]) < 0:
            raise ScriptError("set_payload: the mass must not be below zero")
        return None

    def textmsg(thread: ScriptThread, values: list[Value]) -> Value:
        host.log(show(values[0]) + (show(values[1]) if values[1] != "" else ""))
        return None

    return {
        "sleep": Builtin(("t",), 1, wait=lambda th, v: float(number(v[0]))),
        "sync": Builtin(wait=lambda th, v: FRAME),
        "read_port_register": Builtin(("address",), 1, value=read),
        "write_port_register": Builtin(("address", "value"), 2, value=write),
        "get_standard_digital_in": Builtin(("n",), 1, value=lambda th, v: host.input(whole(v[0]))),
        "get_standard_digital_out": Builtin(("n",), 1, value=lambda th, v: host.output(whole(v[0]))),
        "set_standard_digital_out": Builtin(("n", "b"), 2, value=set_output),
        "set_tcp": Builtin(("pose",), 1, value=set_tcp),
        "set_payload": Builtin(("m", "cog"), 1, ([],), value=set_payload),
        "textmsg": Builtin(("s1", "s2"), 1, ("",), value=textmsg),
    }


def _mathematics() -> Builtins:
    def of(apply: Callable[[float], float]) -> Builtin:
        def calculate(thread: ScriptThread, values: list[Value]) -> Value:
            try:
                return apply(number(values[0]))
            except (ValueError, OverflowError):
                raise ScriptError(f"Math error: of {show(values[0])}") from None

        return Builtin(("f",), 1, value=calculate)

    return {
        "floor": of(math.floor),
        "ceil": of(math.ceil),
        "sqrt": of(math.sqrt),
        "sin": of(math.sin),
        "cos": of(math.cos),
        "norm": of(abs),
        "d2r": of(math.radians),
        "r2d": of(math.degrees),
    }
