"""PTP, LIN, CIRC and splines as one motion: where the tool goes, how fast, and what is proven of it."""

import math
from itertools import pairwise

import numpy as np
import pytest
import toppra
import toppra.algorithm
import toppra.constraint

from cellctl.motion import (
    Arm,
    Circ,
    InputParameter,
    Limits,
    Lin,
    MoveLimits,
    Otg,
    Pose,
    Ptp,
    Spline,
    plan_moves,
)
from cellctl.motion.lines import matrix
from cellctl.motion.paths import Path

ARM = Arm.named("ur5e", Pose(z=0.15))
START = [0.1, -1.22, 1.66, -2.0, -1.57, 0.4]
HOME = ARM.forward(START)
JOINTS = Limits(3.0, 10.0, 100.0)
LIMITS = MoveLimits(JOINTS, 0.5, 2.0, 2.0, 8.0)
FAST = Limits(100.0, 1000.0)  # joints that do not limit a led tool
CORNERS = (0.0, 0.0, 0.1), (0.0, 0.3, 0.1), (0.0, 0.3, 0.0)


def beside(x, y, z, rx=0.0, ry=0.0, rz=0.0):
    """A pose that much beside the start, in the base, turned in the tool."""
    return Pose(HOME.x + x, HOME.y + y, HOME.z + z, *HOME[3:]) @ Pose(0, 0, 0, rx, ry, rz)


def tool_of(motion, n=5001):
    """Times, transforms and speeds (m/s) of the tool."""
    t = np.linspace(0, motion.duration, n)
    q, v, _ = motion.at_time(t)
    speeds = np.einsum("nij,nj->ni", motion.arm.jacobian_batch(q), v)
    return t, motion.arm.forward_batch(q), np.linalg.norm(speeds[:, :3], axis=1)


def from_line(points, a, b):
    along = (b - a) / np.linalg.norm(b - a)
    off = (points - a) - np.outer((points - a) @ along, along)
    return np.linalg.norm(off, axis=1)


def pick(blend):
    return [Lin(beside(*CORNERS[0]), blend=blend), Lin(beside(*CORNERS[1]), blend=blend), Lin(beside(*CORNERS[2]))]


def several(seed, arm=ARM):
    """Moves of all kinds, blends of all sizes."""
    rng = np.random.default_rng(seed)
    q, made = np.array(START), []
    for _ in range(4):
        last, q = q, q + rng.uniform(-0.4, 0.4, 6)
        blend = float(rng.choice([0, 0.01, 0.1]))
        pose, via = arm.forward(q), arm.forward((q + last) / 2 + rng.uniform(-0.1, 0.1, 6))
        made.append(
            [
                Ptp(q, blend=blend, speed=0.5),
                Ptp(pose, blend=blend),
                Lin(pose, blend=blend, speed=0.2),
                Circ(via, pose, blend=blend),
                Spline([via, pose], blend=blend, acceleration=1.0),
            ][rng.integers(5)]
        )
    return made


def test_a_ptp_is_the_fastest_straight_line_of_the_joints():
    target = np.add(START, [0.5, -0.2, 0.1, 0.4, 0.0, -0.3])
    motion = plan_moves(ARM, START, [Ptp(target)], LIMITS)
    request = InputParameter(1)  # the joint that goes furthest
    request.target_position, request.max_velocity = [0.5], 3.0
    request.max_acceleration, request.max_jerk = 10.0, 100.0
    assert motion.duration == pytest.approx(Otg(1).calculate(request).duration, rel=1e-12)
    q = motion.at_time(np.linspace(0, motion.duration, 101))[0]
    assert np.allclose(from_line(q, q[0], q[-1]), 0, atol=1e-12)
    assert np.allclose(q[-1], target, atol=1e-12)


def test_a_ptp_to_a_pose_keeps_the_configuration():
    for seed in range(5):
        q = np.array(START) + np.random.default_rng(seed).uniform(-0.3, 0.3, 6)
        end = plan_moves(ARM, START, [Ptp(ARM.forward(q))], LIMITS).at_time(math.inf)[0]
        assert np.allclose(end, q, atol=1e-9)


