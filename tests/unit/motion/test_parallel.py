"""UR-type arms: every way is found, in generic and in singular poses, by a search that knows no formula."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellctl.motion import Arm, Pose
from cellctl.motion.lines import matrix
from cellctl.motion.model import Joint, RobotModel

from .arm_oracle import forward as flange_of
from .wrist_arms import apart, forward, searched

RIGHT = math.pi / 2
ALPHA = (RIGHT, 0, 0, RIGHT, -RIGHT, 0)

#: a and d as Universal Robots prints them; the last two have shapes that no UR has.
LENGTHS = {
    "ur3e": ((0, -0.24355, -0.2132, 0, 0, 0), (0.15185, 0, 0, 0.13105, 0.08535, 0.0921)),
    "ur5e": ((0, -0.425, -0.3922, 0, 0, 0), (0.1625, 0, 0, 0.1333, 0.0997, 0.0996)),
    "ur10e": ((0, -0.6127, -0.57155, 0, 0, 0), (0.1807, 0, 0, 0.17415, 0.11985, 0.11655)),
    "ur20": ((0, -0.862, -0.7287, 0, 0, 0), (0.2363, 0, 0, 0.201, 0.1593, 0.1543)),
    "no shoulder": ((0, 0.4, 0.4, 0, 0, 0), (0.2, 0, 0, 0, 0.1, 0.1)),
    "other way round": ((0, 0.3, -0.5, 0, 0, 0), (0.2, 0, 0, -0.15, -0.12, 0.05)),
}
TABLES = {name: list(zip(a, ALPHA, d, (0,) * 6, strict=True)) for name, (a, d) in LENGTHS.items()}
every_arm = pytest.mark.parametrize("name", TABLES)
OFFSETS = [0.0, 1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3]


def solver(name):
    arm = Arm(RobotModel.from_dh(name, TABLES[name]))
    assert arm.solver == "parallel"
    return arm


def exact(table, rows, pose, *, way=2e-7, turn=2e-9):
    for row in rows:
        miss = np.linalg.inv(pose) @ forward(table, row)
        assert np.abs(miss[:3, 3]).max() < way
        assert np.abs(miss[:3, :3] - np.eye(3)).max() < turn


@every_arm
def test_joints_are_found_again(name):
    table, arm = TABLES[name], solver(name)
    for joints in np.random.default_rng(1).uniform(-math.pi, math.pi, (200, 6)):
        pose = forward(table, joints)
        rows = arm.inverse_transform(pose)
        exact(table, rows, pose, way=1e-12, turn=1e-12)
        assert apart(rows, joints).min() < 1e-7


@every_arm
def test_a_search_finds_no_other_way(name):
    table, arm, rng = TABLES[name], solver(name), np.random.default_rng(2)
    for joints in rng.uniform(-math.pi, math.pi, (4, 6)):
        pose = forward(table, joints)
        found = searched(table, pose, rng, 150)
        assert len(found) > 20
        assert apart(found[:, None], arm.inverse_transform(pose)[None]).min(axis=1).max() < 1e-6


@every_arm
@pytest.mark.parametrize("singular", ["wrist", "elbow", "45 degrees"])
def test_a_search_at_singular_poses_finds_no_other_way(name, singular):
    """A wrist in line leaves joint 6 open: whatever way the search finds is found again when its joint 6 is wanted."""
    table, arm, rng = TABLES[name], solver(name), np.random.default_rng(3)
    for k in range(4):
        joints = rng.uniform(-3, 3, 6)
        if singular == "wrist":
            joints[4] = k % 2 * math.pi
        elif singular == "elbow":
            joints[2] = k % 2 * math.pi
        else:
            joints = rng.integers(-3, 5, 6) * (math.pi / 4)
        pose = forward(table, joints)
        found = searched(table, pose, rng, 120)
        for way in found:
            rows = arm.inverse_transform(pose, way)
            # a straight elbow is found to the root of the precision only
            assert apart(rows, way).min() < 1e-3


@every_arm
def test_joints_at_multiples_of_45_degrees(name):
    table, arm, rng = TABLES[name], solver(name), np.random.default_rng(4)
    for joints in rng.integers(-3, 5, (400, 6)) * (math.pi / 4):
        pose = forward(table, joints)
        rows = arm.inverse_transform(pose, joints)
        exact(table, rows, pose)
        assert apart(rows, joints).min() < 1e-4


@every_arm
@pytest.mark.parametrize("joint", [2, 4])
@pytest.mark.parametrize("base", [0.0, math.pi])
def test_next_to_a_straight_elbow_and_a_wrist_in_line(name, joint, base):
    table, arm, rng = TABLES[name], solver(name), np.random.default_rng(5)
    for offset in OFFSETS:
        for joints in rng.uniform(-3, 3, (10, 6)):
            joints[joint] = base + offset
            pose = forward(table, joints)
            rows = arm.inverse_transform(pose, joints)
            exact(table, rows, pose)
            if joint == 2 or offset < 1e-11 or offset > 1e-6:  # the elbow keeps half its digits there
                assert apart(rows, joints).min() < 1e-5


@given(st.sampled_from(sorted(TABLES)), st.lists(st.floats(-math.pi, math.pi), min_size=6, max_size=6))
@settings(deadline=None, derandomize=True, max_examples=300)
def test_any_joints_give_a_pose_that_is_reached(name, joints):
    pose = forward(TABLES[name], np.array(joints))
    rows = solver(name).inverse_transform(pose, joints)
    assert len(rows)
    exact(TABLES[name], rows, pose)


def test_an_arm_told_in_frames_of_its_own_is_known():
    """Axes turned over, zeros elsewhere, a base that leans: as URDF files have them."""
    rng = np.random.default_rng(6)
    for _ in range(20):
        joints, before = [], Pose(*rng.uniform(-0.3, 0.3, 6))
        for i, (a, alpha, d, _) in enumerate(TABLES["ur5e"]):
            turned = matrix(before @ Pose(rz=rng.uniform(-3, 3)))
            axis = (0, 0, float(rng.choice([-1, 1])))
            joints.append(Joint(f"j{i}", _pose(turned), axis))
            before = Pose(0, 0, d) @ Pose(a, 0, 0, alpha)
        model = RobotModel("told", tuple(joints), Pose(0.1, 0.2, 0.3, *rng.uniform(-1, 1, 3)))
        arm, q = Arm(model, Pose(0, 0.02, 0.15, 0.3)), rng.uniform(-3, 3, 6)
        assert arm.solver == "parallel"
        assert apart(arm.inverse_transform(flange_of(model, q) @ matrix(arm.tool)), q).min() < 1e-7


def _pose(transform):
    from scipy.spatial.transform import Rotation

    return Pose(*transform[:3, 3], *Rotation.from_matrix(transform[:3, :3]).as_rotvec())


def test_another_library_finds_the_same_rows():
    eaik = pytest.importorskip("eaik.IK_DH")
    table = np.array(TABLES["ur5e"])
    peer = eaik.DhRobot(table[:, 1].copy(), table[:, 0].copy(), table[:, 2].copy())
    arm = solver("ur5e")
    for joints in np.random.default_rng(7).uniform(-math.pi, math.pi, (50, 6)):
        pose = forward(TABLES["ur5e"], joints)
        rows, found = arm.inverse_transform(pose), peer.IK(pose)
        theirs = np.array([q for q, least in zip(found.Q, found.is_LS, strict=True) if not least])
        assert len(theirs) == len(rows)
        assert apart(theirs[:, None], rows[None]).min(axis=1).max() < 1e-6
