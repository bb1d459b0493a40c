"""Inverse kinematics of arms with a spherical wrist, against matrices from tables and a search by numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import brentq
from scipy.spatial.transform import Rotation

from cellctl.errors import UsageError
from cellctl.motion import Arm
from cellctl.motion.lines import lines_of
from cellctl.motion.model import Joint, JointType, RobotModel
from cellctl.motion.pose import Pose
from cellctl.motion.wrist import recognise
from tests.unit.motion.wrist_arms import (
    KINDS,
    RIGHT,
    TABLES,
    apart,
    forward,
    frames,
    jacobian,
    made_up,
    mirrored,
    misses,
    model,
    searched,
    solver,
)

ARMS = {
    **TABLES,
    **{f"{kind}, {seed}": made_up(kind, seed) for kind in KINDS for seed in range(2)},
    **{f"{kind}, square wrist": made_up(kind, 7, square=True) for kind in KINDS},
    **{f"mirrored, {seed}": mirrored(seed) for seed in range(2)},
}
DIRECT = [name for name in ARMS if "mirrored" not in name]
OFFSETS = [0.0, 1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3]
every_arm = pytest.mark.parametrize("name", ARMS)


def exact(table, rows, pose, *, way=1e-13, turn=1e-13):
    miss = np.abs(misses(forward(table, rows), pose))
    assert miss[:, :3].max(initial=0) < way
    assert miss[:, 3:].max(initial=0) < turn


@every_arm
def test_joints_are_found_again_and_every_row_reaches_the_pose(name):
    table, arm = ARMS[name], solver(ARMS[name])
    for joints in np.random.default_rng(1).uniform(-math.pi, math.pi, (60, 6)):
        pose = forward(table, joints)
        rows = arm.inverse_transform(pose)
        exact(table, rows, pose)
        assert apart(rows, joints).min() < 1e-8
        assert (rows > -math.pi).all()
        assert (rows <= math.pi).all()


@every_arm
def test_a_search_by_numbers_finds_no_other_way(name):
    table, arm = ARMS[name], solver(ARMS[name])
    rng = np.random.default_rng(2)
    for joints in rng.uniform(-math.pi, math.pi, (3, 6)):
        pose = forward(table, joints)
        rows = arm.inverse_transform(pose)
        found = searched(table, pose, rng, 150)
        assert len(found) > 20
        assert apart(found[:, None], rows[None]).min(axis=1).max() < 1e-6


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.sampled_from(sorted(ARMS)), st.lists(st.floats(-math.pi, math.pi), min_size=6, max_size=6))
def test_any_joints_give_a_pose_that_is_reached(name, joints):
    table = ARMS[name]
    pose = forward(table, np.array(joints))
    rows = solver(table).inverse_transform(pose)
    assert len(rows)
    exact(table, rows, pose, way=2e-7, turn=2e-9)


@every_arm
def test_joints_at_multiples_of_45_degrees(name):
    table, arm = ARMS[name], solver(ARMS[name])
    rng = np.random.default_rng(3)
    for joints in rng.integers(-3, 5, (60, 6)) * (math.pi / 4):
        pose = forward(table, joints)
        rows = arm.inverse_transform(pose, joints)
        exact(table, rows, pose, way=1e-11, turn=2e-10)
        assert apart(rows, joints).min() < 1e-4


@every_arm
@pytest.mark.parametrize("offset", [1e-12, 1e-9, 1e-6, 1e-3])
def test_joints_near_multiples_of_45_degrees(name, offset):
    """Where elbow and wrist are singular at once, joints 4 and 6 have no digits left: rows need not show them again."""
    table, arm = ARMS[name], solver(ARMS[name])
    rng = np.random.default_rng(4)
    for grid in rng.integers(-3, 5, (25, 6)) * (math.pi / 4):
        pose = forward(table, grid + offset * rng.normal(size=6))
        rows = arm.inverse_transform(pose)
        assert len(rows)
        exact(table, rows, pose, way=1e-10, turn=2e-10)


@pytest.mark.parametrize("name", [name for name in DIRECT if "," not in name or "square" in name])
@pytest.mark.parametrize("base", [0.0, math.pi])
def test_a_singular_wrist(name, base):
    table, arm = ARMS[name], solver(ARMS[name])
    for joints in np.random.default_rng(5).uniform(-3, 3, (6, 6)):
        for offset in OFFSETS:
            joints[4] = base - offset - table[4][3]
            pose = forward(table, joints)
            rows = arm.inverse_transform(pose, joints)
            exact(table, rows, pose, way=1e-10, turn=2e-10)
            nearest = rows[apart(rows, joints).argmin()]
            assert apart(nearest, joints) < 1e-2  # how axes 4 and 6 share their turn is rounding there
            if offset < 1e-11:  # any turn of joint 6 would do: it is the one wanted, in one row
                assert abs(apart(nearest[5:], joints[5:])) < 1e-14
                assert (apart(rows[:, :3], joints[:3]) < 1e-3).sum() == 1


def singular_place(table, rng):
    """Joints at which W cannot move in some direction, and that direction: by the determinant of its Jacobian."""
    while True:
        joints = rng.uniform(-math.pi, math.pi, 6)

        def part(third, joints=joints):
            joints[2] = third
            at = frames(table, joints)
            return jacobian(at, at[5, :3, 3])[:3, :3]

        angles = np.linspace(-3, 3, 40)
        signs = np.sign([np.linalg.det(part(angle)) for angle in angles])
        turns = np.flatnonzero(signs[1:] != signs[:-1])
        if len(turns):
            k = rng.choice(turns)
            root = brentq(lambda angle: np.linalg.det(part(angle)), angles[k], angles[k + 1], xtol=1e-15)
            direction = np.linalg.svd(part(root))[0][:, 2]
            return joints, direction


@pytest.mark.parametrize("name", DIRECT)
def test_a_singular_elbow_or_shoulder_is_answered_also_from_a_rounding_beyond(name):
    table, arm = ARMS[name], solver(ARMS[name])
    rng = np.random.default_rng(6)
    for _ in range(5):
        joints, direction = singular_place(table, rng)
        for offset in [0.0, 1e-15, 1e-12, 1e-9, 9e-8, -1e-15, -1e-12, -1e-9, -9e-8]:
            pose = forward(table, joints)
            pose[:3, 3] += offset * direction
            rows = arm.inverse_transform(pose, joints)
            exact(table, rows, pose, way=1.6e-7, turn=2e-9)
            # next to axis 1, W is pushed to where joint 1 stands elsewhere
            assert apart(rows[:, 1:3], joints[1:3]).min() < 1e-5 + 300 * math.sqrt(abs(offset))


@pytest.mark.parametrize("name", DIRECT)
def test_near_a_singular_elbow(name):
    table, arm = ARMS[name], solver(ARMS[name])
    rng = np.random.default_rng(7)
    for _ in range(4):
        joints, _ = singular_place(table, rng)
        for offset in OFFSETS:
            there = np.add(joints, [0, 0, offset, 0, 0, 0])
            pose = forward(table, there)
            rows = arm.inverse_transform(pose, there)
            exact(table, rows, pose, way=2e-10, turn=2e-9)
            assert apart(rows, there).min() < 1e-4


@pytest.mark.parametrize("name", ["kr6_r900", "irb120", "irb1200", "lr_mate_200id"])
def test_the_wrist_on_axis_1(name):
    table, arm = ARMS[name], solver(ARMS[name])
    rng = np.random.default_rng(8)
    for joints in rng.uniform(-1, 1, (8, 6)):

        def from_axis(second, joints=joints):
            joints[1] = second
            at = frames(table, joints)
            return at[5, 0, 3] * math.cos(joints[0]) + at[5, 1, 3] * math.sin(joints[0])

        angles = np.linspace(-3, 3, 30)
        signs = np.sign([from_axis(angle) for angle in angles])
        k = np.flatnonzero(signs[1:] != signs[:-1])[0]
        middle = brentq(from_axis, angles[k], angles[k + 1], xtol=1e-15)
        for offset in OFFSETS:
            joints[1] = middle + offset
            pose = forward(table, joints)
            rows = arm.inverse_transform(pose, joints)
            exact(table, rows, pose, way=2e-10, turn=2e-9)
            assert apart(rows, joints).min() < 1e-4
            if offset < 1e-11:
                assert (apart(rows[:, :1], joints[:1]) < 1e-14).all()


@pytest.mark.parametrize("name", TABLES)
def test_elbow_and_wrist_singular_at_once(name):
    table, arm = ARMS[name], solver(ARMS[name])
    rng = np.random.default_rng(9)
    for _ in range(6):
        joints, _ = singular_place(table, rng)
        joints[4] = 0
        pose = forward(table, joints)
        rows = arm.inverse_transform(pose, joints)
        exact(table, rows, pose, way=1e-11, turn=2e-10)
        assert apart(rows, joints).min() < 1e-4


@every_arm
def test_poses_out_of_reach_have_no_rows(name):
    turns = Rotation.random(20, random_state=1).as_matrix()
    for turn in turns:
        pose = np.eye(4)
        pose[:3, :3] = turn
        pose[:3, 3] = turn @ [0, 0, 9.0]
        assert len(solver(ARMS[name]).inverse_transform(pose)) == 0


def test_a_pose_beyond_the_rim_is_answered_there_or_not_at_all():
    table, arm = TABLES["irb120"], solver(TABLES["irb120"])
    straight = [0.3, 0.4, -math.atan2(0.302, 0.07), 0.1, 0.7, 0.2]
    at = frames(table, straight)
    away = at[5, :3, 3] - at[1, :3, 3]
    assert np.linalg.norm(away) == pytest.approx(0.27 + math.hypot(0.302, 0.07), abs=1e-15)
    for beyond, ways in [(9e-8, True), (1e-6, False), (1e-3, False)]:
        pose = at[6].copy()
        pose[:3, 3] += away / np.linalg.norm(away) * beyond
        assert bool(len(arm.inverse_transform(pose))) is ways


def test_rows_are_angles_of_the_model_itself():
    """Joints that turn the other way, start elsewhere, and sit in frames of their own."""
    axes = [(0, 0, 1), (0, -1, 0), (0, 1, 0), (-1, 0, 0), (0, 1, 0), (-1, 0, 0)]
    places = [Pose(0, 0, 0.3), Pose(0.05, 0, 0.1, 0, 0.4, 0), Pose(0, 0, 0.35, 0, -1.2, 0),
              Pose(0.1, 0, 0.04, 0.3, 0, 0), Pose(0.3, 0, 0, 0.2, 0, 0), Pose(0, 0, 0, 0.9, 0, 0)]  # fmt: skip
    joints = tuple(Joint(f"j{i}", place, axis) for i, (place, axis) in enumerate(zip(places, axes, strict=True)))
    arm = RobotModel("urdf-like", joints, Pose(0.1, 0, 0.02, 0.1, 0.2, 0.3))
    solver = Arm(arm)
    assert solver.solver == "wrist"
    for angles in np.random.default_rng(10).uniform(-3, 3, (20, 6)):
        pose = np.eye(4)
        for joint, angle in zip(arm.joints, angles, strict=True):
            pose = pose @ _homogeneous(joint.placement) @ _homogeneous(Pose(0, 0, 0, *(angle * np.array(joint.axis))))
        pose = pose @ _homogeneous(arm.flange)
        assert apart(solver.inverse_transform(pose), angles).min() < 1e-9


def _homogeneous(pose):
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(pose[3:]).as_matrix()
    matrix[:3, 3] = pose[:3]
    return matrix


def test_another_library_finds_the_same_rows():
    eaik = pytest.importorskip("eaik.IK_DH")
    table = [(a, alpha, d, 0) for a, alpha, d, _ in TABLES["kr6_r900"]]
    columns = np.array(table)
    peer = eaik.DhRobot(columns[:, 1].copy(), columns[:, 0].copy(), columns[:, 2].copy())
    arm = solver(table)
    for joints in np.random.default_rng(11).uniform(-math.pi, math.pi, (50, 6)):
        pose = forward(table, joints)
        rows, found = arm.inverse_transform(pose), peer.IK(pose)
        theirs = np.array([q for q, least in zip(found.Q, found.is_LS, strict=True) if not least])
        assert len(theirs) == len(rows)
        assert apart(theirs[:, None], rows[None]).min(axis=1).max() < 1e-6


UNSOLVED = {
    "axes 2, 3 and 4 parallel": [(0, RIGHT, 0.16, 0), (-0.4, 0, 0, 0), (-0.4, 0, 0, 0), (0, RIGHT, 0.13, 0),
                                 (0, -RIGHT, 0.1, 0), (0, 0, 0.1, 0)],
    "axes 4 and 6 apart": [*TABLES["irb120"][:4], (0.001, -RIGHT, 0, 0), (0, 0, 0.07, 0)],
    "first three axes in one plane's normal": [(0.3, 0, 0, 0), (0.3, 0, 0, 0), *TABLES["irb120"][2:]],
    "shoulder and wrist both in a point": [(0, RIGHT, 0, 0), (0, -RIGHT, 0, 0), *TABLES["tx60"][2:]],
    "wrist on axis 3": [*TABLES["irb120"][:2], (0, 0, 0.1, 0), *TABLES["irb120"][3:]],
    "axes 4 and 5 in line": [*TABLES["irb120"][:3], (0, 0, 0.3, 0), *TABLES["irb120"][4:]],
    "five joints": TABLES["irb120"][:5],
}  # fmt: skip


@pytest.mark.parametrize("name", UNSOLVED)
def test_arms_that_it_does_not_solve(name):
    assert recognise(lines_of(model(UNSOLVED[name]))) is None


def test_an_arm_with_a_sliding_joint_is_not_solved():
    joints = [Joint(f"j{i}", type=JointType.PRISMATIC if i == 2 else JointType.REVOLUTE) for i in range(6)]
    assert recognise(lines_of(RobotModel.from_dh("slider", TABLES["irb120"], joints))) is None


def test_a_batch_is_the_same_as_calls():
    table = TABLES["lr_mate_200id"]
    arm, rng = solver(table), np.random.default_rng(12)
    poses = np.ascontiguousarray(forward(table, rng.uniform(-3, 3, (40, 6))))
    poses[7, 0, 3] += 5
    out, counts, wanted = np.full((40, 8, 6), np.nan), np.empty(40, np.intc), rng.uniform(-3, 3, 6)
    arm.inverse_batch(poses, out, counts, wanted)
    assert counts[7] == 0
    for pose, rows, count in zip(poses, out, counts, strict=True):
        np.testing.assert_array_equal(arm.inverse_transform(pose, wanted), rows[:count])
        assert np.isnan(rows[count:]).all()


def test_rows_are_written_where_they_are_told_to():
    table, out = TABLES["tx60"], np.empty((8, 6))
    rows = solver(table).inverse_transform(forward(table, np.full(6, 0.4)), None, out)
    assert np.shares_memory(rows, out)


GOOD = np.eye(4)


def _shifted(value):
    pose = np.eye(4)
    pose[0, 3] = value
    return pose


@pytest.mark.parametrize(
    "pose",
    [_shifted(math.nan), _shifted(math.inf), np.zeros((4, 4)), 2 * np.eye(4), np.full((4, 4), math.nan),
     np.diag([1.0, 1, -1, 1]), np.eye(3), np.eye(4)[None], np.empty((0, 4)), None, [[1.0]],
     np.eye(4, dtype=complex)],
)  # fmt: skip
def test_what_is_no_pose_is_refused(pose):
    with pytest.raises(UsageError):
        solver(TABLES["puma560"]).inverse_transform(pose)


@pytest.mark.parametrize("wanted", [np.zeros(5), np.zeros((6, 1)), [math.nan] * 6, "angles"])
def test_what_are_no_wanted_angles_is_refused(wanted):
    with pytest.raises(UsageError):
        solver(TABLES["puma560"]).inverse_transform(GOOD, wanted)


def _frozen():
    out = np.empty((8, 6))
    out.flags.writeable = False
    return out


@pytest.mark.parametrize("out", [np.empty((7, 6)), np.empty((6, 8)).T, np.empty((8, 6), np.float32), _frozen()])
def test_what_rows_do_not_fit_in_is_refused(out):
    with pytest.raises(UsageError):
        solver(TABLES["puma560"]).inverse_transform(GOOD, None, out)


def test_a_batch_tells_the_pose_that_is_none():
    arm, poses = solver(TABLES["puma560"]), np.tile(GOOD, (5, 1, 1))
    poses[3, 1, 1] = math.nan
    _, counts = arm.inverse_batch(poses)
    assert list(counts < 0) == [False, False, False, True, False]
    with pytest.raises(UsageError):
        arm.inverse_batch(poses, np.empty((4, 8, 6)), np.empty(5, np.intc))
    with pytest.raises(UsageError):
        arm.inverse_batch(poses, np.empty((5, 8, 6)), np.empty(5, np.int64))
    assert arm.inverse_batch(poses[:0])[0].shape == (0, 8, 6)


def test_poses_in_other_arrays_are_the_same_poses():
    arm, pose = solver(TABLES["puma560"]), np.asfortranarray(forward(TABLES["puma560"], np.full(6, 0.4)))
    wide = np.zeros((8, 8))
    wide[::2, ::2] = pose
    expected = arm.inverse_transform(np.ascontiguousarray(pose))
    for same in (pose, wide[::2, ::2], pose.tolist()):
        np.testing.assert_array_equal(arm.inverse_transform(same), expected)


@pytest.mark.parametrize("value", [1e300, 5e-324])
def test_wanted_angles_that_are_odd_do_no_harm(value):
    table = TABLES["irb120"]
    pose = forward(table, np.array([0.3, 0.2, 0.1, 0.4, 0, 0.5]))
    rows = solver(table).inverse_transform(pose, np.full(6, value))
    exact(table, rows, pose)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.sampled_from(sorted(ARMS)), hnp.arrays(np.float64, (4, 4)), st.booleans())
def test_any_numbers_are_answered_or_refused(name, pose, rigid):
    if rigid:
        pose[:3, :3] = np.eye(3)
    try:
        rows = solver(ARMS[name]).inverse_transform(pose)
    except UsageError:
        return
    exact(ARMS[name], rows, pose, way=2e-7, turn=2e-5)
