"""The joint paths by which an arm can go along with a moving pose.

They are cubic splines in time through exact inverse kinematics, with the exact joint speeds at both ends and a
continuous acceleration: what a jerk-limited axis can follow exactly. How far the tool is off between the knots falls
with the fourth power of their distance, and is measured.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellctl.motion.arms import Arm, Joints
from cellctl.motion.model import JointType
from cellctl.motion.moving_pose import Built, MovingPose
from cellctl.motion.otg import Floats
from cellctl.motion.trajectory import Trajectory

_TURN: Final = 2 * math.pi
_TRACKS: Final = 64  # looked at, at most
_KNOTS: Final = 4  # of a path, at least
_JUMP: Final = 0.5  # rad or m from knot to knot: more is another configuration
_SAME: Final = 1e-3  # rad or m: the same way to a pose


class Track(NamedTuple):
    """Joints at some knots (s), one after the other in one configuration, that put the tool on the moving pose."""

    knots: Floats  # (n,)
    joints: Floats  # (n, dof)

    def least_time(self, here: Floats, speeds: Floats) -> float:
        """A time (s) before which no joint path through these can be met from ``here``."""
        way = np.maximum(self.joints.min(axis=0) - here, here - self.joints.max(axis=0))
        return float(max(self.knots[0], (way / speeds).max()))


def grid(belt: MovingPose, begin: float, end: float, step: float) -> list[Floats]:
    """Knots from one time to another, at most ``step`` apart; in two parts where the belt stops to accelerate."""
    ramp = belt.accelerates_for
    edges = [begin, ramp, end] if begin < ramp < end else [begin, end]
    return [np.linspace(one, other, max(4, math.ceil((other - one) / step)) + 1) for one, other in pairwise(edges)]


def tracks(arm: Arm, belt: MovingPose, parts: list[Floats], here: Floats) -> list[Track]:
    """Every continuous way to go along, in every configuration; each joint in the turn that is nearest to ``here``."""
    times = np.concatenate([parts[0], *(part[1:] for part in parts[1:])])
    followed = _followed(arm, belt.poses(times), here)
    made = [Track(times[first : first + len(joints)], joints) for first, joints in followed if len(joints) >= _KNOTS]
    return sorted(made, key=lambda track: float(np.abs(track.joints[0] - here).max()))


def _followed(arm: Arm, poses: Floats, here: Floats) -> list[tuple[int, Floats]]:
    """Joints along as many poses as they go, and the number of the first pose, for every way to every pose."""
    ways, fresh = _ways(arm, poses, here)
    turns = np.array([_TURN if joint.type is JointType.REVOLUTE else math.inf for joint in arm.model.joints])
    tracks: list[tuple[int, Floats]] = []
    while len(tracks) < _TRACKS and fresh.any():
        index, row = (int(each) for each in np.argwhere(fresh)[0])
        fresh[index, row] = False
        seed = _nearest_turns(arm, ways[index, row], here, turns)
        if seed is None:
            continue
        joints, count, _ = arm.follow(poses[index:], seed, jump=_JUMP)
        near = ways[index : index + count]
        off = np.abs(near - joints[: len(near), None])
        fresh[index : index + count] &= np.minimum(off, np.abs(turns - off)).max(axis=2, initial=0.0) > _SAME
        if count > 1:
            tracks.append((index, joints[:count]))
    return tracks


def _ways(arm: Arm, poses: Floats, here: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """The ways to each pose (n, k, dof), and which of the rows count.

    Of an arm without a closed form there is only the one nearest to ``here``, to the first pose.
    """
    if arm.solver == "numeric":
        found = arm.solve(poses[0], here)
        return found.joints[None, None], np.array([[found.reached]])
    ways, counts = arm.inverse_batch(poses)
    rows = np.less(np.arange(ways.shape[1], dtype=np.intc), counts[:, None])
    return np.where(rows[:, :, None], ways, 0.0), rows


def _nearest_turns(arm: Arm, row: Floats, here: Floats, turns: Floats) -> Joints | None:
    """The same joints in the turns that are nearest to ``here`` within the limits; None where there are none."""
    low, high = np.array(arm.joint_limits).T
    whole: Floats = np.where(np.isfinite(turns), turns, 0.0)
    seed: Floats = row + whole * np.round((here - row) / turns)
    seed += whole * np.where(seed < low, 1.0, np.where(seed > high, -1.0, 0.0))
    return tuple(seed.tolist()) if ((seed >= low) & (seed <= high)).all() else None


def _speeds(arm: Arm, belt: MovingPose, time: float, joints: Floats) -> Floats:
    """Joint speeds by which the tool goes along."""
    twist = np.zeros(6)
    twist[:3] = belt.way * float(belt.speeds(np.array([time]))[0])
    return np.asarray(np.linalg.lstsq(arm.jacobian(joints), twist, rcond=None)[0], np.float64)


def _spline_speeds(t: Floats, q: Floats, first: Floats, last: Floats) -> Floats:
    """Speeds at the knots of the cubic spline whose acceleration is continuous, from those at its ends.

    They solve a system of three diagonals, each row ``v before / h before + 2 (1/h before + 1/h) v + v after / h``.
    """
    pull = 1 / np.diff(t)
    right = 3 * np.diff(q, axis=0) * (pull**2)[:, None]
    v = np.concatenate([first[None], right[:-1] + right[1:], last[None]])
    share = np.zeros(len(t))
    for k in range(1, len(t) - 1):
        whole = 2 * (pull[k - 1] + pull[k]) - pull[k - 1] * share[k - 1]
        share[k] = pull[k] / whole
        v[k] = (v[k] - pull[k - 1] * v[k - 1]) / whole
    for k in range(len(t) - 2, 0, -1):
        v[k] -= share[k] * v[k + 1]
    return v


def joint_path(arm: Arm, belt: MovingPose, track: Track) -> Trajectory:
    """One spline through the joints of a track, or two where the belt's acceleration ends."""
    knots, joints = track
    ramp = belt.accelerates_for
    cut = int(np.searchsorted(knots, ramp)) if knots[0] < ramp < knots[-1] else len(knots) - 1
    tables: list[list[Floats]] = [[] for _ in range(arm.degrees_of_freedom)]
    last = np.empty((arm.degrees_of_freedom, 4))
    for part in (slice(0, cut + 1), slice(cut, len(knots))):
        t, q = knots[part], joints[part]
        if len(t) < 2:
            continue
        v = _spline_speeds(t, q, *(_speeds(arm, belt, float(t[k]), q[k]) for k in (0, -1)))
        h = np.diff(t)[:, None]
        chord = np.diff(q, axis=0) / h
        a, j = (6 * chord - 4 * v[:-1] - 2 * v[1:]) / h, 6 * (v[:-1] + v[1:] - 2 * chord) / h**2
        for axis, table in enumerate(tables):
            table.append(np.column_stack([t[:-1], h[:, 0], q[:-1, axis], v[:-1, axis], a[:, axis], j[:, axis]]))
            last[axis] = t[-1], q[-1, axis], v[-1, axis], a[-1, axis] + j[-1, axis] * h[-1, 0]
    return Built.of([np.concatenate(table) for table in tables], last)


def deviation(arm: Arm, belt: MovingPose, motion: Trajectory, times: Floats) -> tuple[float, float]:
    """How far the tool is from the moving pose at most at some times: way (m) and turn (rad)."""
    tools, wanted = arm.forward_batch(motion.at_time(times)[0]), belt.poses(times)
    way = np.linalg.norm(tools[:, :3, 3] - wanted[:, :3, 3], axis=1)
    turn = np.linalg.norm(tools[:, :3, :3] - wanted[:, :3, :3], axis=(1, 2)) / math.sqrt(2)
    return float(way.max()), float(turn.max())