def test_a_lin_of_tool_limits_takes_the_time_of_a_trapezoid():
    motion = plan_moves(ARM, START, [Lin(beside(0, 0.4, 0))], MoveLimits(FAST, 0.5, 2.0))
    assert motion.duration == pytest.approx(0.4 / 0.5 + 0.5 / 2.0, rel=1e-4)
    turning = plan_moves(ARM, START, [Lin(beside(0, 0, 0, rz=0.8))], MoveLimits(FAST, math.inf, math.inf, 1.0, 4.0))
    assert turning.duration == pytest.approx(0.8 / 1.0 + 1.0 / 4.0, rel=1e-4)


def test_a_lin_of_a_gantry_takes_the_time_of_its_axis():
    gantry = Arm.named("gantry_generic")
    start = np.array([0.2, 0.2, 0.2, 0.0])
    end = gantry.forward(start + np.array([0.5, 0, 0, 0]))
    motion = plan_moves(gantry, start, [Lin(end)], MoveLimits(Limits(1.0, 4.0, 40.0)))
    request = InputParameter(1)
    request.target_position, request.max_velocity = [0.5], 1.0
    request.max_acceleration, request.max_jerk = 4.0, 40.0
    best = Otg(1).calculate(request).duration
    assert best * (1 - 1e-9) <= motion.duration <= best * 1.01


def test_a_lin_stays_on_its_line_and_turns_evenly():
    motion = plan_moves(ARM, START, [Lin(beside(-0.1, 0.3, 0.1, 0.3, 0.2, 0.8))], LIMITS)
    _, tools, _ = tool_of(motion)
    a, b = (np.array(each[:3]) for each in (HOME, beside(-0.1, 0.3, 0.1)))
    assert from_line(tools[:, :3, 3], a, b).max() < 1e-5
    share = np.linalg.norm(tools[:, :3, 3] - a, axis=1) / np.linalg.norm(b - a)
    turn = np.array([0.3, 0.2, 0.8])
    wanted = np.array([tools[0, :3, :3] @ matrix(Pose(0, 0, 0, *(part * turn)))[:3, :3] for part in share])
    assert np.abs(tools[:, :3, :3] - wanted).max() < 1e-4
    assert motion.deviation < 1e-5


def test_a_circ_is_a_circle():
    motion = plan_moves(ARM, START, [Circ(beside(0.1, 0.1, 0), beside(0, 0.2, 0))], LIMITS)
    _, tools, _ = tool_of(motion)
    center = np.array([HOME.x, HOME.y + 0.1, HOME.z])
    assert np.abs(np.linalg.norm(tools[:, :3, 3] - center, axis=1) - 0.1).max() < 1e-5
    assert np.abs(tools[:, 2, 3] - HOME.z).max() < 1e-5
    assert tools[:, 0, 3].max() == pytest.approx(HOME.x + 0.1, abs=1e-4)


def test_acceleration_on_a_circle_counts_whole():
    speed = plan_moves(ARM, START, [Circ(beside(0.1, 0.1, 0), beside(0, 0.2, 0))], MoveLimits(FAST, 5.0, 2.0))
    t, tools, speeds = tool_of(speed)
    pushes = np.linalg.norm(np.diff(tools[:, :3, 3], 2, axis=0), axis=1) / (t[1] - t[0]) ** 2
    inner = slice(20, -20)
    assert np.percentile(pushes[inner], 99) <= 2.0 * (1 + 1e-3)
    assert 0.9 * math.sqrt(2.0 * 0.1) < speeds.max() <= math.sqrt(2.0 * 0.1) * (1 + 1e-6)


def test_a_spline_passes_its_poses():
    targets = [beside(0.1, 0.1, 0, 0.2), beside(0, 0.2, 0.1, 0, 0.3), beside(-0.1, 0.3, 0.1, 0.3, 0.2, 0.8)]
    motion = plan_moves(ARM, START, [Spline(targets)], LIMITS)
    _, tools, _ = tool_of(motion, 20_001)
    for each in targets:
        assert np.abs(tools - matrix(each)).max(axis=(1, 2)).min() < 1e-3
    assert len(motion.path.corners) == 0


