"""The delta robot: against its closure equations, numeric slopes, and its own round trips."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cellctl.errors import UsageError
from cellctl.motion import Pose
from cellctl.motion.delta import DeltaArm
from cellctl.motion.delta_model import DeltaModel
from cellctl.motion.model import Joint

MODEL = DeltaModel("picker", 0.2, 0.045, 0.3, 0.8, -0.9, 1.6, 10.0)
TURN = Joint("turn", lower=-3.0, upper=3.0, speed=20)
ARM = DeltaArm(MODEL)

lengths = st.floats(0.05, 0.5)
models = st.builds(
    lambda base, platform, upper, more: DeltaModel("any", base, platform, upper, upper + abs(base - platform) + more),
    lengths, st.floats(0.01, 0.3), lengths, st.floats(0.05, 0.6),
)  # fmt: skip
angles = st.floats(-math.pi, math.pi)
triples = st.tuples(angles, angles, angles)


def knees(model, joints):
    """The knees as seen from the middle of the platform, from the drawing: no formula of the solver is used."""
    about = math.tau * np.arange(3) / 3
    outward = np.stack([np.cos(about), np.sin(about), np.zeros(3)], axis=1)
    out = model.base_radius + model.upper_arm * np.cos(joints)
    return outward * (out - model.platform_radius)[:, None] - model.upper_arm * np.outer(np.sin(joints), [0, 0, 1])


def closure(model, joints, place):
    """How long each forearm would have to be."""
    return np.linalg.norm(np.asarray(place) - knees(model, joints), axis=1)


def answered(arm, joints):
    try:
        return arm.forward(joints)
    except UsageError:
        return None


@settings(deadline=None, derandomize=True)
@given(models, triples)
def test_forward_closes_every_arm_at_the_lower_point(model, joints):
    pose = answered(DeltaArm(model), joints)
    assume(pose is not None)
    np.testing.assert_allclose(closure(model, joints, pose[:3]), model.forearm, atol=2e-7)
    first, second, third = knees(model, joints)
    normal = np.cross(second - first, third - first)
    height = (np.array(pose[:3]) - first) @ normal / (normal @ normal)
    assert pose.z <= (pose[:3] - 2 * height * normal)[2] + 1e-9  # of both points where the forearms meet, the lower


@settings(deadline=None, derandomize=True)
@given(models, triples)
def test_the_way_back_is_among_the_branches(model, joints):
    arm = DeltaArm(model)
    pose = answered(arm, joints)
    assume(pose is not None)
    found = arm.inverse(pose)
    assert 1 <= len(found) <= 8
    for branch in found:
        np.testing.assert_allclose(closure(model, branch, pose[:3]), model.forearm, atol=3e-7)
    gaps = [max(abs(math.remainder(a - b, math.tau)) for a, b in zip(branch, joints, strict=True)) for branch in found]
    assert min(gaps) < 5e-3  # a stretched arm turns by the root of what its forearm gives
    sizes = abs(np.array([arm.manipulability(joints), model.upper_arm**3]))
    if 1e-3 < sizes[0] / sizes[1] < 1e3:
        assert min(gaps) < 1e-8


@settings(deadline=None, derandomize=True)
@given(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), st.floats(-0.95, -0.6))
def test_within_its_room_every_place_has_eight_branches_and_the_first_works(x, y, z):
    found = ARM.inverse(Pose(x, y, z))
    assume(found)
    for branch in found:
        np.testing.assert_allclose(ARM.forward(branch), (x, y, z, 0, 0, 0), atol=1e-7)
    # knees outward: of both angles that an arm has, the smaller one, which carries the knee further out
    first = np.array(found[0])
    for branch in found:
        assert (np.cos(first) >= np.cos(branch) - 1e-9).all()
    if math.hypot(x, y) < 0.2 and z > -0.9:
        assert len(found) == 8
        assert len({tuple(np.round(branch, 6)) for branch in found}) == 8


def test_arms_held_alike_carry_the_platform_on_the_axis():
    for q in np.linspace(-0.8, 1.5, 20):
        pose = ARM.forward((q, q, q))
        out = 0.2 - 0.045 + 0.3 * math.cos(q)
        np.testing.assert_allclose(pose, (0, 0, -0.3 * math.sin(q) - math.sqrt(0.64 - out * out), 0, 0, 0), atol=1e-14)


def test_a_third_of_a_turn_changes_the_arms_only():
    pose = ARM.forward((0.1, 0.5, 0.9))
    turned = Pose(rz=math.tau / 3).point(*pose[:3])
    np.testing.assert_allclose(ARM.forward((0.9, 0.1, 0.5))[:3], turned, atol=1e-14)


@settings(deadline=None, derandomize=True)
@given(models, triples)
def test_the_jacobian_is_the_slope(model, joints):
    arm = DeltaArm(model)
    assume(answered(arm, joints) is not None)
    size = arm.manipulability(joints)
    assume(1e-4 < size / model.upper_arm**3 < 30)
    found = arm.jacobian(joints)
    step, slopes = 1e-6, np.empty((3, 3))
    for k in range(3):
        sides = [answered(arm, np.array(joints) + side * step * np.eye(3)[k]) for side in (-1, 1)]
        assume(None not in sides)
        slopes[:, k] = (np.array(sides[1][:3]) - sides[0][:3]) / (2 * step)
    np.testing.assert_allclose(found, slopes, atol=1e-5 * max(1.0, abs(found).max() ** 2))
    assert size == pytest.approx(abs(np.linalg.det(found)), rel=1e-6, abs=1e-12)


def test_stretched_arms_leave_one_way_and_no_manipulability():
    hip = 0.155  # from where a platform's joint is with the platform in the middle
    reach = math.sqrt(1.1**2 - 0.7**2)
    rim = ARM.inverse(Pose(hip - reach, 0.0, -0.7))
    assert rim
    assert all(branch[0] == pytest.approx(math.atan2(0.7, -reach), abs=1e-6) for branch in rim)
    assert ARM.inverse(Pose(hip - reach - 1e-6, 0.0, -0.7)) == []
    (straight,) = ARM.inverse(Pose(0.0, 0.0, -math.sqrt(1.1**2 - hip**2)))
    assert straight == pytest.approx([math.acos(-hip / 1.1)] * 3, abs=1e-6)
    assert ARM.manipulability(straight) < 1e-6
    assert abs(ARM.jacobian(straight)).max() < 1e-6


@pytest.mark.parametrize("short", [1e-15, 1e-12, 1e-9, 1e-6, 1e-3])
def test_near_the_rim_nothing_is_lost(short):
    place = (0.0, 0.0, short - math.sqrt(1.1**2 - 0.155**2))
    found = ARM.inverse(Pose(*place))
    assert len(found) == (1 if short < 1e-14 else 8)
    for branch in found:
        np.testing.assert_allclose(closure(MODEL, branch, place), 0.8, atol=2e-15)


def test_a_loose_platform_is_told():
    flat = DeltaArm(DeltaModel("flat", 0.3, 0.1, 0.2, 0.4))
    level = (0.0, 0.0, 0.0)
    np.testing.assert_allclose(flat.forward(level)[:3], (0, 0, 0), atol=1e-8)
    with pytest.raises(UsageError, match="gives way"):
        flat.jacobian(level)
    assert flat.manipulability(level) == math.inf


def test_arms_that_cannot_meet_are_told():
    with pytest.raises(UsageError, match=r"0°, 0°, 0° the forearms do not meet"):
        DeltaArm(DeltaModel("wide", 0.5, 0.1, 0.3, 0.45)).forward((0, 0, 0))
    with pytest.raises(UsageError, match="on one line"):
        DeltaArm(DeltaModel("point", 0.1, 0.1, 0.2, 0.4)).forward((math.pi / 2,) * 3)


def test_out_of_reach_tilted_and_turned_poses_have_no_way():
    assert ARM.inverse(Pose(0, 0, -0.8))
    for pose in (
        Pose(0, 0, -1.3), Pose(0.9, 0, -0.8), Pose(0, 2.0, -0.8), Pose(1e300, 0, 0),
        Pose(0, 0, -0.8, 0.01, 0, 0), Pose(0, 0, -0.8, 0, 0, 0.5), Pose(0, 0, -0.8, math.pi, 0, 0),
    ):  # fmt: skip
        assert ARM.inverse(pose) == []


@settings(deadline=None, derandomize=True)
@given(st.tuples(*[st.floats(-0.3, 1.2)] * 3), st.floats(-3, 3))
def test_a_flange_that_turns_and_a_tool(joints, turn):
    tool = Pose(0.02, -0.01, -0.1, 0.3, 0.2, -0.4)
    arm = DeltaArm(MODEL, tool, TURN)
    pose = answered(arm, (*joints, turn))
    assume(pose is not None)
    gaps = [max(abs(np.subtract(branch, (*joints, turn)))) for branch in arm.inverse(pose)]
    assert min(gaps) < 1e-6
    flange = DeltaArm(MODEL).forward(joints) @ Pose(rz=turn)
    way, angle = (flange @ tool).distance(pose)
    assert way < 1e-12
    assert angle < 1e-7
    jacobian = arm.jacobian((*joints, turn))
    np.testing.assert_array_equal(jacobian[3], [0, 0, 0, 1])
    np.testing.assert_array_equal(jacobian[:3, :3], DeltaArm(MODEL).jacobian(joints))


@pytest.mark.parametrize("turn", [None, TURN])
def test_batches_are_as_one_by_one(turn):
    arm = DeltaArm(MODEL, turn=turn)
    rng = np.random.default_rng(5)
    joints = rng.uniform(-1.5, 3.0, (200, arm.degrees_of_freedom))
    places, given_out = arm.forward_batch(joints), np.empty_like(joints)
    assert arm.forward_batch(joints, given_out) is given_out
    for row, place in zip(joints, places, strict=True):
        pose = answered(arm, row)
        if pose is None:
            assert np.isnan(place[:3]).all()
        else:
            np.testing.assert_array_equal(place[:3], pose[:3])
    asked = rng.uniform([-0.4, -0.4, -1.1, -3][: joints.shape[1]], [0.4, 0.4, -0.3, 3][: joints.shape[1]], joints.shape)
    found, counts = arm.inverse_batch(asked)
    assert 0 in counts and 8 in counts
    for place, branches, count in zip(asked, found, counts, strict=True):
        alone = arm.inverse(Pose(*place[:3], rz=place[3] if len(place) > 3 else 0.0))
        assert count == len(alone)
        np.testing.assert_allclose(branches[:count], np.array(alone).reshape(count, joints.shape[1]), atol=1e-12)
        assert np.isnan(branches[count:]).all()
    again = arm.inverse_batch(asked, np.empty_like(found), np.empty_like(counts))
    np.testing.assert_array_equal(again[1], counts)


@pytest.mark.parametrize(
    "joints",
    [(0, 0), (0, 0, 0, 0), (0, math.nan, 0), (math.inf, 0, 0), "abc", [[0, 0, 0]], None, (1e999, 0, 0), 3.0, ()],
)
def test_joints_that_are_none_are_refused(joints):
    for ask in (ARM.forward, ARM.jacobian, ARM.manipulability):
        with pytest.raises(UsageError, match="picker: joints"):
            ask(joints)


@pytest.mark.parametrize("rows", [[0, 0, 0], [[0, 0]], [[0, 0, math.nan]], np.zeros((2, 3, 3)), np.zeros((2, 4))])
def test_batches_that_do_not_fit_are_refused(rows):
    for ask in (ARM.forward_batch, ARM.inverse_batch):
        with pytest.raises(UsageError, match="picker"):
            ask(rows)


def test_arrays_of_any_layout_are_read_and_only_fitting_ones_written():
    joints = np.random.default_rng(6).uniform(0, 1, (6, 6))[::2, ::2]
    joints.flags.writeable = False
    expected = ARM.forward_batch(joints.copy())
    np.testing.assert_array_equal(ARM.forward_batch(joints), expected)
    assert ARM.forward_batch(np.empty((0, 3))).shape == (0, 3)
    assert ARM.inverse_batch(np.empty((0, 3)))[0].shape == (0, 8, 3)
    locked = np.empty((3, 3))
    locked.flags.writeable = False
    for out in (locked, np.empty((2, 3)), np.empty((3, 3), np.float32), np.empty((3, 6))[:, ::2], [[0.0] * 3] * 3):
        with pytest.raises(UsageError, match="out must be"):
            ARM.forward_batch(joints, out)
    with pytest.raises(UsageError, match="counts must be"):
        ARM.inverse_batch(joints, None, np.empty(3, np.int64))


def test_a_pose_that_is_none_is_refused():
    with pytest.raises(UsageError, match="not finite"):
        ARM.inverse(Pose(0, math.nan, -0.8))


def test_extreme_numbers_end_in_an_answer():
    for size in (5e-324, 1e-200, 1e200, 1e308):
        DeltaArm(DeltaModel("odd", size, size, size, size)).inverse(Pose(size, 0, -size))
        assert len(DeltaArm(MODEL).forward_batch([[size] * 3])) == 1
        assert answered(DeltaArm(DeltaModel("odd", size, size, size, size)), (0.1, 0.2, 0.3)) is None or size < 1


def test_limits_and_speeds():
    arm = DeltaArm(MODEL, turn=TURN)
    assert arm.joint_limits == ((-0.9, 1.6),) * 3 + ((-3.0, 3.0),)
    assert arm.joint_speeds == (10.0, 10.0, 10.0, 20)
    assert arm.within_limits((0, 0, 0, 2.9))
    assert not arm.within_limits((0, 0, 1.7, 0))
    assert not arm.within_limits((0, 0, 0, 3.1))


def test_a_motion_through_its_room_keeps_its_branch():
    """Along a straight line the first row moves without a jump."""
    line = [ARM.inverse(Pose(0.25 - 0.005 * k, -0.2 + 0.004 * k, -0.75))[0] for k in range(100)]
    assert max(np.abs(np.subtract(a, b)).max() for a, b in pairwise(line)) < 0.05


# -- the way next to where it stands ------------------------------------------------------------------


def apart(a, b):
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


@settings(deadline=None, derandomize=True)
@given(st.tuples(*[st.floats(-0.9, 1.6)] * 3), st.tuples(*[st.floats(-0.02, 0.02)] * 3))
def test_nearest_is_the_way_that_it_came_from(joints, aside):
    pose = answered(ARM, joints)
    assume(pose is not None and ARM.manipulability(joints) > 1e-4)
    found = ARM.nearest(pose, tuple(a + b for a, b in zip(joints, aside, strict=True)))
    assert found is not None
    assert ARM.within_limits(found)
    assert apart(found, joints) < 1e-6


@settings(deadline=None, derandomize=True)
@given(st.tuples(*[st.floats(-0.9, 1.6)] * 3), st.tuples(*[st.floats(-0.9, 1.6)] * 3))
def test_nearest_is_a_way_within_the_limits_or_there_is_none(joints, seed):
    pose = answered(ARM, joints)
    assume(pose is not None)
    allowed = [way for way in ARM.inverse(pose) if ARM.within_limits(way)]
    found = ARM.nearest(pose, seed)
    assert (found is None) == (not allowed)
    if found is not None:
        assert min(apart(found, way) for way in allowed) < 1e-12
        assert ARM.forward(found).distance(pose)[0] < 2e-7


def test_nearest_keeps_the_knees_outward_though_a_knee_inward_is_nearer():
    wide = DeltaArm(DeltaModel("wide", 0.2, 0.045, 0.3, 0.8, -math.pi, math.pi))
    pose = wide.forward((0.2, 0.3, 0.1))
    outward, *others = wide.inverse(pose)
    inward = next(way for way in others if apart(way[1:], outward[1:]) < 1e-9)  # the first knee alone
    seed = (outward[0] + 0.55 * (inward[0] - outward[0]), *outward[1:])
    assert wide.inverse(wide.forward(seed))[0] == pytest.approx(seed)  # all knees outward
    assert abs(seed[0] - inward[0]) < abs(seed[0] - outward[0])
    assert wide.nearest(pose, seed) == pytest.approx(outward)
    assert wide.nearest(pose, inward) == pytest.approx(inward)


def test_nearest_brings_the_turn_next_to_the_seed_and_within_its_limits():
    arm = DeltaArm(MODEL, Pose(0.01, 0, -0.1), Joint("turn", lower=-10.0, upper=7.0))
    pose = arm.forward((0.1, 0.2, 0.3, 0.5))
    assert arm.nearest(pose, (0, 0, 0, 6.0))[3] == pytest.approx(0.5 + math.tau)
    assert arm.nearest(pose, (0, 0, 0, 40.0))[3] == pytest.approx(0.5 + math.tau)
    assert arm.nearest(pose, (0, 0, 0, -40.0))[3] == pytest.approx(0.5 - math.tau)
    assert DeltaArm(MODEL, Pose(0.01, 0, -0.1), TURN).nearest(pose, (0, 0, 0, 3.0))[3] == pytest.approx(0.5)
    narrow = DeltaArm(MODEL, Pose(0.01, 0, -0.1), Joint("turn", lower=1.0, upper=3.0))
    assert narrow.inverse(pose)
    assert narrow.nearest(pose, (0, 0, 0, 2.0)) is None


def test_nearest_has_none_out_of_reach_and_beyond_the_limits():
    assert ARM.nearest(Pose(0, 0, -3), (0, 0, 0)) is None
    assert ARM.nearest(Pose(0, 0, -0.7, 0.3), (0, 0, 0)) is None  # tilted
    low = DeltaArm(DeltaModel("low", 0.2, 0.045, 0.3, 0.8, -0.1, 0.1))
    pose = low.forward((1.0, 1.0, 1.0))
    assert low.inverse(pose)
    assert not low.within_limits((1.0, 1.0, 1.0))
    assert low.nearest(pose, (1.0, 1.0, 1.0)) is None


def test_a_seed_at_which_the_platform_has_no_place_is_a_seed_still():
    short = DeltaArm(DeltaModel("short", 0.6, 0.045, 0.3, 0.6))
    assert answered(short, (0, 0, 0)) is None
    joints = (1.5, 1.5, 1.5)
    assert short.nearest(short.forward(joints), (0, 0, 0)) == pytest.approx(joints)


@pytest.mark.parametrize("joints", [(0, 0), (0, 0, 0, 0), (0, math.nan, 0), (math.inf, 0, 0), "abc", None, [[0, 0, 0]]])
def test_what_is_no_seed_is_refused_by_name(joints):
    pose = ARM.forward((0, 0, 0))
    with pytest.raises(UsageError, match="seed") as told:
        ARM.nearest(pose, joints)
    assert told.value.where == "picker"
    with pytest.raises(UsageError, match="joints"):
        ARM.within_limits(joints)


def test_a_pose_that_is_not_finite_is_refused():
    with pytest.raises(UsageError, match="not finite"):
        ARM.nearest(Pose(math.nan), (0, 0, 0))
