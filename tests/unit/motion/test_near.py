"""Arms that are nearly of a kind with a closed form: every way, by pin's measure, and what is beyond near."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellctl.errors import UsageError
from cellctl.motion import Arm, Pose
from cellctl.motion import _kinematics as compiled
from cellctl.motion.lines import matrix
from cellctl.motion.model import RobotModel

from .near_arms import FAMILIES, MODELS, UR, Oracle, disturbed, joints_of, misses, searched
from .wrist_arms import TABLES, apart

pytest.importorskip("pinocchio")
every_model = pytest.mark.parametrize("name", MODELS)
every_family = pytest.mark.parametrize("family", FAMILIES)


def off(oracle, rows, pose):
    """The most that a row misses the pose by."""
    return max((float(np.abs(misses(oracle(row), pose)).max()) for row in rows), default=0.0)


def closest(rows):
    """How far the two ways next to each other are apart."""
    gaps = [apart(rows[:k], rows[k]).min() for k in range(1, len(rows))]
    return min(gaps, default=math.inf)


@every_model
def test_they_are_known_by_the_exact_arm_next_to_them(name):
    arm = Arm(MODELS[name])
    assert arm.solver == ("parallel, polished" if "ur" in name or name == "calibrated" else "wrist, polished")
    assert arm.most_ways == 16


@every_model
@every_family
def test_every_row_is_on_the_pose_and_the_joints_are_found_again(name, family):
    arm, oracle = Arm(MODELS[name]), Oracle(MODELS[name])
    lost = 0
    for q in joints_of(family, np.random.default_rng(1), 40):
        pose = oracle(q)
        rows = arm.inverse_transform(pose)
        assert off(oracle, rows, pose) < 1e-12 or singular(arm, rows)
        assert off(oracle, rows, pose) < 2e-7
        assert closest(rows) > 1e-6
        lost += apart(rows, q).min() > 1e-4 if len(rows) else 1
    assert lost <= (0 if family == "generic" else 2)


def singular(arm, rows):
    """Whether a row may be answered at the rim: J has lost a rank there, but for the root of a rim's 0.1 µm."""
    return np.linalg.svd(arm.jacobian_batch(rows), compute_uv=False)[:, -1].min() < 1e-3