@pytest.mark.parametrize("radius", [0.01, 0.05, 0.2])
def test_a_blend_keeps_to_its_radius_and_its_speed(radius):
    motion = plan_moves(ARM, START, pick(radius), LIMITS)
    t, tools, speeds = tool_of(motion, 20_001)
    points = tools[:, :3, 3]
    corners = [np.array(HOME[:3]), *(np.array(beside(*each)[:3]) for each in CORNERS)]
    lines = np.min([from_line(points, a, b) for a, b in pairwise(corners)], axis=0)
    away = np.min([np.linalg.norm(points - each, axis=1) for each in corners[1:3]], axis=0)
    assert lines[away > radius + 1e-5].max(initial=0.0) < 1e-5
    assert len(motion.path.corners) == len(motion.path.bends) == 0
    inner = (t > motion.ends[0] - 0.05) & (t < motion.ends[1] + 0.05)
    turned = min(radius, 0.05)  # half of the way up at most
    assert speeds[inner].min() > 0.85 * math.sqrt(2.0 * 0.4 * turned)  # a circle through it has 0.5 of its radius
    assert motion.certificate.holds()


def test_the_tool_stays_in_the_plane_of_two_lines():
    _, tools, _ = tool_of(plan_moves(ARM, START, pick(0.05), LIMITS))
    assert np.abs(tools[:, 0, 3] - HOME.x).max() < 2e-5


def test_blends_are_faster_than_stops_and_wider_ones_faster():
    durations = [plan_moves(ARM, START, pick(radius), LIMITS).duration for radius in (0.0, 0.005, 0.02, 0.05)]
    assert durations == sorted(durations, reverse=True)
    assert durations[-1] < 0.85 * durations[0]
    stops = sum(
        plan_moves(ARM, start, [move], LIMITS).duration
        for start, move in zip(_starts(pick(0.0)), pick(0.0), strict=True)
    )
    assert durations[0] == pytest.approx(stops, rel=1e-9)


def _starts(moves):
    q = np.array(START)
    for move in moves:
        yield q
        q = plan_moves(ARM, q, [move], LIMITS).at_time(math.inf)[0]


def test_blends_of_neighbours_are_shortened_rather_than_refused():
    zigzag = [beside(0.02 * (k % 2), 0.02 * k, 0) for k in range(6)]
    moves = [Ptp(zigzag[0]), *(Lin(pose, blend=0.5) for pose in zigzag[1:-1]), Lin(zigzag[-1])]
    motion = plan_moves(ARM, START, moves, LIMITS)
    assert motion.certificate.holds()
    assert ARM.forward(motion.at_time(motion.duration)[0]).distance(zigzag[-1])[0] < 1e-8
    still = np.linalg.norm(motion.at_time(np.linspace(0.01, 0.99, 2000) * motion.duration)[1], axis=1)
    assert still.min() > 1e-3  # it stops at none of them


