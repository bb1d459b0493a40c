"""Every shipped arm beside pinocchio, and what is the same for all arms whatever solves them."""

import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellctl.errors import UsageError
from cellctl.motion import Arm, Pose, Tool
from cellctl.motion import _kinematics as compiled
from cellctl.motion.library import load, names
from cellctl.motion.lines import matrix
from cellctl.motion.model import JointType, RobotModel

from .arm_oracle import forward, pin_model, random_arm
from .wrist_arms import apart

ARMS = [name for name in names() if isinstance(load(name), RobotModel)]
TOOL = Pose(0.01, -0.02, 0.163, 0.3, -0.2, 1.0)
every_arm = pytest.mark.parametrize("name", ARMS)


def within(arm, rng, n):
    """Joints within the limits, and within half a turn where there are none. Shape (n, dof)."""
    low, high = np.array(arm.joint_limits).T
    return rng.uniform(np.maximum(low, -math.pi), np.minimum(high, math.pi), (n, arm.degrees_of_freedom))


@every_arm
def test_forward_and_jacobian_are_pinocchios(name):
    pin = pytest.importorskip("pinocchio")
    arm = Arm.named(name, TOOL)
    model = pin_model(arm.model)
    data, last = model.createData(), model.njoints - 1
    tip = pin.SE3(matrix(arm.model.flange) @ matrix(TOOL))
    frame = model.addFrame(pin.Frame("point", last, 0, tip, pin.FrameType.OP_FRAME))
    data = model.createData()
    for q in within(arm, np.random.default_rng(1), 20):
        pin.framesForwardKinematics(model, data, q)
        np.testing.assert_allclose(arm.transform(q), data.oMf[frame].homogeneous, atol=1e-12)
        theirs = pin.computeFrameJacobian(model, data, q, frame, pin.LOCAL_WORLD_ALIGNED)
        np.testing.assert_allclose(arm.jacobian(q), theirs, atol=1e-12)


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_forward_of_any_chain_is_the_product_of_its_frames(seed):
    rng = np.random.default_rng(seed)
    model = random_arm(rng)
    q = rng.uniform(-3, 3, model.degrees_of_freedom)
    np.testing.assert_allclose(Arm(model, TOOL).transform(q), forward(model, q) @ matrix(TOOL), atol=1e-11)


@pytest.fixture
def kernels():
    before = compiled.kernel_name()
    yield [name for name in ("scalar", "baseline", "avx2") if compiled.use_kernel(name)]
    compiled.use_kernel(before)


