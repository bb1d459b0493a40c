"""Poses, and the kinematics of arms: the Python face of the compiled core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cellctl.motion.pose import Pose

if TYPE_CHECKING:
    from cellctl.motion.arms import Arm

__all__ = ["Arm", "Pose"]


def __getattr__(name: str) -> Any:  # the compiled kernel is loaded only by who needs an arm
    if name == "Arm":
        from cellctl.motion.arms import Arm

        return Arm
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
