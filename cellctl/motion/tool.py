"""What an arm carries: a tool on its flange, and a payload at the tool's point."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from cellctl.errors import UsageError
from cellctl.motion.inertia import Inertia
from cellctl.motion.model import IDENTITY, RobotModel
from cellctl.motion.pose import Pose

Payload = Inertia  #: a body told at the tool's point, in the axes of the tool


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: where its point is on the flange, and its body, told in the flange. Raises UsageError."""

    pose: Pose = IDENTITY
    inertia: Inertia = field(default_factory=Inertia)

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, self.pose)):
            raise UsageError(f"the tool's pose {tuple(self.pose)} is not finite", hint="It is told in m and rad.")


def with_load(model: RobotModel, tool: Tool = Tool(), payload: Payload = Payload()) -> RobotModel:  # noqa: B008
    """The same arm with the bodies of tool and payload added to its last link.

    The flange stays where it is: kinematics take ``tool.pose`` by itself. What the arm may carry is what it could
    carry before, less these masses. Raises UsageError where that is too much, or where a body cannot be one.
    """
    for what, body in (("tool", tool.inertia), ("payload", payload)):
        if not body.is_body:
            moments = ", ".join(f"{each:.6g}" for each in body.principal())
            raise UsageError(
                f"the {what}'s principal moments, {moments} kg m^2, belong to no body",
                where=model.name,
                hint="None can be above the sum of the others. They are told about the centre of mass.",
            )
    mass = tool.inertia.mass + payload.mass
    if mass > model.payload:
        raise UsageError(
            f"a tool of {tool.inertia.mass:g} kg with {payload.mass:g} kg is more than the {model.payload:g} kg that "
            "the arm carries",
            where=model.name,
        )
    load = (tool.inertia + payload.seen_from(tool.pose)).seen_from(model.flange)
    *others, last = model.joints
    last = replace(last, inertia=last.inertia + load)
    return replace(model, joints=(*others, last), payload=model.payload - mass)
