"""Why a move cannot be made, and where on its way: in words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellctl.errors import UsageError
from cellctl.motion._kinematics import pose_of
from cellctl.motion.arms import Arm
from cellctl.motion.knots import Knots
from cellctl.motion.tool_curves import ToolCurve
from cellctl.motion.tool_following import Lost

Floats = NDArray[np.float64]

_PLACES = 1001  # at which joints are looked at


def place(curve: ToolCurve, s: float) -> str:
    """Where on its way that is, and the pose there."""
    pose = pose_of(curve.transforms(np.array([s]))[0])
    told = ", ".join(f"{each:.6g}" for each in pose)
    return f"{1e3 * curve.way(s):.1f} of {1e3 * curve.way(curve.length):.1f} mm, Pose({told})"


def lost(name: str, curve: ToolCurve, error: Lost) -> UsageError:
    """The tool cannot be led beyond a place."""
    return UsageError(error.message, where=f"{name}, {place(curve, error.s)}", hint=error.hint)


def beyond(arm: Arm, joints: Floats, room: Floats, where: str) -> UsageError | None:
    """The refusal of joints that are not within their limits (2, dof); None where they are."""
    over = np.maximum(room[0] - joints, joints - room[1])
    axis = int(over.argmax())
    if over[axis] <= 0:
        return None
    limit = room[int(joints[axis] > room[1, axis]), axis]
    return UsageError(
        f"{arm.model.joints[axis].name} would be at {joints[axis]:.6g}, beyond its limit {limit:.6g}", where=where,
        hint="Choose another target, or come there in another configuration.",
    )  # fmt: skip


def outside(arm: Arm, name: str, knots: Knots, curve: ToolCurve, room: Floats) -> UsageError | None:
    """The refusal of a led move that leaves the joint limits (2, dof), told where it first does."""
    s = np.linspace(0.0, knots.length, _PLACES)
    joints = knots.path.at(s)[0]
    over = np.maximum(room[0] - joints, joints - room[1])
    if not (over > 0).any():
        return None
    first = int((over > 0).any(axis=1).argmax())
    axis = int(over[first].argmax())
    worst = joints[int(over[:, axis].argmax()), axis]
    limit = room[int(worst > room[1, axis]), axis]
    return UsageError(
        f"{arm.model.joints[axis].name} would go on to {worst:.6g}, beyond its limit {limit:.6g} from here",
        where=f"{name}, {place(curve, float(s[first]))}",
        hint="Start in another configuration, or move the way.",
    )


def unreachable(arm: Arm, name: str, transform: Floats, seed: Floats, room: Floats) -> UsageError:
    """The refusal of a pose that no joints within their limits reach."""
    told = "Pose(" + ", ".join(f"{each:.6g}" for each in pose_of(transform)) + ")"
    ways = [] if arm.solver == "numeric" else arm.inverse(transform, seed.tolist())
    if not ways:
        found = arm.solve(transform, seed, tries=20)
        return UsageError(
            f"{told} is out of reach by {found.way * 1e3:.4g} mm and {found.turn:.3g} rad",
            where=name,
            hint="Move it into the reach.",
        )
    near = min(ways, key=lambda way: float(np.maximum(room[0] - way, np.asarray(way) - room[1]).max()))
    made = beyond(arm, np.array(near), room, f"{name}, {told}")
    return made or UsageError(f"{told} cannot be reached within the joint limits", where=name, hint="Move it.")
