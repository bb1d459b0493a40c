"""The arm's kinematics against a product of matrices by the published tables, and back again."""

import itertools
import math
import random
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.spatial.transform import Rotation

from cellctl.errors import UsageError
from cellctl.motion import Arm, Pose

# theta, a, d, alpha as printed in Universal Robots' table; typed in here a second time on purpose.
TABLES = {
    "ur3e": ([0, -0.24355, -0.2132, 0, 0, 0], [0.15185, 0, 0, 0.13105, 0.08535, 0.0921]),
    "ur5e": ([0, -0.425, -0.3922, 0, 0, 0], [0.1625, 0, 0, 0.1333, 0.0997, 0.0996]),
    "ur10e": ([0, -0.6127, -0.57155, 0, 0, 0], [0.1807, 0, 0, 0.17415, 0.11985, 0.11655]),
    "ur16e": ([0, -0.4784, -0.36, 0, 0, 0], [0.1807, 0, 0, 0.17415, 0.11985, 0.11655]),
    "ur20": ([0, -0.8620, -0.7287, 0, 0, 0], [0.2363, 0, 0, 0.2010, 0.1593, 0.1543]),
}
ALPHA = [math.pi / 2, 0, 0, math.pi / 2, -math.pi / 2, 0]
TOOL = Pose.from_rpy(0.01, -0.02, 0.163, 0.3, -0.2, 1.0)

angles = st.floats(-math.pi, math.pi)
joints6 = st.tuples(angles, angles, angles, angles, angles, angles)
names = st.sampled_from(sorted(TABLES))
#: Where something is singular: the elbow straight or folded, the wrist's axes in line.
corners = st.sampled_from([0.0, math.pi, 1e-12, -1e-10, 1e-9, 1e-8, -1e-7, 1e-5, math.pi - 1e-9, math.pi - 1e-7])


def product(name, joints, stop=6):
    a, d = TABLES[name]
    made = np.eye(4)
    for i in range(stop):
        ct, st_, ca, sa = math.cos(joints[i]), math.sin(joints[i]), math.cos(ALPHA[i]), math.sin(ALPHA[i])
        made = made @ np.array(
            [
                [ct, -st_ * ca, st_ * sa, a[i] * ct],
                [st_, ct * ca, -ct * sa, a[i] * st_],
                [0, sa, ca, d[i]],
                [0, 0, 0, 1],
            ]
        )
    return made


def matrix(pose):
    made = np.eye(4)
    made[:3, :3] = Rotation.from_rotvec(pose[3:]).as_matrix()
    made[:3, 3] = pose[:3]
    return made


def apart(a, b):
    return max(abs(math.remainder(x - y, math.tau)) for x, y in zip(a, b, strict=True))


@given(names, joints6)
def test_forward_is_the_product_of_the_table(name, joints):
    arm = Arm.named(name, TOOL)
    expected = product(name, joints) @ matrix(TOOL)
    assert matrix(arm.forward(joints)) == pytest.approx(expected, abs=1e-12)


def test_the_arm_stretched_out_is_where_the_drawing_shows_it():
    # All joints at zero: a UR5e lies along -x at shoulder height less d5, the flange facing -y.
    assert Arm.named("ur5e").forward((0,) * 6)[:3] == pytest.approx((-0.8172, -0.2329, 0.0628))
    # Joints 0, -90, 0, -90, 0, 0: it stands straight up.
    up = Arm.named("ur5e").forward((0, -math.pi / 2, 0, -math.pi / 2, 0, 0))
    assert up[:3] == pytest.approx((0, -0.2329, 0.1625 + 0.425 + 0.3922 + 0.0997))


@given(names, joints6)
@settings(max_examples=300)
def test_every_branch_leads_to_the_pose_and_one_is_where_it_came_from(name, joints):
    arm = Arm.named(name, TOOL)
    pose = arm.forward(joints)
    branches = arm.inverse(pose, wanted=joints)
    assert 1 <= len(branches) <= 8
    for branch in branches:
        way, turn = arm.forward(branch).distance(pose)
        assert way < 2e-7
        assert turn < 2e-9
        assert all(-math.pi <= angle <= math.pi for angle in branch)


