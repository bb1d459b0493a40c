"""Poses, the kinematics of arms, and trajectories: the Python face of the compiled core.

Everything but ``Pose`` is loaded when it is first asked for, so that importing this costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from cellctl.motion.pose import Pose

if TYPE_CHECKING:
    from cellctl.motion.arms import Arm
    from cellctl.motion.jog import Jog
    from cellctl.motion.otg import ControlInterface, InputParameter, Otg, OutputParameter, Result, Synchronization
    from cellctl.motion.trajectory import Certificate, Limits, Trajectory

__all__ = [
    "Arm",
    "Certificate",
    "ControlInterface",
    "InputParameter",
    "Jog",
    "Limits",
    "Otg",
    "OutputParameter",
    "Pose",
    "Result",
    "Synchronization",
    "Trajectory",
]

_HOMES: Final = {
    "arms": ("Arm",),
    "jog": ("Jog",),
    "otg": ("ControlInterface", "InputParameter", "Otg", "OutputParameter", "Result", "Synchronization"),
    "trajectory": ("Certificate", "Limits", "Trajectory"),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
