"""Moves of industrial arms: closed forms, the geometry of lines, arcs and blends, refusals that say where."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cellctl.errors import UsageError
from cellctl.motion import Arm, Circ, Limits, Lin, MoveLimits, Pose, Ptp, Spline, plan_moves
from cellctl.motion.moves import Move

TOOL = Pose(z=0.163)
ARM = Arm.named("ur5e", TOOL)
READY = tuple(np.radians([155, -100, 100, -90, -90, -115]).tolist())
HERE = ARM.forward(READY)
JOINTS = Limits(np.full(6, 3.1), np.full(6, 10.0), np.full(6, 200.0))
LIMITS = MoveLimits(JOINTS, linear_velocity=1.0, linear_acceleration=5.0, angular_velocity=3.0)


def over(x: float, y: float, z: float, yaw: float = 0.0) -> Pose:
    """A pose of the tool that points down."""
    return Pose.from_rpy(x, y, z, math.pi, 0.0, yaw)


ABOVE, BELOW, BESIDE = over(0.45, -0.1, 0.1), over(0.45, -0.1, 0.02), over(0.45, 0.15, 0.1)


def tools(motion: object, times: np.ndarray) -> np.ndarray:
    """The tool's transforms at some times."""
    return ARM.forward_batch(motion.at_time(times)[0])  # type: ignore[attr-defined]


def test_a_joint_move_takes_as_long_as_its_slowest_joint_must() -> None:
    target = (READY[0] + 1.0, *READY[1:])
    motion = plan_moves(ARM, READY, [Ptp(target)], MoveLimits(JOINTS))
    v, a, j = 3.1, 10.0, 200.0
    # Rest to rest over 1 rad: the top speed of 3.1 rad/s is not reached, the acceleration of 10 rad/s² is.
    peak = (-(a**2) / j + math.sqrt((a**2 / j) ** 2 + 4 * a * 1.0)) / 2
    assert peak < v
    assert motion.duration == pytest.approx(2 * (peak / a + a / j), rel=1e-6)
    assert motion.certificate.holds(1e-9)


@pytest.mark.parametrize(
    "moves",
    [
        [Ptp(ABOVE), Lin(BELOW)],
        [Ptp(ABOVE, blend=0.04), Lin(BELOW)],
        [Ptp(ABOVE), Lin(BESIDE, blend=0.05), Lin(over(0.3, 0.15, 0.1, 0.4))],
        [Ptp(ABOVE), Circ(over(0.5, 0.0, 0.1), BESIDE)],
        [Lin(over(*ARM.forward(READY)[:2], 0.2)), Ptp(ABOVE)],
    ],
    ids=["line", "blend into a line", "blend of lines", "arc", "line first"],
)
def test_samples_lie_within_what_is_proven_and_what_is_allowed(moves: list[Move]) -> None:
    motion = plan_moves(ARM, READY, moves, LIMITS)
    proof = motion.certificate
    assert proof.holds(1e-9)
    values = motion.at_time(np.linspace(0.0, motion.duration, 4001), jerk=True)
    for sampled, bounds in zip(values, (proof.position, proof.velocity, proof.acceleration, proof.jerk), strict=True):
        slack = 1e-9 * np.maximum(1.0, np.abs(bounds).max(axis=0))
        assert (sampled >= bounds[0] - slack).all()
        assert (sampled <= bounds[1] + slack).all()
    for sampled, most in zip(values[1:], (3.1, 10.0, 200.0), strict=True):
        assert np.abs(sampled).max() <= most * (1 + 1e-9)
    assert list(motion.ends) == sorted(motion.ends)
    assert motion.ends[-1] == pytest.approx(motion.duration)


def test_the_tool_stays_on_its_line_and_turns_evenly() -> None:
    end = over(0.45, 0.2, 0.15, 0.8)
    motion = plan_moves(ARM, READY, [Ptp(ABOVE), Lin(end)], LIMITS)
    times = np.linspace(motion.ends[0], motion.duration, 500)
    poses = tools(motion, times)
    start, way = np.array(ABOVE[:3]), np.array(end[:3]) - np.array(ABOVE[:3])
    along = (poses[:, :3, 3] - start) @ way / (way @ way)
    off = poses[:, :3, 3] - start - along[:, None] * way
    assert np.abs(off).max() < 1e-5
    turned = np.arctan2(poses[:, 1, 0], poses[:, 0, 0])
    assert np.abs(turned - 0.8 * along).max() < 1e-4


def test_the_tool_stays_on_its_arc() -> None:
    middle, radius = np.array([0.45, 0.0]), 0.1
    start, via, end = (over(0.45 + radius * math.cos(t), radius * math.sin(t), 0.1) for t in (-1.5, -0.2, 1.0))
    motion = plan_moves(ARM, READY, [Ptp(start), Circ(via, end)], LIMITS)
    poses = tools(motion, np.linspace(motion.ends[0], motion.duration, 400))
    assert np.abs(np.linalg.norm(poses[:, :2, 3] - middle, axis=1) - radius).max() < 1e-5
    assert np.abs(poses[:, 2, 3] - 0.1).max() < 1e-5


