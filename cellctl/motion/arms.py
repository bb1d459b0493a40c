"""An arm with its tool: where it is, how it moves, and which joints bring it somewhere.

Poses are told in the arm's base; joints are rad (or m, where one slides), in the order of the model. Single poses come
as ``Pose`` or as transforms of shape (4, 4), many as arrays of shape (n, 4, 4).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellctl.errors import UsageError
from cellctl.motion._kinematics import Chain, Inverse, Numeric
from cellctl.motion.given import floats, row
from cellctl.motion.library import load
from cellctl.motion.lines import FAR, Links, inverted, lines_of, links_of, matrix
from cellctl.motion.model import JointType, RobotModel
from cellctl.motion.near import Near
from cellctl.motion.pose import Pose
from cellctl.motion.solution import ClosedForm
from cellctl.motion.solvers import closed_form
from cellctl.motion.tool import Tool

Joints = tuple[float, ...]
Floats = NDArray[np.float64]
Weight = tuple[float, float, float, float, float, float]

_TURN: Final = 2 * math.pi
_ALL: Final[Weight] = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
_EDGE: Final = 1e-9  # rad: a joint that is beyond its limit by less is at the limit (as EDGE in ext/inverse.c)
_SEEDS: Final = 200  # random starts that look for every way of an arm without a closed form


class Found(NamedTuple):
    """What the iteration came to: the joints nearest to the pose, and what is left of the way to it."""

    joints: Floats  # Shape (dof,)
    reached: bool
    way: float  # m
    turn: float  # rad
    rounds: int
    tries: int


class Followed(NamedTuple):
    """Joints along a path of poses, shape (n, dof), of which the first ``followed`` hold; and why it ended there."""

    joints: Floats
    followed: int
    ended: str


@lru_cache(maxsize=64)
def _recognised(model: RobotModel) -> tuple[Links, tuple[str, ClosedForm | None]]:
    lines = lines_of(model)
    form = closed_form(lines)
    return form[1].chain if isinstance(form[1], Near) else links_of(lines, far=FAR), form


class Arm:
    """A model with a tool. The tool point's pose is told on the flange (m, rotation vector); a ``Tool`` has one.

    It does not change, so threads may share it.
    """

    def __init__(self, model: RobotModel, tool: Pose | Tool = Pose()) -> None:  # noqa: B008 - a pose cannot be changed
        if not isinstance(model, RobotModel):  # pyright: ignore[reportUnnecessaryIsInstance]  # a newcomer's first try
            raise UsageError(f"an Arm of {model!r:.60}", hint="It takes a RobotModel; Arm.named takes the name of one.")
        tool = tool.pose if isinstance(tool, Tool) else Tool(Pose(*tool)).pose
        links, closed = _recognised(model)
        self.model = model
        self.name = model.name
        self.tool = tool
        self.reach = model.reach
        self.degrees_of_freedom = model.degrees_of_freedom
        self._lower = tuple(joint.lower for joint in model.joints)
        self._upper = tuple(joint.upper for joint in model.joints)
        self._turns = tuple(_TURN if joint.type is JointType.REVOLUTE else 0.0 for joint in model.joints)
        self._zero = (0.0,) * self.degrees_of_freedom
        point = matrix(tool)
        self._chain = Chain(links.base, links.links, links.slides, links.tip @ point, links.twists)
        self.solver, form = closed
        limits = list(zip(self._turns, self._lower, self._upper, strict=True))
        self._inverse = form.inverse(inverted(point), limits) if form else None
        free = [(limit[0], -math.inf, math.inf) if limit[0] else limit for limit in limits]
        self._turning = form.inverse(inverted(point), free) if form else None
        length = float(np.abs(links.links[:, 1:3]).sum()) or 1.0
        self._numeric = Numeric(self._chain, self._lower, self._upper, length)

    @classmethod
    def named(cls, name: str, tool: Pose | Tool = Pose()) -> Arm:  # noqa: B008
        """The shipped arm of that name. Raises UsageError where there is none, or none with joints in a row."""
        model = load(name)
        if not isinstance(model, RobotModel):
            raise UsageError(f"{name} is no arm with its joints in a row", hint="Use DeltaArm.")
        return cls(model, tool)

    def __reduce__(self) -> tuple[type[Arm], tuple[RobotModel, Pose]]:
        return type(self), (self.model, self.tool)

    def __repr__(self) -> str:
        return f"Arm({self.name}, {self.degrees_of_freedom} joints, {self.solver})"

    # -- what it can do ----------------------------------------------------------------------

    @property
    def joint_limits(self) -> tuple[tuple[float, float], ...]:
        """Least and greatest value of each joint (rad, m)."""
        return tuple(zip(self._lower, self._upper, strict=True))

    @property
    def joint_speeds(self) -> Joints:
        """The greatest speed of each joint (rad/s, m/s)."""
        return tuple(joint.speed for joint in self.model.joints)

    @property
    def most_ways(self) -> int:
        """How many ways to one pose there can be: 8, 2 of a SCARA arm or a gantry, 16 where they are polished."""
        return 32 if self._inverse is None else self._inverse.most_rows

    def within_limits(self, joints: Sequence[float] | Floats) -> bool:
        """Whether every joint is within its limits."""
        limits = zip(self._row(joints), self._lower, self._upper, strict=True)
        return all(low <= value <= high for value, low, high in limits)

    # -- forward -----------------------------------------------------------------------------

    def forward(self, joints: Sequence[float] | Floats) -> Pose:
        """The tool point's pose."""
        return Pose(*self._chain.pose(joints))

    def transform(self, joints: Sequence[float] | Floats, out: Floats | None = None) -> Floats:
        """The tool point's pose as a homogeneous transform. Shape (4, 4)."""
        return self._chain.transform(joints, out)

    def forward_batch(self, joints: ArrayLike, out: Floats | None = None) -> Floats:
        """Transforms for many sets of joints: (n, dof) to (n, 4, 4). No memory is taken where ``out`` is given."""
        return self._chain.transforms(joints, out)

    def jacobian(self, joints: Sequence[float] | Floats, out: Floats | None = None) -> Floats:
        """Velocity of the tool point by joint speeds, in the base. Shape (6, dof): rows m/s, then rad/s."""
        return self._chain.jacobian(joints, out)

    def jacobian_batch(self, joints: ArrayLike, out: Floats | None = None) -> Floats:
        """Jacobians for many sets of joints: (n, dof) to (n, 6, dof)."""
        return self._chain.jacobians(joints, out)

    def manipulability(self, joints: ArrayLike) -> float | Floats:
        """sqrt(det(J Jᵀ)): 0 where the arm is singular (Yoshikawa 1985). One set, or many: (n, dof) to (n,).

        With fewer than six joints it is sqrt(det(Jᵀ J)), the volume that the joints span.
        """
        many = floats(joints, "joints", self.name, width=self.degrees_of_freedom)
        jacobians = self._chain.jacobians(np.atleast_2d(many))
        values: Floats = np.linalg.svd(jacobians, compute_uv=False).prod(axis=-1)
        return float(values[0]) if many.ndim == 1 else values

    # -- inverse -----------------------------------------------------------------------------

    def inverse(self, pose: Pose | Floats, wanted: Sequence[float] | None = None) -> list[Joints]:
        """Every way to reach a pose, each joint in (-π, π] where it turns; none where it is out of reach.

        Limits are left aside. Where a pose is singular and a joint may be anything, it is as in ``wanted`` (zero).
        A pose within 0.1 µm of the rim of the reach is answered at the rim. An arm that is nearly of a kind with a
        closed form (``solver`` ends in "polished") leaves no joint open: there all is as in its single ways. One
        without a closed form gives the ways within its limits that 200 random starts lead to, at most 32 of them.
        """
        aim = self._zero if wanted is None else wanted
        if self._inverse is None:
            found = self._numeric.every(self._frame(pose), aim, _ALL, 1e-10, 1e-10, 100, _SEEDS, 0)
            return [tuple(row) for row in found.tolist()]
        if isinstance(pose, Pose):
            return self._inverse.branches(pose, aim)
        return [tuple(row) for row in self._inverse.solve(pose, aim).tolist()]

    def inverse_transform(
        self, transform: Floats, wanted: ArrayLike | None = None, out: Floats | None = None
    ) -> Floats:
        """The same as rows of an array, (k, dof); they lie in ``out`` (most_ways, dof) where that is given."""
        return self._closed().solve(transform, self._zero if wanted is None else wanted, out)

    def inverse_batch(
        self,
        transforms: ArrayLike,
        out: Floats | None = None,
        counts: NDArray[np.intc] | None = None,
        wanted: ArrayLike | None = None,
    ) -> tuple[Floats, NDArray[np.intc]]:
        """Every way to many poses: (n, 4, 4) to joints (n, most_ways, dof), and how many of those rows count.

        Rows beyond the count are not written; the count is -1 where a transform is none (it must turn and shift only).
        """
        return self._closed().solve_many(transforms, self._zero if wanted is None else wanted, out, counts)

    def nearest(self, pose: Pose | Floats, seed: Sequence[float]) -> Joints | None:
        """The way to reach ``pose`` from ``seed`` within the limits, full turns included; None where there is none.

        The arm keeps its configuration (shoulder, elbow and wrist bent the same way) where it can, because
        between two configurations lies a singular pose; then it is the least sum of squared turns.
        """
        if self._inverse is not None:
            return self._inverse.nearest(pose if isinstance(pose, Pose) else _pose(pose), seed)
        found = self.solve(pose, seed)
        return tuple(found.joints.tolist()) if found.reached else None

    def solve(
        self,
        pose: Pose | Floats,
        seed: Sequence[float] | Floats,
        *,
        weight: Weight = _ALL,
        way: float = 1e-9,
        turn: float = 1e-9,
        rounds: int = 100,
        tries: int = 100,
        random: int = 0,
    ) -> Found:
        """A way to a pose by iteration, within the limits, first from ``seed`` and then from random joints.

        ``weight`` tells how much x, y, z and the turns about them count, in the tool's frame: (1, 1, 1, 1, 1, 0) leaves
        the turn about the tool's axis free. It is reached when way (m) and turn (rad) are below those told here. The
        same question with the same ``random`` has the same answer.
        """
        if len(weight) != 6 or not all(0 <= each < math.inf for each in weight) or not any(weight):
            raise UsageError(f"a weight of {tuple(weight)}", hint="It has six numbers, zero or above, not all zero.")
        if not (way > 0 and turn > 0 and 1 <= rounds <= 100_000 and 1 <= tries <= 100_000 and 0 <= random < 2**64):
            raise UsageError(
                f"way {way:g} m, turn {turn:g} rad, {rounds} rounds, {tries} tries, random {random}",
                hint="Way and turn must be above zero, rounds and tries 1 to 100000, random 0 to 2^64 - 1.",
            )
        answer = self._numeric.solve(self._frame(pose), seed, weight, way, turn, rounds, tries, random)
        return Found(*answer)

    def turns(self, joints: Sequence[float] | Floats) -> Iterator[Joints]:
        """The same joints with every full turn (±360°) that the limits allow, one after the other.

        A joint that turns without end stays as it is.
        """
        values = self._row(joints)
        choices: list[range] = []
        for value, low, high, turn in zip(values, self._lower, self._upper, self._turns, strict=True):
            if not turn or math.isinf(high - low):
                choices.append(range(int(low <= value <= high)))
                continue
            first, last = math.ceil((low - value - _EDGE) / turn), math.floor((high - value + _EDGE) / turn)
            choices.append(range(first, last + 1))
        return self._turned(values, choices)

    def _turned(self, values: Joints, choices: list[range]) -> Iterator[Joints]:
        if not choices:
            yield ()
            return
        last, low, high = len(choices) - 1, self._lower[len(choices) - 1], self._upper[len(choices) - 1]
        for before in self._turned(values, choices[:-1]):
            for k in choices[-1]:
                yield (*before, min(max(values[last] + k * self._turns[last], low), high))

    def follow(
        self,
        poses: Floats | Sequence[Pose | Floats],
        seed: Sequence[float] | Floats | None = None,
        *,
        jump: float = 0.5,
        places: Floats | None = None,
    ) -> Followed:
        """Joints along a path of poses, or of transforms (n, 4, 4): each next to the one before, within the limits.

        It ends where a pose has no way, or where a joint would have to jump by more than ``jump`` (rad, m): at a
        singularity, or at a limit. Without a ``seed`` every way to the first pose is tried, with the full turns that
        keep it longest within the limits; the one is taken that comes furthest, then the one that turns least.
        ``places``, rising, shape (n,), tell how far along the poses are, where they are not evenly spaced.
        """
        if not isinstance(poses, np.ndarray):
            poses = np.array([matrix(each) if isinstance(each, Pose) else each for each in poses]).reshape(-1, 4, 4)
        path: Floats = np.ascontiguousarray(poses, np.float64)
        if path.ndim != 3 or path.shape[1:] != (4, 4):
            raise UsageError(f"poses has shape {path.shape}, not (n, 4, 4)")
        if not jump > 0:
            raise UsageError(f"a jump of {jump}", hint="It must be above zero.")
        if len(path) == 0:
            return Followed(np.empty((0, self.degrees_of_freedom)), 0, "")
        if seed is not None:
            return self._follow(path, self._row(seed, "seed"), jump, places=places)
        tried = [self._follow(path, way, jump, self._turning, places) for way in self.inverse(path[0])]
        if not tried:
            return Followed(np.full((len(path), self.degrees_of_freedom), np.nan), 0, "pose 0 cannot be reached")
        return min(
            tried, key=lambda each: (-each.followed, float(np.abs(np.diff(each.joints[: each.followed], axis=0)).sum()))
        )

    def _follow(
        self, path: Floats, seed: Joints, jump: float, turning: Inverse | None = None, places: Floats | None = None
    ) -> Followed:
        """Along the path from a seed; with a solver that knows no limits the best full turns are found afterwards."""
        inverse = turning or self._inverse
        if inverse is not None:
            joints, count = inverse.follow(path, seed, jump, None, places)
        else:
            joints, count = self._iterate(path, seed, jump)
        if turning is not None:
            kept = self._shift(joints, count)
            if kept < count:
                return Followed(joints, kept, f"pose {kept} cannot be reached within the limits")
        if count == len(path):
            return Followed(joints, count, "")
        if np.isnan(joints[count]).any():
            return Followed(joints, count, f"pose {count} cannot be reached within the limits")
        steps = np.abs(joints[count] - joints[count - 1])
        axis = int(steps.argmax())
        joints[count] = np.nan
        return Followed(joints, count, f"joint {axis} would have to jump by {steps[axis]:.3g} to pose {count}")

    def _shift(self, joints: Floats, count: int) -> int:
        """Adds the full turns with which most of the first rows are within the limits; how many those are."""
        kept = count
        for k, (low, high, turn) in enumerate(zip(self._lower, self._upper, self._turns, strict=True)):
            column = joints[:count, k]
            if turn and not math.isinf(high - low) and count:
                least, most = np.minimum.accumulate(column), np.maximum.accumulate(column)
                fits = np.ceil((low - least - _EDGE) / turn) <= np.floor((high - most + _EDGE) / turn)
                last = max(int(fits.sum()) - 1, 0)  # it fits up to there
                column += turn * math.ceil((low - least[last] - _EDGE) / turn)
            inside = (column >= low - _EDGE) & (column <= high + _EDGE)
            kept = min(kept, count if inside.all() else int(inside.argmin()))
        np.clip(joints[:kept], self._lower, self._upper, out=joints[:kept])
        joints[kept:] = np.nan
        return kept

    def _row(self, joints: Sequence[float] | Floats, name: str = "joints") -> Joints:
        return tuple(row(joints, name, self.name, width=self.degrees_of_freedom).tolist())

    def _iterate(self, path: Floats, seed: Joints, jump: float) -> tuple[Floats, int]:
        joints = np.full((len(path), self.degrees_of_freedom), np.nan)
        last: Sequence[float] | Floats = seed
        for index, pose in enumerate(path):
            found = self.solve(pose, last, tries=1)
            if not found.reached:
                return joints, index
            joints[index] = last = found.joints
            if index and np.abs(joints[index] - joints[index - 1]).max() > jump:
                return joints, index
        return joints, len(path)

    def _closed(self) -> Inverse:
        if self._inverse is None:
            raise UsageError(f"{self.name} has no closed form", hint="Use inverse, nearest or solve.")
        return self._inverse

    @staticmethod
    def _frame(pose: Pose | Floats) -> Floats:
        if not isinstance(pose, Pose):
            return pose
        if not all(math.isfinite(value) for value in pose):
            raise UsageError(f"the pose is {tuple(pose)}", hint="It must have finite numbers.")
        return matrix(pose)


def _pose(transform: Floats) -> Pose:
    from cellctl.motion._kinematics import pose_of

    return Pose(*pose_of(transform))