def test_blends_between_ptp_and_lin():
    down = [Ptp(beside(0.0, 0.3, 0.1), blend=0.05), Lin(beside(0.0, 0.3, 0.0)), Ptp(START, blend=0.05)]
    motion = plan_moves(ARM, START, down, LIMITS)
    assert len(motion.path.corners) == 1  # at the end of the line alone
    t, tools, speeds = tool_of(motion, 20_001)
    corner = np.array(beside(0.0, 0.3, 0.1)[:3])
    away = np.linalg.norm(tools[:, :3, 3] - corner, axis=1)
    assert away.min() < 0.03
    assert speeds[(away < 0.05) & (t < motion.ends[1])].min() > 0.15
    led = (away > 0.05) & (t > motion.ends[0]) & (t < motion.ends[1])
    assert np.abs(tools[led, :2, 3] - corner[:2]).max() < 1e-5


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("jerk", [100.0, math.inf])
def test_what_is_proven_holds(seed, jerk):
    limits = MoveLimits(Limits(2.0, 8.0, jerk), 0.5, 2.0, 2.0, 8.0)
    moves = several(seed)
    motion = plan_moves(ARM, START, moves, limits)
    assert motion.certificate.holds()
    t = np.linspace(0, motion.duration, 10_001)
    samples = motion.at_time(t, jerk=True)
    bounds = motion.certificate
    for values, (low, high) in zip(
        samples, (bounds.position, bounds.velocity, bounds.acceleration, bounds.jerk), strict=True
    ):
        assert (values >= low - 1e-9 * (1 + np.abs(low))).all()
        assert (values <= high + 1e-9 * (1 + np.abs(high))).all()
    steps = np.diff(samples[0], axis=0) - 0.5 * (samples[1][1:] + samples[1][:-1]) * (t[1] - t[0])
    assert np.abs(steps).max() < 1e-5  # velocities are those of the positions, without a jump
    assert (np.diff([0.0, *motion.ends]) > 0).all()
    assert motion.ends[-1] == pytest.approx(motion.duration)
    assert len(motion.path.bends) == 0


@pytest.mark.parametrize("seed", range(8))
def test_the_tool_keeps_its_limits_everywhere(seed):
    limits = MoveLimits(Limits(2.0, 8.0, 100.0), 0.25, 1.5, 1.0, 6.0, everywhere=True)
    motion = plan_moves(ARM, START, several(seed), limits)
    t = np.linspace(0, motion.duration, 20_001)
    q, v, _ = motion.at_time(t)
    twist = np.einsum("nij,nj->ni", ARM.jacobian_batch(q), v)
    pushes = np.diff(twist, axis=0) / (t[1] - t[0])
    for part, speed, push in ((slice(0, 3), 0.25, 1.5), (slice(3, 6), 1.0, 6.0)):
        assert np.linalg.norm(twist[:, part], axis=1).max() <= speed * (1 + 1e-3)
        assert np.linalg.norm(pushes[:, part], axis=1).max() <= push * (1 + 1e-2)
    assert motion.certificate.linear_velocity <= 0.25 * (1 + 1e-9)


def test_a_move_has_a_speed_of_its_own():
    slow = [Lin(beside(0, 0.2, 0), blend=0.02, speed=0.1), Lin(beside(0, 0.2, 0.2))]
    motion = plan_moves(ARM, START, slow, LIMITS)
    _, _, speeds = tool_of(motion)
    t = np.linspace(0, motion.duration, len(speeds))
    assert speeds[t < motion.ends[0]].max() <= 0.1 * (1 + 1e-4)
    assert speeds[t > motion.ends[0]].max() > 0.3
    half = plan_moves(ARM, START, [Ptp(np.array(START) + 0.3, speed=0.5, acceleration=0.25)], LIMITS)
    assert half.certificate.velocity[1].max() <= 1.5 + 1e-9
    assert half.certificate.acceleration[1].max() <= 2.5 + 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_without_jerk_toppra_is_not_faster_on_the_same_path(seed):
    limits = MoveLimits(Limits(2.0, 8.0))
    q = np.array(START) + np.random.default_rng(seed).uniform(-0.4, 0.4, 6)
    moves = [Lin(ARM.forward(q), blend=0.05), Ptp(START, blend=0.02), Circ(beside(0.1, 0.1, 0), beside(0, 0.2, 0))]
    motion = plan_moves(ARM, START, moves, limits)
    total = 0.0
    stops = [0.0, *motion.path.corners.tolist(), float(motion.path.breaks[-1])]
    for a, b in pairwise(stops):
        total += _toppra(motion.path.part(a, b))
    assert motion.duration <= total * 1.005


