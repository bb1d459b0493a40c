"""Poses, arms, and trajectories: the Python face of the compiled core.

Everything but ``Pose`` is loaded when it is first asked for, so that importing this costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from cellctl.motion.pose import Pose

if TYPE_CHECKING:
    from cellctl.motion.arms import Arm, Followed, Found
    from cellctl.motion.delta import DeltaArm
    from cellctl.motion.delta_model import DeltaModel
    from cellctl.motion.dynamics import Dynamics
    from cellctl.motion.inertia import Inertia
    from cellctl.motion.intercept import Interception, Interceptor, InterceptParameter, MovingTarget
    from cellctl.motion.intercept_joints import ArmInterception, intercept_arm
    from cellctl.motion.jog import Jog
    from cellctl.motion.model import Joint, JointType, RobotModel
    from cellctl.motion.move_planning import plan_moves
    from cellctl.motion.moved import Motion, MotionCertificate
    from cellctl.motion.moves import Circ, Lin, MoveLimits, Ptp, Spline
    from cellctl.motion.moving_pose import MovingPose
    from cellctl.motion.otg import (
        ControlInterface,
        DurationDiscretization,
        InputParameter,
        Otg,
        OutputParameter,
        Result,
        Synchronization,
    )
    from cellctl.motion.parametrization import PathTrajectory, parametrize
    from cellctl.motion.paths import Path, arc, polyline, spline
    from cellctl.motion.pursuit import Phase, Pursuit
    from cellctl.motion.timed import TimedKnots, timed_knots
    from cellctl.motion.tool import Payload, Tool, with_load
    from cellctl.motion.tool_axes import with_tool, with_tool_limits
    from cellctl.motion.trajectory import Certificate, Limits, Trajectory
    from cellctl.motion.waypoints import WaypointSearch

__all__ = [
    "Arm",
    "ArmInterception",
    "Certificate",
    "Circ",
    "ControlInterface",
    "DeltaArm",
    "DeltaModel",
    "DurationDiscretization",
    "Dynamics",
    "Followed",
    "Found",
    "Inertia",
    "InputParameter",
    "InterceptParameter",
    "Interception",
    "Interceptor",
    "Jog",
    "Joint",
    "JointType",
    "Limits",
    "Lin",
    "Motion",
    "MotionCertificate",
    "MoveLimits",
    "MovingPose",
    "MovingTarget",
    "Otg",
    "OutputParameter",
    "Path",
    "PathTrajectory",
    "Payload",
    "Phase",
    "Pose",
    "Ptp",
    "Pursuit",
    "Result",
    "RobotModel",
    "Spline",
    "Synchronization",
    "TimedKnots",
    "Tool",
    "Trajectory",
    "WaypointSearch",
    "arc",
    "intercept_arm",
    "parametrize",
    "plan_moves",
    "polyline",
    "spline",
    "timed_knots",
    "with_load",
    "with_tool",
    "with_tool_limits",
]

_HOMES: Final = {
    "arms": ("Arm", "Followed", "Found"),
    "delta": ("DeltaArm",),
    "delta_model": ("DeltaModel",),
    "dynamics": ("Dynamics",),
    "inertia": ("Inertia",),
    "intercept": ("InterceptParameter", "Interception", "Interceptor", "MovingTarget"),
    "intercept_joints": ("ArmInterception", "intercept_arm"),
    "jog": ("Jog",),
    "model": ("Joint", "JointType", "RobotModel"),
    "move_planning": ("plan_moves",),
    "moved": ("Motion", "MotionCertificate"),
    "moves": ("Circ", "Lin", "MoveLimits", "Ptp", "Spline"),
    "moving_pose": ("MovingPose",),
    "otg": (
        *("ControlInterface", "DurationDiscretization", "InputParameter", "Otg", "OutputParameter", "Result"),
        "Synchronization",
    ),
    "parametrization": ("PathTrajectory", "parametrize"),
    "paths": ("Path", "arc", "polyline", "spline"),
    "pursuit": ("Phase", "Pursuit"),
    "timed": ("TimedKnots", "timed_knots"),
    "tool": ("Payload", "Tool", "with_load"),
    "tool_axes": ("with_tool", "with_tool_limits"),
    "trajectory": ("Certificate", "Limits", "Trajectory"),
    "waypoints": ("WaypointSearch",),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