@pytest.mark.parametrize("blend", [0.005, 0.02, 0.06])
def test_a_blend_keeps_speed_and_stays_within_its_radius(blend: float) -> None:
    corner, end = over(0.45, 0.1, 0.1), over(0.25, 0.1, 0.1)
    stopping = plan_moves(ARM, READY, [Ptp(ABOVE), Lin(corner), Lin(end)], LIMITS)
    motion = plan_moves(ARM, READY, [Ptp(ABOVE), Lin(corner, blend=blend), Lin(end)], LIMITS)
    times = np.linspace(motion.ends[0], motion.duration, 4000)
    at = tools(motion, times)[:, :3, 3]
    first = np.abs(at[:, 0] - 0.45) + np.abs(at[:, 2] - 0.1)  # off the first line
    second = np.abs(at[:, 1] - 0.1) + np.abs(at[:, 2] - 0.1)
    off = np.minimum(first, second) > 2e-5
    near = np.linalg.norm(at - np.array(corner[:3]), axis=1)
    assert off.any()
    assert near[off].max() <= blend + 1e-5
    speed = np.linalg.norm(np.diff(at, axis=0), axis=1) / np.diff(times)
    through = speed[(near[:-1] < blend) & (times[:-1] > times[200]) & (times[:-1] < times[-200])]
    assert through.min() > 0.05  # m/s; a stop would be 0
    assert motion.duration < stopping.duration


def test_neighbouring_blends_are_shortened_rather_than_refused() -> None:
    zigzag = [over(0.40 + 0.02 * (k % 2), 0.02 * k, 0.1) for k in range(6)]
    moves: list[Move] = [Ptp(zigzag[0]), *(Lin(pose, blend=0.5) for pose in zigzag[1:-1]), Lin(zigzag[-1])]
    motion = plan_moves(ARM, READY, moves, LIMITS)
    assert motion.certificate.holds(1e-9)
    assert ARM.forward(motion.at_time(motion.duration)[0]).distance(zigzag[-1])[0] < 1e-8


@pytest.mark.parametrize(
    "moves",
    [
        [],
        [Ptp(READY)],
        [Lin(HERE)],
        [Circ(HERE, HERE)],
        [Spline([])],
        [Spline([HERE])],
        [Ptp(HERE), Lin(HERE, blend=0.1)],
    ],
    ids=["none", "joints", "line", "arc", "no curve", "curve", "blend"],
)
def test_moves_that_go_nowhere_take_no_time(moves: list[Move]) -> None:
    motion = plan_moves(ARM, READY, moves, LIMITS)
    assert motion.duration == pytest.approx(0.0, abs=1e-6)
    assert motion.at_time(1.0)[0] == pytest.approx(READY)


@pytest.mark.parametrize("part", [0.1, 0.45, 0.8])
def test_the_rest_stays_on_the_way(part: float) -> None:
    moves = [Ptp(ABOVE, blend=0.04), Lin(BELOW), Lin(ABOVE, blend=0.03), Lin(BESIDE)]
    motion = plan_moves(ARM, READY, moves, LIMITS)
    time = part * motion.duration
    rest = motion.rest(time)
    position, velocity, _ = rest.at_time(0.0)
    assert position == pytest.approx(motion.at_time(time)[0], abs=1e-9)
    assert velocity == pytest.approx(np.zeros(6), abs=1e-9)
    assert rest.certificate.holds(1e-9)
    whole = motion.at_time(np.linspace(0.0, motion.duration, 60_001))[0]
    for place in rest.at_time(np.linspace(0.0, rest.duration, 40))[0]:
        assert np.abs(whole - place).max(axis=1).min() < 3e-4  # as near as the samples of the whole lie together


def test_a_line_past_a_singular_wrist_slows_down_and_comes_through() -> None:
    start = np.radians([0.0, -90.0, 90.0, 0.0, 12.0, 0.0])
    there = ARM.forward(start)
    joints = start.copy()
    joints[4] = math.radians(-12.0)
    end = ARM.forward(joints)
    way = Pose(end.x, end.y, end.z, *there[3:])
    motion = plan_moves(ARM, tuple(start.tolist()), [Lin(way)], LIMITS)
    assert motion.certificate.holds(1e-9)


@pytest.mark.parametrize(
    ("moves", "told"),
    [
        ([Ptp(over(1.2, 0.0, 0.1))], ("moves[0] (Ptp)", "out of reach", "277.")),
        ([Ptp(ABOVE), Lin(over(1.2, 0.0, 0.1))], ("moves[1] (Lin)", " of 756.6 mm", "leaves the reach")),
        ([Ptp((9.0, *READY[1:]))], ("moves[0] (Ptp)",)),
    ],
    ids=["target", "on the way", "joint"],
)
def test_what_is_not_possible_says_which_move_and_where(moves: list[Move], told: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as refused:
        plan_moves(ARM, READY, moves, LIMITS)
    for words in told:
        assert words in str(refused.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Ptp(ABOVE, blend=-1.0),
        lambda: Ptp(ABOVE, speed=2.0),
        lambda: Lin(ABOVE, speed=0.0),
        lambda: Lin(ABOVE, blend=math.nan),
        lambda: MoveLimits(JOINTS, linear_velocity=-1.0),
    ],
)
def test_moves_that_cannot_be_are_refused(make: object) -> None:
    with pytest.raises(UsageError):
        make()  # type: ignore[operator]
