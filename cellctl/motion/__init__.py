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
    from cellctl.motion.jog import Jog
    from cellctl.motion.model import Joint, JointType, RobotModel
    from cellctl.motion.otg import (
        ControlInterface,
        DurationDiscretization,
        InputParameter,
        Otg,
        OutputParameter,
        Result,
        Synchronization,
    )
    from cellctl.motion.tool import Payload, Tool, with_load
    from cellctl.motion.trajectory import Certificate, Limits, Trajectory

__all__ = [
    "Arm",
    "Certificate",
    "ControlInterface",
    "DeltaArm",
    "DeltaModel",
    "DurationDiscretization",
    "Dynamics",
    "Followed",
    "Found",
    "Inertia",
    "InputParameter",
    "Jog",
    "Joint",
    "JointType",
    "Limits",
    "Otg",
    "OutputParameter",
    "Payload",
    "Pose",
    "Result",
    "RobotModel",
    "Synchronization",
    "Tool",
    "Trajectory",
    "with_load",
]

_HOMES: Final = {
    "arms": ("Arm", "Followed", "Found"),
    "delta": ("DeltaArm",),
    "delta_model": ("DeltaModel",),
    "dynamics": ("Dynamics",),
    "inertia": ("Inertia",),
    "jog": ("Jog",),
    "model": ("Joint", "JointType", "RobotModel"),
    "otg": (
        *("ControlInterface", "DurationDiscretization", "InputParameter", "Otg", "OutputParameter", "Result"),
        "Synchronization",
    ),
    "tool": ("Payload", "Tool", "with_load"),
    "trajectory": ("Certificate", "Limits", "Trajectory"),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
