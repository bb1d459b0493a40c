"""Where an arm is sent: joints, a pose, or a path of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from cellctl.motion.pose import Pose

Joints = tuple[float, ...]
Target = Annotated[Joints | Pose, "target"]


@dataclass(frozen=True, slots=True)
class ByJoints:
    """A pose of a path that is reached straight in joint space, as ``move`` does: ``ptp(pose)`` in a recipe."""

    pose: Pose


#: One target of a path. A pose is reached on a straight line of the tool point, all else straight in joint space.
Leg = Joints | Pose | ByJoints
Legs = Annotated[Sequence[Leg], "targets"]