def test_away_from_singular_poses_the_branches_are_eight_or_four_and_differ():
    generator = random.Random(4)
    arm = Arm.named("ur5e", TOOL)
    counts = set()
    for _ in range(500):
        joints = tuple(generator.uniform(-math.pi, math.pi) for _ in range(6))
        if min(abs(math.sin(joints[2])), abs(math.sin(joints[4]))) < 0.05:
            continue
        branches = arm.inverse(arm.forward(joints))
        counts.add(len(branches))
        assert min(apart(joints, branch) for branch in branches) < 1e-6
        assert all(apart(a, b) > 1e-6 for a, b in itertools.combinations(branches, 2))
    assert counts <= {2, 4, 6, 8}
    assert 8 in counts


@given(names, joints6, corners, corners)
@settings(max_examples=500)
def test_straight_elbow_and_wrist_in_line(name, joints, elbow, wrist):
    joints = (*joints[:2], elbow, joints[3], wrist, joints[5])
    arm = Arm.named(name, TOOL)
    pose = arm.forward(joints)
    for free in (joints[5], 0.0, 2.0):  # whatever is asked for the last joint, a way is found
        branches = arm.inverse(pose, wanted=(*joints[:5], free))
        assert branches
        for branch in branches:
            way, turn = arm.forward(branch).distance(pose)
            assert way < 2e-7
            assert turn < 2e-9


def over_the_shoulder(name, joints, offset):
    """Joints that put the crossing of axes 5 and 6 over the shoulder: by choosing joint 2."""
    a, d = TABLES[name]

    def along(q2):
        return (
            a[1] * math.cos(q2) + a[2] * math.cos(q2 + joints[2]) + d[4] * math.sin(q2 + joints[2] + joints[3]) - offset
        )

    grid = np.linspace(-math.pi, math.pi, 200)
    for low, high in itertools.pairwise(grid):
        if along(low) * along(high) < 0:
            return (joints[0], brentq(along, low, high, xtol=1e-15), *joints[2:])
    return None


@given(names, joints6, st.sampled_from([0.0, 1e-12, -1e-9, 1e-8, 1e-6]), st.booleans())
@settings(max_examples=200)
def test_wrist_over_the_shoulder(name, joints, offset, in_line):
    if in_line:
        joints = (*joints[:4], 0.0, joints[5])
    if (joints := over_the_shoulder(name, joints, offset)) is None:
        return
    arm = Arm.named(name)
    pose = arm.forward(joints)
    branches = arm.inverse(pose, wanted=joints)
    assert branches
    for branch in branches:
        way, turn = arm.forward(branch).distance(pose)
        assert way < 2e-7
        assert turn < 2e-9


@pytest.mark.parametrize("wrist", [s * q5 for q5 in (0.0, 1e-9, 1e-6, 1e-3, 0.00390625) for s in (1, -1)])
@pytest.mark.parametrize("name", sorted(TABLES))
def test_wrist_over_the_shoulder_with_the_elbow_straight(name, wrist):
    # The shoulder's angle keeps half its digits there, and the wrist makes 1 / sin(q5) of the error.
    arm = Arm.named(name)
    tried = 0
    for first, elbow, fourth, last in itertools.product(
        (0.0, 0.7, -2.0), (0.0, 1e-9), (0.0, 0.4, 1.5, -1.5, 3.0), (0.0, -1.1)
    ):
        for offset in (0.0, 1e-12, -1e-9, 1e-8, 1e-6):
            joints = over_the_shoulder(name, (first, 0.0, elbow, fourth, wrist, last), offset)
            if joints is None:
                continue
            tried += 1
            pose = arm.forward(joints)
            branches = arm.inverse(pose, wanted=joints)
            assert branches, joints
            for branch in branches:
                way, turn = arm.forward(branch).distance(pose)
                assert way < 2e-7
                assert turn < 2e-9
    assert tried > 100