def _toppra(path: Path) -> float:
    class Interpolated(toppra.interpolator.AbstractGeometricPath):
        dof, path_interval, waypoints = 6, np.array([path.breaks[0], path.breaks[-1]]), None

        def __call__(self, s, order=0):
            return path.at(np.asarray(s, float), order)[order]

    ones = np.ones(6)[:, None] * [-1, 1]
    constraints = [
        toppra.constraint.JointVelocityConstraint(2.0 * ones),
        toppra.constraint.JointAccelerationConstraint(8.0 * ones),
    ]
    grid = np.unique(np.concatenate([path.breaks, np.linspace(path.breaks[0], path.breaks[-1], 1001)]))
    solver = toppra.algorithm.TOPPRA(constraints, Interpolated(), gridpoints=grid, solver_wrapper="seidel")
    _, speeds, _ = solver.compute_parameterization(0, 0)
    return float((2 * np.diff(grid) / (speeds[1:] + speeds[:-1])).sum())


@pytest.mark.parametrize("seed", range(8))
def test_the_rest_stays_on_the_path(seed):
    motion = plan_moves(ARM, START, several(seed), LIMITS)
    for share in (0.0, 0.13, 0.5, 0.87, 1.0, 1.5):
        time = share * motion.duration
        rest = motion.rest(time)
        assert np.allclose(rest.at_time(0.0)[0], motion.at_time(time)[0], atol=1e-9)
        assert np.allclose(rest.at_time(0.0)[1], 0)
        assert np.allclose(rest.at_time(math.inf)[0], motion.at_time(math.inf)[0], atol=1e-9)
        assert rest.certificate.holds()
        assert len(rest.ends) == 4
        if share >= 1:
            assert rest.duration == 0
            continue
        gone = motion.path.length - rest.path.length
        s = np.linspace(0, rest.path.length, 500)
        assert np.abs(rest.path.at(s)[0] - motion.path.at(s + gone)[0]).max() < 1e-9


def test_what_limits_each_move():
    moves = [Lin(beside(0, 0.4, 0)), Ptp(START), Lin(HOME)]
    lin, ptp, nothing = plan_moves(ARM, START, moves, LIMITS).limiting()
    assert {name for name, _ in lin} >= {"tool speed", "tool acceleration"}
    assert dict(lin)["tool speed"] == pytest.approx(0.53, abs=0.1)
    assert all(name.split()[0] in {joint.name for joint in ARM.model.joints} for name, _ in ptp)
    assert nothing == []
    for parts in (lin, ptp):
        assert 0.8 < sum(part for _, part in parts) <= 1 + 1e-9


def test_moves_that_go_nowhere():
    nowhere = [Lin(HOME), Ptp(START), Ptp(HOME), Circ(HOME, HOME), Spline([HOME, HOME]), Spline([])]
    still = plan_moves(ARM, START, nowhere, LIMITS)
    assert still.duration == 0
    assert still.ends.tolist() == [0.0] * 6
    assert np.allclose(still.at_time([0.0, 1.0])[0], START)
    assert still.certificate.holds()
    assert still.limiting() == [[]] * 6
    assert still.rest(0.0).duration == 0
    assert still.path.degrees_of_freedom == 6
    assert plan_moves(ARM, START, [], LIMITS).duration == 0
    target = beside(0, 0.2, 0)
    once = plan_moves(ARM, START, [Lin(target)], LIMITS)
    twice = plan_moves(ARM, START, [Lin(HOME), Lin(target, blend=0.05), Lin(target), Ptp(target)], LIMITS)
    assert twice.duration == pytest.approx(once.duration)
    assert twice.ends.tolist() == pytest.approx([0.0, *[once.duration] * 3])


def test_out_takes_no_memory():
    motion = plan_moves(ARM, START, pick(0.02), LIMITS)
    times = np.linspace(-0.1, motion.duration + 0.1, 57)
    out = tuple(np.empty((57, 6)) for _ in range(4))
    made = motion.at_time(times, out, jerk=True)
    assert all(one is other for one, other in zip(made, out, strict=True))
    for k, time in enumerate(times):
        for one, other in zip(motion.at_time(float(time), jerk=True), out, strict=True):
            assert np.array_equal(one, other[k])
