"""Picking from a moving belt with an arm: the earliest interception in joint space.

The tool goes along with a pose that moves along a straight line; the joints that do so are found by inverse kinematics
in every configuration. Each of these joint paths is a target of ``Interceptor``; the one that is met first is taken.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from cellctl.errors import UsageError
from cellctl.motion import _intercept
from cellctl.motion.arms import Arm
from cellctl.motion.intercept import Interception, InterceptParameter, MovingTarget
from cellctl.motion.intercept_refusals import LATE, NO_WAY_ON, refusal
from cellctl.motion.joint_path import Track, deviation, grid, joint_path, tracks
from cellctl.motion.moving_pose import MovingPose
from cellctl.motion.otg import Floats
from cellctl.motion.trajectory import Certificate, Trajectory

__all__ = ["ArmInterception", "MovingPose", "intercept_arm"]

_STEP: Final = 0.04  # s between knots of a joint path at first
_REFINED: Final = 7  # how often that is halved, at most
_SAMPLES: Final = 8  # a knot, where the deviation is measured


class ArmInterception(NamedTuple):
    """A motion of an arm's joints to a moving pose, along with it, and away."""

    trajectory: Trajectory
    time: float  # when the tool is with the pose (s)
    until: float  # when it leaves it
    axis: int  # the joint that could not be there sooner; -1: the window was not open before
    deviation: float  # how far the tool is from the pose at most while it goes along, measured (m)
    turn: float  # and turned (rad)
    certificate: Certificate  # proven bounds, against the limits of the request and the joint limits


def intercept_arm(
    arm: Arm, given: InterceptParameter, belt: MovingPose, *, tolerance: float = 5e-5, turn_tolerance: float = 1e-3
) -> ArmInterception:
    """The earliest motion of the joints to a pose that moves, along with it, and away. Raises UsageError.

    ``given`` has the joints' state, limits and target; its times; and its pick window, counted in m along the belt from
    where ``belt`` is now. A window that ends is needed: a downstream limit or a latest time. Going along keeps within
    ``tolerance`` (m) and ``turn_tolerance`` (rad) of the pose. The arm's joint limits hold besides those of ``given``.
    Each joint comes in the full turn that is nearest to where it is. An arm without a closed form keeps the
    configuration that is nearest.
    """
    if given.degrees_of_freedom != arm.degrees_of_freedom:
        raise ValueError(f"the input has {given.degrees_of_freedom} axes, {arm.name} has {arm.degrees_of_freedom}")
    if not (tolerance > 0 and turn_tolerance > 0):
        raise UsageError(f"tolerances of {tolerance} m and {turn_tolerance} rad", hint="They must be above zero.")
    window = _window(given, belt)
    way = turn = math.inf
    for halved in range(_REFINED):
        step = _STEP / 2**halved
        request, met = _soonest(arm, given, belt, grid(belt, *window, step))
        trajectory, time, until, _ = met
        times = np.linspace(time, until, max(33, _SAMPLES * math.ceil(given.dwell / step) + 1))
        times[-1] = np.nextafter(until, time)
        way, turn = deviation(arm, belt, trajectory, times)
        if way <= tolerance and turn <= turn_tolerance:
            return ArmInterception(*met, way, turn, trajectory.certify(request.limits))
    raise UsageError(
        f"the joints keep to the moving pose to {way * 1e3:.3g} mm and {turn:.3g} rad only",
        where=arm.name,
        hint="Stay away from singular poses, or allow more.",
    )


def _window(given: InterceptParameter, belt: MovingPose) -> tuple[float, float]:
    """From when until when (s) the pose is in its window."""
    pick = given.pick
    if not (math.isfinite(pick.earliest) and pick.earliest >= 0 and pick.latest >= pick.earliest and pick.dwell >= 0):
        raise UsageError(f"a pick of {pick.dwell} s between {pick.earliest} and {pick.latest} s")
    if not np.isfinite([*belt.start.ravel(), belt.speed, belt.acceleration]).all() or belt.start.shape != (4, 4):
        raise UsageError("the moving pose has a number that is not finite, or no 4 by 4 transform")
    times = belt.open_times(pick.low, pick.high, pick.earliest, pick.latest)
    if times is None:
        raise UsageError(
            f"the pose is not in its pick window ({pick.low:.6g} to {pick.high:.6g} m along the belt) between "
            f"{pick.earliest:.6g} and {pick.latest:.6g} s",
            hint="Check the belt's direction and speed, and the window.",
        )
    if math.isinf(times[1]):
        raise UsageError("a pick window without an end", hint="Set latest, or the limit that the belt runs towards.")
    return times


def _request(arm: Arm, given: InterceptParameter, track: Track) -> InterceptParameter:
    """What ``given`` asks for, within the arm's joint limits and the time of a track."""
    made = InterceptParameter(arm.degrees_of_freedom)
    made.data[:], made.choices[:] = given.data, given.choices
    made.mirrored_velocity, made.mirrored_acceleration = given.mirrored_velocity, given.mirrored_acceleration
    low, high = np.array(arm.joint_limits).T
    made.room[0], made.room[1] = np.maximum(given.room[0], low), np.minimum(given.room[1], high)
    made.earliest, made.latest = float(track.knots[0]), float(track.knots[-1])
    made.dwell, made.leaves = given.dwell, given.leaves
    made.upstream_limit, made.downstream_limit = given.upstream_limit, given.downstream_limit
    return made


def _soonest(
    arm: Arm, given: InterceptParameter, belt: MovingPose, knots: list[Floats]
) -> tuple[InterceptParameter, Interception]:
    """The configuration that is met first: its request, and its interception."""
    planner, coordinate = _intercept.Planner(arm.degrees_of_freedom), belt.coordinate()
    best: tuple[InterceptParameter, Interception] | None = None
    refused: list[tuple[InterceptParameter, _intercept.InterceptError]] = []
    here = given.current_position
    speeds = np.maximum(np.abs(given.limits.as_array(len(here))[1]).max(axis=0), np.abs(given.current_velocity))
    for track in tracks(arm, belt, knots, here):
        if best is not None and track.least_time(here, speeds) >= best[1].time:
            continue
        request, trajectory = _request(arm, given, track), Trajectory()
        request.moving = MovingTarget.moving(joint_path(arm, belt, track), coordinate)
        try:
            found = Interception(trajectory, *planner.plan(request, request.moving, request.pick, trajectory))
        except _intercept.InterceptError as error:
            refused.append((request, error))
            continue
        if best is None or (found.time, trajectory.duration) < (best[1].time, best[1].trajectory.duration):
            best = request, found
    if best is None:
        raise _why(arm, knots, refused)
    return best


def _why(
    arm: Arm, knots: list[Floats], refused: list[tuple[InterceptParameter, _intercept.InterceptError]]
) -> UsageError:
    """The refusal of the configuration that is nearest to being possible."""
    if not refused:
        return UsageError(
            "the moving pose cannot be reached within the joint limits in its pick window, "
            f"{knots[0][0]:.6g} to {knots[-1][-1]:.6g} s",
            where=arm.name,
            hint="Move the pick window into the arm's reach.",
        )

    def rank(each: tuple[InterceptParameter, _intercept.InterceptError]) -> tuple[int, float]:
        status, factor = each[1].args[0], each[1].args[8]
        return (0 if status == LATE else 1 if status == NO_WAY_ON else 2, factor if status == LATE else 0.0)

    return refusal(*min(refused, key=rank))