def test_wrist_over_the_shoulder_as_once_found_without_a_way():
    arm = Arm.named("ur10e")
    pose = arm.forward((0, -1.6716562153901406, 0, 0, -0.00390625, 0))
    branches = arm.inverse(pose)
    assert branches
    assert all(arm.forward(branch).distance(pose)[0] < 2e-7 for branch in branches)


@given(names, joints6)
@settings(max_examples=300)
def test_nearest_comes_back_to_its_seed(name, joints):
    seed = tuple(angle * 1.9 for angle in joints)  # within the limits of a full turn either way
    arm = Arm.named(name, TOOL)
    found = arm.nearest(arm.forward(seed), seed)
    assert found is not None
    assert arm.within_limits(found)
    if min(abs(math.sin(seed[2])), abs(math.sin(seed[4]))) > 0.05:
        assert max(abs(a - b) for a, b in zip(found, seed, strict=True)) < 1e-4


def test_nearest_keeps_a_free_wrist_where_it_is():
    arm = Arm.named("ur5e")
    seed = (0.3, -1.2, 1.4, -0.9, 0.0, 5.0)
    found = arm.nearest(arm.forward(seed), seed)
    assert found == pytest.approx(seed, abs=1e-7)


def test_out_of_reach_has_no_way():
    arm = Arm.named("ur5e")
    assert arm.inverse(Pose(2.0, 0, 0)) == []
    assert arm.nearest(Pose(0.0, 0.0, 0.3, math.pi, 0, 0), (0,) * 6) is None  # inside the foot's cylinder


@given(names, joints6)
def test_jacobian_is_the_slope_of_forward(name, joints):
    arm = Arm.named(name, TOOL)
    jacobian = arm.jacobian(joints)
    step = 1e-6
    for i in range(6):
        more, less = list(joints), list(joints)
        more[i] += step
        less[i] -= step
        a, b = matrix(arm.forward(less)), matrix(arm.forward(more))
        turn = Rotation.from_matrix(b[:3, :3] @ a[:3, :3].T).as_rotvec()
        slope = np.concatenate([b[:3, 3] - a[:3, 3], turn]) / (2 * step)
        assert jacobian[:, i] == pytest.approx(slope, abs=2e-8)


def test_batches_agree_with_single_poses_and_fill_what_they_are_given():
    arm = Arm.named("ur10e", TOOL)
    joints = np.random.default_rng(1).uniform(-3, 3, (50, 6))
    transforms = np.empty((50, 4, 4))
    assert np.shares_memory(arm.forward_batch(joints, transforms), transforms)
    assert np.array_equal(transforms, [arm.transform(row) for row in joints])
    assert transforms == pytest.approx(np.array([matrix(arm.forward(row)) for row in joints]))
    jacobians = arm.jacobian_batch(joints)
    assert np.array_equal(jacobians, [arm.jacobian(row) for row in joints])
    out, counts = np.zeros((50, 8, 6)), np.zeros(50, dtype=np.intc)
    arm.inverse_batch(transforms, out, counts)
    for transform, rows, count in zip(transforms, out, counts, strict=True):
        assert [tuple(row) for row in rows[:count]] == arm.inverse(transform)


def test_batches_refuse_wrong_shapes():
    arm = Arm.named("ur5e")
    with pytest.raises(UsageError, match="shape"):
        arm.forward_batch(np.zeros((4, 5)))
    with pytest.raises(UsageError, match="shape"):
        arm.inverse_batch(np.zeros((4, 4, 4)), np.zeros((4, 7, 6)))


def test_batches_may_run_in_threads():
    arm = Arm.named("ur5e")
    joints = np.random.default_rng(2).uniform(-3, 3, (2000, 6))
    expected = arm.forward_batch(joints)
    results = []
    threads = [threading.Thread(target=lambda: results.append(arm.forward_batch(joints))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(result, expected) for result in results)


def test_an_unknown_arm_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match="Did you mean 'ur5'"):
        Arm.named("ur5x")