@pytest.mark.parametrize("name", ["calibrated", "ur, a milliradian", "wrist, 10 um", "puma, a milliradian"])
@every_family
def test_a_search_finds_no_other_way(name, family):
    arm, rng = Arm(MODELS[name]), np.random.default_rng(2)
    missed = ways = 0
    for q in joints_of(family, rng, 12):
        pose = arm.transform(q)
        rows = arm.inverse_transform(pose)
        found = searched(arm, pose, q, rng, 120)
        far = apart(found[:, None], rows[None]).min(axis=1) if len(rows) else np.full(len(found), 9.0)
        missed, ways = missed + int((far > 2e-4).sum()), ways + len(found)
    assert ways > 60
    assert missed <= (0 if family == "generic" else ways // 50)


def test_a_pose_may_have_more_ways_than_the_exact_arm_has():
    """Where the exact arm's wrist is in line a joint is open; of that circle the true arm keeps single points."""
    most = 0
    for name, model in MODELS.items():
        arm = Arm(model)
        out, counts = arm.inverse_batch(arm.forward_batch(joints_of("wrist", np.random.default_rng(5), 60)))
        assert out.shape == (60, 16, 6), name
        most = max(most, int(counts.max()))
    assert 8 < most <= 16


@given(st.sampled_from(["ur", *TABLES]), st.integers(0, 2**32 - 1), st.floats(-8, -2.5))
@settings(deadline=None, derandomize=True, max_examples=60)
def test_any_arm_that_is_near(kind, seed, power):
    model = disturbed(UR if kind == "ur" else TABLES[kind], seed, 10**power)
    arm, oracle = Arm(model), Oracle(model)
    assert arm.solver.endswith(", polished")
    for q in np.random.default_rng(seed).uniform(-math.pi, math.pi, (5, 6)):
        pose = oracle(q)
        rows = arm.inverse_transform(pose)
        assert off(oracle, rows, pose) < 1e-12 or singular(arm, rows)
        assert apart(rows, q).min() < 1e-4 or singular(arm, rows)


def test_what_is_not_near_is_left_to_the_iteration():
    assert Arm(disturbed(UR, 1, 0.03)).solver == "numeric"
    assert Arm(disturbed(TABLES["puma560"], 1, 0.03)).solver == "numeric"
    wide = [list(row) for row in TABLES["kr6_r900"]]
    wide[4][2] = 0.02  # axes 4 and 6 pass each other by two centimetres
    assert Arm(RobotModel.from_dh("wide", wide)).solver == "numeric"
    wide[4][2] = 0.002
    assert Arm(RobotModel.from_dh("narrow", wide)).solver == "wrist, polished"


def test_axes_that_nearly_are_all_parallel_are_no_arm_to_polish():
    table = [list(row) for row in TABLES["puma560"]]
    table[0][1] = 1e-4
    assert "polished" not in Arm(RobotModel.from_dh("flat", table)).solver


# -- the rim of the reach ---------------------------------------------------------------------------


def rim(arm, q):
    """Joint 3 next to where it is, so that J loses a rank."""

    def size(third):
        return float(np.linalg.det(arm.jacobian((*q[:2], third, *q[3:]))))

    low, high = q[2] - 0.05, q[2] + 0.05
    assert size(low) * size(high) < 0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (low, middle) if size(low) * size(middle) <= 0 else (middle, high)
    return np.array([*q[:2], (low + high) / 2, *q[3:]])


@pytest.mark.parametrize("name", ["calibrated", "ur, a microradian", "ur, a milliradian", "wrist, 10 um"])
def test_at_the_rim_two_ways_become_one_and_then_none(name):
    arm = Arm(MODELS[name])
    third = math.pi / 2 - math.atan2(0.42, 0.035) if "wrist" in name else 0.0
    q = rim(arm, (0.3, -1.2, third, -0.9, -1.5, 0.4))
    pose = arm.transform(q)
    lost = np.linalg.svd(arm.jacobian(q))[0][:, -1]  # where no joint can move the flange to
    inside = misses(pose, arm.transform((*q[:2], q[2] + 0.1, *q[3:])))
    out = lost[:3] * -np.sign(lost @ inside) / np.linalg.norm(lost[:3])

    def beside(way):
        there = pose.copy()
        there[:3, 3] += out * way
        rows = arm.inverse_transform(there)
        rows = rows[apart(rows, q) < 0.3]
        return len(rows), float(np.abs(misses(arm.forward_batch(rows), there)).max()) if len(rows) else 0.0

    assert beside(-1e-4)[0] == 2
    assert beside(-1e-4)[1] < 1e-12
    count, missed = beside(3e-8)
    assert count == 1
    assert 1e-9 < missed < 1e-7
    assert beside(1e-5)[0] == 0


# -- one way among the others -----------------------------------------------------------------------


@every_model
def test_nearest_stays_with_the_seed(name):
    arm, oracle = Arm(MODELS[name], Pose(0.01, -0.02, 0.163, 0.3, -0.2, 1.0)), Oracle(MODELS[name])
    tool = matrix(arm.tool)
    for q in np.random.default_rng(6).uniform(-math.pi, math.pi, (40, 6)):
        pose = oracle(q) @ tool
        found = arm.nearest(pose, q + 0.01)
        assert found is not None
        assert np.abs(misses(oracle(found) @ tool, pose)).max() < 1e-12
        assert apart(np.array(found), q) < 1e-5
        assert min(apart(np.array(row), q) for row in arm.inverse(Pose(*compiled.pose_of(pose)))) < 1e-5


@every_model
def test_a_path_is_followed_on_one_branch(name):
    """Over wrists in line and straight elbows too: the joints go straight, so the path does what they do there."""
    arm, rng = Arm(MODELS[name]), np.random.default_rng(7)
    for k in range(12):
        start = rng.uniform(-2.5, 2.5, 6)
        goal = start + rng.uniform(-0.6, 0.6, 6)
        if k % 3 == 1:
            start[4], goal[4] = -0.3, 0.3
        joints = np.linspace(start, goal, 61)
        followed = arm.follow(arm.forward_batch(joints), start)
        assert followed.followed == 61, followed.ended
        np.testing.assert_allclose(followed.joints, joints, atol=1e-5)


def test_a_straight_line_is_followed():
    arm = Arm(MODELS["calibrated"])
    pose = arm.transform((0.3, -1.2, 1.4, -0.9, -1.5, 0.4))
    line = np.repeat(pose[None], 200, axis=0)
    line[:, :3, 3] += np.linspace((0, 0, 0), (-0.1, 0.3, 0.05), 200)
    followed = arm.follow(line)
    assert followed.followed == 200
    assert np.abs(np.diff(followed.joints, axis=0)).max() < 0.02
    np.testing.assert_allclose(arm.forward_batch(followed.joints), line, atol=1e-12)


# -- the same whatever does it ------------------------------------------------------------------------


def test_every_kernel_gives_the_same_bits():
    before = compiled.kernel_name()
    answers = []
    try:
        for kernel in ("scalar", "baseline", "avx2"):
            if not compiled.use_kernel(kernel):
                continue
            rows = []
            for model in MODELS.values():
                arm = Arm(model)
                joints = np.concatenate([joints_of(each, np.random.default_rng(8), 10) for each in FAMILIES])
                rows += arm.inverse_batch(arm.forward_batch(joints))
            answers.append(rows)
    finally:
        compiled.use_kernel(before)
    assert len(answers) >= 2
    for other in answers[1:]:
        for ours, theirs in zip(answers[0], other, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@every_model
def test_many_are_as_one(name):
    arm = Arm(MODELS[name])
    poses = arm.forward_batch(joints_of("generic", np.random.default_rng(9), 30))
    poses[3, 0, 0] = math.nan
    poses[4, :3, 3] *= 40
    out, counts = arm.inverse_batch(poses)
    assert out.shape == (30, 16, 6)
    assert counts[3] == -1
    assert counts[4] == 0
    for k in (0, 1, 2, *range(5, 30)):
        np.testing.assert_array_equal(out[k, : counts[k]], arm.inverse_transform(poses[k], out=np.empty((16, 6))))


@pytest.mark.parametrize("pose", [np.eye(3), np.full((4, 4), math.nan), 2 * np.eye(4), None, Pose(math.inf)], ids=repr)
def test_poses_that_are_none_are_refused(pose):
    arm = Arm(MODELS["calibrated"])
    for call in (lambda: arm.inverse(pose), lambda: arm.nearest(pose, (0.0,) * 6)):
        with pytest.raises(UsageError):
            call()


@pytest.mark.parametrize("wanted", [1e5, 1e17, -1e300, 5e-324])
def test_far_and_tiny_wanted_angles(wanted):
    arm = Arm(MODELS["ur, a milliradian"])
    for q in joints_of("wrist", np.random.default_rng(10), 8):
        rows = arm.inverse_transform(arm.transform(q), (wanted,) * 6)
        assert np.isfinite(rows).all()
        assert (np.abs(rows) <= math.pi).all()
