"""SCARA arms and gantries: every row leads back to the pose, by frames multiplied joint by joint."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cellctl.errors import UsageError
from cellctl.motion import Arm, Pose
from cellctl.motion.flat import Gantry, Scara, recognise
from cellctl.motion.lines import lines_of, matrix
from cellctl.motion.model import Joint, JointType, RobotModel

SLIDE, TURN = JointType.PRISMATIC, JointType.REVOLUTE

metres = st.floats(-0.5, 0.5)
radians = st.floats(-3.1, 3.1)
poses = st.builds(Pose, metres, metres, metres, radians, st.floats(-1, 1), st.floats(-1, 1))
in_plane = st.builds(lambda x, y, z, turn: Pose(x, y, z, rz=turn), metres, metres, metres, radians)
directions = (
    st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: math.hypot(*v) > 0.1).map(lambda v: v / np.hypot.reduce(v))
)


def forward(model, joints):
    """The flange, by the definition of a joint."""
    at = np.eye(4)
    for joint, value in zip(model.joints, joints, strict=True):
        along = np.array(joint.axis) * value
        move = Pose(*along) if joint.type is SLIDE else Pose(0, 0, 0, *along)
        at = at @ matrix(joint.placement) @ matrix(move)
    return at @ matrix(model.flange)


@st.composite
def scaras(draw):
    kinds = draw(st.permutations([SLIDE, TURN, TURN, TURN]))
    joints = [
        Joint(f"j{k}", draw(in_plane), (0, 0, draw(st.sampled_from([1.0, -1.0]))), kind) for k, kind in enumerate(kinds)
    ]
    joints[0] = Joint("j0", draw(poses), joints[0].axis, kinds[0])
    return RobotModel("scara", tuple(joints), draw(poses))


@st.composite
def gantries(draw, turns):
    joints = [Joint(f"s{k}", draw(poses), tuple(draw(directions)), SLIDE) for k in range(3)]
    joints += [Joint(f"t{k}", draw(poses), tuple(draw(directions))) for k in range(turns)]
    return RobotModel("gantry", tuple(joints), draw(poses))


def gap(model, one, other):
    """The greatest difference of two rows; turns count modulo a full one."""
    differences = np.subtract(one, other)
    turning = np.array([joint.type is TURN for joint in model.joints])
    return np.abs(np.where(turning, np.remainder(differences + np.pi, math.tau) - np.pi, differences)).max()


def solved(model, joints, wanted=None):
    """All rows for the pose that the joints lead to; each of them leads there again."""
    flange = forward(model, joints)
    found = Arm(model).inverse_transform(flange, wanted)
    for row in found:
        np.testing.assert_allclose(forward(model, row), flange, atol=1e-9)
        turns = [value for value, joint in zip(row, model.joints, strict=True) if joint.type is TURN]
        assert np.abs(turns).max(initial=0) <= math.pi
    return found


def table_scara(kinds="RRPR", elbow=0.25):
    """Axes at x = 0, 0.3 and 0.3 + elbow."""
    placements = {0: Pose(z=0.2), 1: Pose(0.3), 2: Pose(elbow)}
    joints, turn = [], 0
    for k, kind in enumerate(kinds):
        joints.append(Joint(f"j{k}", placements[turn] if kind == "R" else Pose(), type=TURN if kind == "R" else SLIDE))
        turn += kind == "R"
    return RobotModel(kinds, tuple(joints), Pose(0.02, 0, -0.1, math.pi))


@settings(deadline=None, derandomize=True)
@given(scaras(), st.tuples(*[radians] * 4))
def test_scara_the_way_back_is_among_both_elbows(model, joints):
    geometry = recognise(lines_of(model))
    assume(geometry is not None)
    assert isinstance(geometry, Scara)
    assume(min(geometry.first, geometry.second) > 0.01)
    found = solved(model, joints)
    assert 1 <= len(found) <= 2
    elbow = joints[geometry.turns[1]] * geometry.signs[1] + geometry.bend
    folded = abs(geometry.first - geometry.second) < 1e-3 and math.cos(elbow) < 0
    if abs(math.sin(elbow)) > 1e-3 and not folded:
        assert len(found) == 2
        assert min(gap(model, row, joints) for row in found) < 1e-9


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_gantry_the_way_back_is_among_the_rows(turns):
    @settings(deadline=None, derandomize=True)
    @given(gantries(turns), st.tuples(*[radians] * (3 + turns)))
    def holds(model, joints):
        geometry = recognise(lines_of(model))
        assume(geometry is not None)
        assert isinstance(geometry, Gantry)
        assume(np.linalg.norm(geometry.undo) < 1e3)
        assume(
            all(np.linalg.norm(np.cross(a, b)) > 1e-2 for a, b in zip(geometry.axes, geometry.axes[1:], strict=False))
        )
        found = solved(model, joints)
        assert 1 <= len(found) <= 2
        if turns < 3:
            assert len(found) == 1
            assert gap(model, found[0], joints) < 1e-6
        elif len(found) == 2:
            assert min(gap(model, row, joints) for row in found) < 1e-4

    holds()


@pytest.mark.parametrize("kinds", ["RRPR", "RRRP", "PRRR", "RPRR"])
def test_scara_reach(kinds):
    model = table_scara(kinds)
    inverse = Arm(model)
    geometry = recognise(lines_of(model))
    turns, slide = geometry.turns, geometry.slide
    joints = np.zeros(4)
    joints[list(turns)], joints[slide] = (0.4, 0.9, -0.3), -0.07
    right, left = sorted(inverse.inverse_transform(forward(model, joints)), key=lambda row: row[turns[1]], reverse=True)
    np.testing.assert_allclose(right, joints, atol=1e-12)
    assert left[turns[1]] == pytest.approx(-0.9)
    assert left[slide] == pytest.approx(-0.07)

    joints[turns[1]] = 0.0  # straight: one way
    (straight,) = solved(model, joints)
    np.testing.assert_allclose(straight, joints, atol=1e-7)
    joints[turns[1]] = math.pi
    (folded,) = solved(model, joints)
    assert gap(model, folded, joints) < 1e-6

    joints[turns[1]] = 0.0
    beyond = forward(model, joints)
    outward = np.array([math.cos(0.4), math.sin(0.4), 0])
    beyond[:3, 3] += 5e-8 * outward
    assert len(inverse.inverse_transform(beyond)) == 1
    beyond[:3, 3] += 1e-6 * outward
    assert inverse.inverse_transform(beyond).shape == (0, 4)
    near = forward(model, joints)
    near[:2, 3] = 0.05 * outward[:2] - (0.55 * outward[:2] - near[:2, 3]) - 0.01 * outward[:2]
    assert len(inverse.inverse_transform(near)) == 0


@pytest.mark.parametrize("bent", [1e-9, 1e-7, 1e-6, 1e-4, math.pi - 1e-8, math.pi - 1e-5])
@pytest.mark.parametrize("elbow", [0.25, 0.3])
def test_near_a_straight_elbow_nothing_is_lost(bent, elbow):
    model = table_scara(elbow=elbow)
    flange = forward(model, (0.7, bent, -0.02, 0.4))
    found = Arm(model).inverse_transform(flange)
    assert len(found) >= 1
    for row in found:
        np.testing.assert_allclose(forward(model, row), flange, atol=5e-15)
    if bent == 1e-4:
        assert len(found) == 2
        assert min(gap(model, row, (0.7, bent, -0.02, 0.4)) for row in found) < 1e-10


def test_scara_folded_upon_its_first_axis_keeps_what_is_wanted():
    model = table_scara("RRPR", elbow=0.3)
    joints = (0.7, math.pi, -0.02, 0.4)
    for first in (-2.0, 0.0, 1.5):
        (row,) = solved(model, joints, (first, 0, 0, 0))
        assert row[0] == pytest.approx(first, abs=1e-12)
    assert len(solved(model, joints)) == 1


def test_tilted_poses_have_no_way():
    scara = table_scara()
    upright = forward(scara, (0.4, 0.9, -0.03, 0.2))
    inverse = Arm(scara)
    for tilt in (1e-6, 0.1, math.pi):
        assert len(inverse.inverse_transform(upright @ matrix(Pose(rx=tilt)))) == 0
    assert len(inverse.inverse_transform(upright @ matrix(Pose(rx=1e-9)))) == 2


def slides(*axes):
    return [Joint(f"s{k}", axis=axis, type=SLIDE) for k, axis in enumerate(axes)]


XYZ = slides((1, 0, 0), (0, 1, 0), (0, 0, 1))


def test_gantries_answer_only_what_their_wrist_can():
    plain = Arm(RobotModel("xyz", tuple(XYZ)))
    np.testing.assert_allclose(plain.inverse_transform(matrix(Pose(1, 2, 3))), [[1, 2, 3]])
    for turn in (Pose(rx=1e-5), Pose(rz=math.pi), Pose(ry=-2)):
        assert len(plain.inverse_transform(matrix(turn))) == 0
    turning = Arm(RobotModel("xyzc", (*XYZ, Joint("c"))))
    np.testing.assert_allclose(turning.inverse_transform(matrix(Pose(1, 2, 3, rz=0.5))), [[1, 2, 3, 0.5]])
    np.testing.assert_allclose(turning.inverse_transform(matrix(Pose(1, 2, 3, rz=math.pi)))[0, 3] % math.tau, math.pi)
    assert len(turning.inverse_transform(matrix(Pose(1, 2, 3, 0.1, 0, 0.5)))) == 0
    two = Arm(RobotModel("xyzca", (*XYZ, Joint("c"), Joint("a", axis=(1, 0, 0)))))
    both = matrix(Pose(1, 2, 3, rz=0.5)) @ matrix(Pose(rx=-0.7))
    np.testing.assert_allclose(two.inverse_transform(both), [[1, 2, 3, 0.5, -0.7]], atol=1e-12)
    assert len(two.inverse_transform(both @ matrix(Pose(ry=1e-3)))) == 0


WRIST = RobotModel(
    "wrist", (*XYZ, Joint("a"), Joint("b", Pose(0.1, 0, 0.2), (0, 1, 0)), Joint("c", Pose(0, 0.1, 0))), Pose(z=0.1)
)


def test_a_gantry_with_a_wrist_has_two_ways_to_every_pose():
    rng = np.random.default_rng(8)
    for _ in range(200):
        joints = rng.uniform(-3, 3, 6)
        found = solved(WRIST, joints)
        assert len(found) == 2
        assert min(gap(WRIST, row, joints) for row in found) < 1e-10


@pytest.mark.parametrize("bent", [0.0, math.pi, 1e-12, 1e-9, 1e-7, 1e-5, math.pi - 1e-8])
def test_near_a_straight_wrist_nothing_is_lost(bent):
    joints = (0.3, -0.2, 0.5, 0.4, bent, -1.1)
    flange = forward(WRIST, joints)
    found = Arm(WRIST).inverse_transform(flange, (0, 0, 0, 0.4, 0, 0))
    singular = abs(math.sin(bent)) < 1e-10
    assert len(found) == (1 if singular else 2)
    for row in found:
        np.testing.assert_allclose(forward(WRIST, row), flange, atol=2e-10 if singular else 1e-14)
    if singular:
        assert found[0][3] == pytest.approx(0.4)


def test_slides_behind_turns_along_their_axis_are_gantries_too():
    model = RobotModel("xyrz", (*XYZ[:2], Joint("r"), Joint("z", axis=(0, 0, -1), type=SLIDE)), Pose(0.1))
    joints = (0.3, -0.4, 1.2, 0.5)
    np.testing.assert_allclose(solved(model, joints), [joints], atol=1e-14)


@pytest.mark.parametrize(
    "joints",
    [
        [Joint("a"), Joint("b", Pose(0.3)), Joint("c", Pose(0.2))],  # no slide
        [Joint("a"), Joint("b", Pose(0.3)), Joint("c", Pose(0.2)), Joint("d", axis=(1, 0, 0), type=SLIDE)],
        [Joint("a"), Joint("b", Pose(0.3)), Joint("c", Pose(0.2), (1, 0, 0)), Joint("d", type=SLIDE)],
        [Joint("a"), Joint("b"), Joint("c", Pose(0.2)), Joint("d", type=SLIDE)],  # no first link
        [Joint("a"), Joint("b", Pose(0.2)), Joint("c"), Joint("d", type=SLIDE)],  # no second one
        slides((1, 0, 0), (0, 1, 0)),
        slides((1, 0, 0), (0, 1, 0), (0.6, 0.8, 0)),  # they span a plane
        [*XYZ, Joint("a"), Joint("b", Pose(0.1))],  # two turns about one direction
        [*XYZ[:2], Joint("a"), Joint("z", axis=(0.6, 0, 0.8), type=SLIDE)],  # the turn changes the slide
        [*XYZ, Joint("a"), Joint("b", axis=(1, 0, 0)), Joint("c"), Joint("d", axis=(1, 0, 0))],
        [Joint("a")],
    ],
)
def test_other_arms_are_not_taken_for_one(joints):
    assert recognise(lines_of(RobotModel("other", tuple(joints)))) is None


@pytest.mark.parametrize("flange", [np.eye(3), np.full((4, 4), np.nan), [], np.zeros((2, 4, 4))])
def test_poses_that_are_none_are_refused(flange):
    with pytest.raises(UsageError, match="transform"):
        Arm(WRIST).inverse_transform(flange)


def test_rows_wanted_that_do_not_fit_are_refused():
    inverse = Arm(WRIST)
    for wanted in ([0.0] * 5, [math.nan] * 6, "abcdef", np.zeros((1, 6))):
        with pytest.raises(UsageError, match="wanted"):
            inverse.inverse_transform(np.eye(4), wanted)


def test_extreme_poses_end_in_an_answer():
    for model in (WRIST, table_scara(), RobotModel("xyz", tuple(XYZ))):
        inverse = Arm(model)
        for value in (1e308, -1e308, 5e-324):
            assert np.isfinite(inverse.inverse_transform(matrix(Pose(value, value, value)))).all()
            with pytest.raises(UsageError, match="turn and shift"):
                inverse.inverse_transform(np.full((4, 4), value))