@every_arm
def test_every_kernel_gives_the_same_bits(name, kernels):
    answers = []
    for kernel in kernels:
        assert compiled.use_kernel(kernel)
        arm = Arm.named(name, TOOL)
        joints = within(arm, np.random.default_rng(3), 33)
        answers.append([arm.forward_batch(joints), arm.jacobian_batch(joints)])
        if arm.solver != "numeric":
            answers[-1] += list(arm.inverse_batch(answers[-1][0], wanted=joints[0]))
    assert len(answers) >= 2
    for other in answers[1:]:
        for ours, theirs in zip(answers[0], other, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_a_kernel_that_is_none_is_not_used():
    before = compiled.kernel_name()
    assert not compiled.use_kernel("abacus")
    assert compiled.kernel_name() == before


@every_arm
def test_a_way_back_is_found(name):
    arm, rng = Arm.named(name, TOOL), np.random.default_rng(4)
    for q in within(arm, rng, 10):
        pose = arm.transform(q)
        for way in arm.inverse(pose):
            np.testing.assert_allclose(arm.transform(way), pose, atol=1e-7)
        found = arm.nearest(pose, q)
        assert found is not None
        assert arm.within_limits(found)
        np.testing.assert_allclose(arm.transform(found), pose, atol=1e-7)
        np.testing.assert_allclose(found, q, atol=1e-4)
        if arm.solver != "numeric":
            rows = arm.inverse_transform(pose, q)
            turning = np.array([joint.type is JointType.REVOLUTE for joint in arm.model.joints])
            off = np.where(turning, np.remainder(rows - q + math.pi, 2 * math.pi) - math.pi, rows - q)
            assert np.abs(off).max(axis=1).min() < 1e-5


def test_the_shipped_arms_are_solved_as_they_should():
    kinds = {name: Arm.named(name).solver for name in ARMS}
    assert {kinds[name] for name in ARMS if name.startswith("ur")} == {"parallel"}
    assert {kinds[n] for n in ("abb_irb120", "fanuc_lrmate_200id", "kuka_kr6_r900", "puma560", "staubli_tx2_60")} == {
        "wrist"
    }
    assert {kinds[name] for name in ARMS if name.startswith(("epson", "gantry"))} == {"flat"}
    assert {kinds["franka_panda"], kinds["kuka_iiwa14"]} == {"numeric"}


# -- iteration --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["franka_panda", "kuka_iiwa14", "ur5e", "epson_gx4_c301"])
def test_iteration_reaches_from_any_seed_and_keeps_the_limits(name):
    arm, rng = Arm.named(name, TOOL), np.random.default_rng(5)
    goals, seeds = within(arm, rng, 30), within(arm, rng, 30)
    for q, seed in zip(goals, seeds, strict=True):
        pose = arm.transform(q)
        found = arm.solve(pose, seed)
        assert found.reached
        assert arm.within_limits(found.joints)
        assert found.way <= 1e-9
        assert found.turn <= 1e-9
        np.testing.assert_allclose(arm.transform(found.joints), pose, atol=2e-9)
        again = arm.solve(pose, seed)
        np.testing.assert_array_equal(found.joints, again.joints)


def test_iteration_tells_what_is_left_where_a_pose_is_out_of_reach():
    arm = Arm.named("franka_panda")
    found = arm.solve(matrix(Pose(3.0, 0, 0.5)), (0, 0, 0, -1, 0, 1, 0), weight=(1, 1, 1, 0, 0, 0), tries=3)
    assert not found.reached
    assert 1.8 < found.way < 2.5  # 3 m, less a reach of 0.855 m and the flange
    assert arm.within_limits(found.joints)


def test_a_weight_of_zero_leaves_a_turn_free():
    arm = Arm.named("ur5e", Pose(0, 0, 0.1))
    pose = arm.transform((0.3, -1.2, 1.4, -0.9, -1.5, 0.4))
    seed = (0.3, -1.2, 1.4, -0.9, -1.5, 2.0)
    found = arm.solve(pose, seed, weight=(1, 1, 1, 1, 1, 0))
    assert found.reached
    reached = arm.transform(found.joints)
    np.testing.assert_allclose(reached[:3, 2:], pose[:3, 2:], atol=1e-8)
    assert found.joints[5] == pytest.approx(2.0, abs=1e-6)


def test_ways_of_an_arm_without_a_closed_form():
    arm = Arm.named("kuka_iiwa14")
    pose = arm.transform((0.3, 0.5, -0.2, -1.2, 0.4, 0.9, 0.1))
    ways = arm.inverse(pose)
    assert len(ways) > 10
    assert all(np.allclose(arm.transform(way), pose, atol=1e-8) and arm.within_limits(way) for way in ways)


# -- paths, turns, manipulability -----------------------------------------------------------------


def line(arm, start, goal, n=60):
    """Poses on the way of the joints from one to the other. Shape (n, 4, 4)."""
    return arm.forward_batch(np.linspace(start, goal, n))


@pytest.mark.parametrize("name", ["ur5e", "kuka_kr6_r900", "franka_panda", "epson_gx4_c301"])
def test_a_path_is_followed_on_one_branch(name):
    arm = Arm.named(name)
    start, goal = within(arm, np.random.default_rng(6), 2) * 0.4
    followed = arm.follow(line(arm, start, goal), start)
    assert followed.followed == 60
    assert followed.ended == ""
    if arm.solver != "numeric":
        np.testing.assert_allclose(followed.joints, np.linspace(start, goal, 60), atol=1e-5)
    assert np.abs(np.diff(followed.joints, axis=0)).max() < 0.1


def test_a_path_without_a_seed_is_followed_on_the_branch_that_gets_through():
    arm = Arm.named("ur5e")
    start, goal = (5.9, -1.2, 1.4, -0.9, -1.5, 0.4), (7.3, -1.2, 1.4, -0.9, -1.5, 0.4)  # beyond 360° one way round
    poses = line(arm, start, goal)
    assert arm.follow(poses, start).followed < 60
    assert "reached within the limits" in arm.follow(poses, start).ended or "jump" in arm.follow(poses, start).ended
    free = arm.follow(poses)
    assert free.followed == 60
    assert all(arm.within_limits(row) for row in free.joints)


def test_a_path_over_a_singular_wrist_goes_straight_on():
    arm = Arm.named("ur5e")
    start, goal = (0.3, -1.2, 1.4, -0.9, -0.3, 0.4), (0.3, -1.2, 1.4, -0.9, 0.3, 0.4)
    followed = arm.follow(line(arm, start, goal, 61), start)
    assert followed.followed == 61
    np.testing.assert_allclose(followed.joints[-1], goal, atol=1e-6)


def test_a_path_out_of_reach_tells_where():
    arm = Arm.named("ur5e")
    joints = (0.0, -1.2, 1.4, -0.9, -1.5, 0.4)
    poses = np.repeat(arm.transform(joints)[None], 20, axis=0)
    poses[:, 0, 3] += np.linspace(0, 1.5, 20)
    followed = arm.follow(poses, joints)
    assert 0 < followed.followed < 20
    assert f"pose {followed.followed}" in followed.ended
    assert np.isnan(followed.joints[followed.followed :]).all()
    assert arm.follow(poses[:0]).followed == 0


def test_turns_are_all_that_the_limits_allow():
    arm = Arm.named("ur5e")
    found = list(arm.turns((0.5, -0.5, 0.1, 3.0, -3.0, 6.2)))
    assert len(found) == 2**6
    assert all(arm.within_limits(each) for each in found)
    assert len(set(found)) == len(found)
    assert np.ptp(np.remainder(np.array(found), 2 * math.pi), axis=0).max() < 1e-9
    panda = Arm.named("franka_panda")
    assert list(panda.turns((0, 0, 0, 1.0, 0, 1, 0))) == []  # joint 4 is never above -0.07


def test_manipulability_is_zero_where_the_arm_is_singular():
    arm = Arm.named("ur5e")
    generic = (0.3, -1.2, 1.4, -0.9, -1.5, 0.4)
    expected = abs(np.linalg.det(arm.jacobian(generic)))
    assert arm.manipulability(generic) == pytest.approx(expected)
    for joint in (2, 4):
        singular = list(generic)
        singular[joint] = 0.0
        assert arm.manipulability(singular) < 1e-12
    both = arm.manipulability([generic, singular])
    assert both.shape == (2,)
    assert Arm.named("franka_panda").manipulability((0, 0, 0, -1.5, 0, 1.5, 0)) > 0.05


# -- what does not fit ------------------------------------------------------------------------

GOOD = (0.3, -1.2, 1.4, -0.9, -1.5, 0.4)
BAD_JOINTS = [
    (0.0,) * 5, (0.0,) * 7, [math.nan] * 6, (math.inf, 0, 0, 0, 0, 0), "joints", None, ("a",) * 6, np.zeros((1, 6)),
    np.zeros(6, complex), np.array(["x"] * 6), (), [[0.0] * 6] * 2, 3.0,
]  # fmt: skip


@pytest.mark.parametrize("joints", BAD_JOINTS, ids=repr)
def test_joints_that_do_not_fit_are_refused(joints):
    arm = Arm.named("ur5e")
    for call in (arm.forward, arm.transform, arm.jacobian):
        with pytest.raises(UsageError, match="joints"):
            call(joints)


@pytest.mark.parametrize(
    "pose", [np.eye(3), np.zeros((4, 4)), 2 * np.eye(4), np.full((4, 4), math.nan), None, "pose", np.eye(4)[None],
             Pose(math.nan), Pose(0, 0, 0, math.inf)], ids=repr,
)  # fmt: skip
def test_poses_that_are_none_are_refused(pose):
    for arm in (Arm.named("ur5e"), Arm.named("franka_panda"), Arm.named("kuka_kr6_r900")):
        for call in (lambda: arm.inverse(pose), lambda: arm.nearest(pose, (0.0,) * arm.degrees_of_freedom)):  # noqa: B023
            with pytest.raises(UsageError):
                call()


@pytest.mark.parametrize(
    "out", [np.empty((4, 3)), np.empty((4, 4), np.float32), np.empty((4, 8))[:, ::2], np.eye(4).tolist(), 1],
    ids=["shape", "dtype", "strided", "list", "number"],
)  # fmt: skip
def test_what_cannot_be_written_to_is_refused(out):
    with pytest.raises(UsageError, match="out"):
        Arm.named("ur5e").transform(GOOD, out)
    frozen = np.empty((4, 4))
    frozen.flags.writeable = False
    with pytest.raises(UsageError, match="out"):
        Arm.named("ur5e").transform(GOOD, frozen)


def test_joints_in_other_arrays_are_the_same_joints():
    arm, expected = Arm.named("ur5e"), Arm.named("ur5e").transform(GOOD)
    wide = np.zeros(12)
    wide[::2] = GOOD
    frozen = np.array(GOOD)
    frozen.flags.writeable = False
    for same in (list(GOOD), np.array(GOOD), wide[::2], frozen, np.array(GOOD, ">f8"), np.array(GOOD, np.longdouble)):
        np.testing.assert_array_equal(arm.transform(same), expected)
    many = np.asfortranarray(np.tile(GOOD, (5, 1)))
    assert (arm.forward_batch(many) == expected).all()
    assert (arm.transform((0, 1, 0, 1, 0, 1)) == arm.transform(np.array([0, 1, 0, 1, 0, 1], np.int32))).all()


def test_batches_of_nothing_and_of_numbers_that_are_none():
    arm = Arm.named("ur5e")
    assert arm.forward_batch(np.empty((0, 6))).shape == (0, 4, 4)
    assert arm.jacobian_batch(np.empty((0, 6))).shape == (0, 6, 6)
    assert arm.inverse_batch(np.empty((0, 4, 4)))[0].shape == (0, 8, 6)
    joints = np.tile(GOOD, (5, 1))
    joints[2, 3] = math.nan
    answer = arm.forward_batch(joints)
    assert np.isnan(answer[2]).any()
    assert np.isfinite(answer[[0, 1, 3, 4]]).all()


@pytest.mark.parametrize("value", [1e5, 1e9, 1e300, 5e-324, -1e17])
def test_far_and_tiny_angles(value):
    arm = Arm.named("ur5e")
    expected = arm.transform((math.remainder(value, 2 * math.pi), *GOOD[1:]))
    np.testing.assert_allclose(arm.transform((value, *GOOD[1:])), expected, atol=1e-9)


def test_questions_to_the_iteration_that_make_no_sense():
    arm = Arm.named("ur5e")
    pose = arm.transform(GOOD)
    for wrong in (
        {"weight": (1, 1, 1)}, {"weight": (0,) * 6}, {"weight": (math.nan, 1, 1, 1, 1, 1)},
        {"weight": (-1, 1, 1, 1, 1, 1)},
        {"way": 0.0}, {"turn": math.nan}, {"tries": 0}, {"rounds": 10**9},
    ):  # fmt: skip
        with pytest.raises(UsageError):
            arm.solve(pose, GOOD, **wrong)
    with pytest.raises(UsageError, match="seed"):
        arm.solve(pose, (math.nan,) * 6)


def test_an_arm_without_a_closed_form_says_so():
    with pytest.raises(UsageError, match="closed form"):
        Arm.named("franka_panda").inverse_transform(np.eye(4))


def test_apart_is_told_modulo_a_turn():
    assert apart(np.array([6.2]), np.array([6.2 - 2 * math.pi])) < 1e-12


@every_arm
def test_a_joint_at_its_limit_is_not_lost_to_rounding(name):
    arm = Arm.named(name)
    rng = np.random.default_rng(8)
    limits = np.array(arm.joint_limits).clip(-6, 6)
    for _ in range(40):
        q = rng.uniform(*limits.T)
        axis = rng.integers(len(q))
        q[axis] = limits[axis, rng.integers(2)]
        found = arm.nearest(arm.transform(q), q)
        assert found is not None
        assert arm.within_limits(found)
        np.testing.assert_allclose(arm.transform(found), arm.transform(q), atol=1e-8)


def test_a_seed_that_is_too_many_turns_away_is_refused():
    joints = tuple(replace(joint, lower=-math.inf, upper=math.inf) for joint in load("ur5e").joints)
    arm = Arm(RobotModel("free", joints))
    pose = arm.transform([0.1, -1, 1, 0.3, 1, 0])
    near = arm.nearest(pose, [99_000.0] * 6)
    np.testing.assert_allclose(arm.transform(near), pose, atol=1e-9)
    for ask in (arm.nearest, arm.solve, lambda at, seed: arm.follow(at[None], seed)):
        with pytest.raises(UsageError, match=r"seed\[0\] is 1e\+10, beyond 100000"):
            ask(pose, [1e10] * 6)


def test_turns_are_told_one_by_one_however_many_there_are():
    arm = Arm(load("ur5e").limited([-1e9] * 6, [1e9] * 6))
    many = arm.turns([0.1] * 6)
    assert len({next(many) for _ in range(100)}) == 100
    for wrong in ([0.1] * 5, [math.nan] * 6, [math.inf] * 6):
        with pytest.raises(UsageError, match="joints"):
            arm.turns(wrong)
    assert len(list(Arm.named("ur10e").turns([0.1] * 6))) == 2**6


def test_without_a_seed_the_turns_are_those_that_stay_longest_within_the_limits():
    arm = Arm(load("ur5e").limited([-1.0, -6, -6, -6, -6, -6], [5.0, 6, 6, 6, 6, 6]))
    start = np.array([-0.9, -1.2, 1.4, -1.7, -1.5, 0.3])
    swing = np.linspace(0, 1, 200)[:, None] * [5.8, 0, 0, 0, 0, 0] + start
    followed = arm.follow(arm.forward_batch(swing))
    assert followed.followed == 200
    np.testing.assert_allclose(arm.forward_batch(followed.joints), arm.forward_batch(swing), atol=1e-9)
    assert all(arm.within_limits(joints) for joints in followed.joints)
    further = np.linspace(0, 1, 200)[:, None] * [9.0, 0, 0, 0, 0, 0] + start
    ended = arm.follow(arm.forward_batch(further))
    assert 100 < ended.followed < 200
    assert ended.ended == f"pose {ended.followed} cannot be reached within the limits"
    assert np.isnan(ended.joints[ended.followed :]).all()
    assert all(arm.within_limits(joints) for joints in ended.joints[: ended.followed])


def test_an_arm_goes_to_another_process():
    arm = Arm.named("kuka_kr6_r900", Pose(z=0.1))
    other = pickle.loads(pickle.dumps(arm))
    q = [0.1, -1, 1, 0.3, 1, 0]
    np.testing.assert_array_equal(other.transform(q), arm.transform(q))
    assert repr(other) == "Arm(kuka_kr6_r900, 6 joints, wrist)"


def test_a_tool_may_be_a_pose_or_a_body_and_must_be_finite():
    pose = Pose(0.1, z=0.2, rx=0.3)
    q = [0.1, -1, 1, 0.3, 1, 0]
    assert Arm.named("ur5e", Tool(pose)).forward(q) == Arm.named("ur5e", pose).forward(q)
    with pytest.raises(UsageError, match="tool"):
        Arm.named("ur5e", Pose(math.nan))


def test_an_arm_of_something_else_is_refused():
    for wrong in ("ur5e", load("abb_irb360_1600")):
        with pytest.raises(UsageError, match="an Arm of"):
            Arm(wrong)


def test_a_path_may_be_a_list_of_poses():
    arm = Arm.named("ur5e")
    swing = np.linspace(0, 0.1, 20)[:, None] + [0.1, -1, 1, 0.3, 1, 0]
    poses = [arm.forward(q) for q in swing]
    np.testing.assert_allclose(arm.follow(poses, swing[0]).joints, swing, atol=1e-8)
    assert arm.follow([]).followed == 0


def test_uneven_poses_beside_a_singular_elbow_are_followed_by_their_places():
    arm = Arm.named("ur5e")
    s = np.concatenate([np.linspace(0, 1, 21), [1 + 1e-6], np.linspace(1.05, 2, 20)])
    joints = np.array([0.3, -0.8, 0.0, 1.2, 0.4, 0.2]) + 0.3 * s[:, None] * [1, 1, 0, 1, 1, 1]
    joints[:, 2] = -0.02 - 0.05 * np.abs(s - 1) ** 2 - 1.5 * np.maximum(0, 1 - s)  # comes near to zero, and goes back
    poses = arm.forward_batch(joints)
    followed = arm.follow(poses, joints[0], places=s)
    assert followed.ended == ""
    assert np.allclose(followed.joints, joints, atol=1e-7)
    with pytest.raises(UsageError, match="places"):
        arm.follow(poses, joints[0], places=s[1:])
