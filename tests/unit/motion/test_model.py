"""Arms as joints, lines and bodies; pin is the oracle of the physics."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellctl.errors import UsageError
from cellctl.motion.inertia import Inertia
from cellctl.motion.lines import lines_of, links_of, matrix
from cellctl.motion.model import Joint, JointType, RobotModel
from cellctl.motion.pose import Pose
from cellctl.motion.tool import Payload, Tool, with_load

from .arm_oracle import forward, pin_inertia, pin_model, random_arm, same_inertia

quick = settings(max_examples=60, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32 - 1)


def chain_forward(chain, q):
    """The formula at the top of lines.py."""
    at = chain.base.copy()
    for (turn, d, a, alpha), slides, value in zip(chain.links, chain.slides, q, strict=True):
        theta, along = (turn, d + value) if slides else (turn + value, d)
        at = at @ matrix(Pose(0, 0, along, 0, 0, theta)) @ matrix(Pose(a, 0, 0, alpha))
    return at @ chain.tip


@quick
@given(seeds)
def test_a_chain_ends_where_its_joints_do(seed):
    rng = np.random.default_rng(seed)
    model = random_arm(rng)
    chain = links_of(lines_of(model))
    for _ in range(3):
        q = rng.uniform(-3, 3, model.degrees_of_freedom)
        np.testing.assert_allclose(chain_forward(chain, q), forward(model, q), atol=1e-11)


TILTS = [0.0, 1e-16, 1e-12, 4e-10, 1e-9, 1.1e-9, 1e-8, 1.6e-8, 1e-7, 3.7e-6, 1e-3]


@pytest.mark.parametrize("first", TILTS)
@pytest.mark.parametrize("second", TILTS)
def test_lines_that_are_nearly_parallel(first, second):
    """As in files that write a right angle as 1.5708: the common normal is thousands of kilometres away."""
    joints = (
        Joint("a", Pose(0.2, 0.1, 0.3)),
        Joint("b", Pose(0.4, 0.1, 0.2, first)),
        Joint("c", Pose(-0.3, 0.2, 0.5, 0, second)),
        Joint("d", Pose(0.3, 0, 0.1, 0, math.pi / 2 + first)),
    )
    model = RobotModel("near", joints, Pose(0.1, 0.2, 0.3))
    chain = links_of(lines_of(model))
    for q in np.random.default_rng(1).uniform(-3, 3, (5, 4)):
        np.testing.assert_allclose(chain_forward(chain, q), forward(model, q), atol=1e-7)


def test_a_table_comes_back_from_its_lines():
    rows = [(0, math.pi / 2, 0.1625, 0), (-0.425, 0, 0, 0), (-0.3922, 0, 0, 0), (0, math.pi / 2, 0.1333, 0)]
    chain = links_of(lines_of(RobotModel.from_dh("ur", rows)))
    np.testing.assert_allclose(np.abs(chain.links[1:3, 2]), [0.425, 0.3922], rtol=0, atol=1e-15)
    np.testing.assert_array_equal(np.abs(chain.links[:3, 3]), [math.pi / 2, 0, 0])


def dh_matrix(a, alpha, d, theta):
    """Siciliano et al., equation 2.52, written out."""
    ct, st_, ca, sa = math.cos(theta), math.sin(theta), math.cos(alpha), math.sin(alpha)
    return np.array(
        [[ct, -st_ * ca, st_ * sa, a * ct], [st_, ct * ca, -ct * sa, a * st_], [0, sa, ca, d], [0, 0, 0, 1]]
    )


def craig_matrix(a, alpha, d, theta):
    """Craig, equation 3.6, written out."""
    ct, st_, ca, sa = math.cos(theta), math.sin(theta), math.cos(alpha), math.sin(alpha)
    return np.array(
        [[ct, -st_, 0, a], [st_ * ca, ct * ca, -sa, -sa * d], [st_ * sa, ct * sa, ca, ca * d], [0, 0, 0, 1]]
    )


@quick
@given(seeds, st.booleans())
def test_tables_of_both_conventions(seed, modified):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 8))
    rows = rng.uniform(-2, 2, (count, 4))
    types = [JointType.PRISMATIC if rng.random() < 0.3 else JointType.REVOLUTE for _ in rows]
    joints = [Joint(f"j{i}", type=kind) for i, kind in enumerate(types)]
    base, flange = Pose(*rng.uniform(-1, 1, 6)), Pose(*rng.uniform(-1, 1, 6))
    make, link = (RobotModel.from_modified_dh, craig_matrix) if modified else (RobotModel.from_dh, dh_matrix)
    model = make("table", rows.tolist(), joints, base=base, flange=flange)
    q = rng.uniform(-3, 3, count)
    at = matrix(base)
    for (a, alpha, d, theta), kind, value in zip(rows, types, q, strict=True):
        slides = kind is JointType.PRISMATIC
        at = at @ link(a, alpha, d + value * slides, theta + value * (not slides))
    np.testing.assert_allclose(forward(model, q), at @ matrix(flange), atol=1e-12)


def test_bodies_of_a_table_are_told_in_its_frames():
    body = Inertia(2.0, (0.1, 0.2, 0.3), (0.03, 0.001, 0.002, 0.04, 0.003, 0.05))
    rows = [(0.5, math.pi / 2, 0.3, 0.4)]
    standard = RobotModel.from_dh("s", rows, [Joint("j", inertia=body)]).joints[0]
    at_table = dh_matrix(0.5, math.pi / 2, 0.3, 0.4) @ [0.1, 0.2, 0.3, 1]
    np.testing.assert_allclose(standard.placement.point(*standard.inertia.center), at_table[:3], atol=1e-15)
    modified = RobotModel.from_modified_dh("m", rows, [Joint("j", inertia=body)]).joints[0]
    assert modified.inertia == body


@quick
@given(seeds)
def test_bodies_are_turned_and_added_as_pin_does(seed):
    pin = pytest.importorskip("pinocchio")
    rng = np.random.default_rng(seed)
    one, other = (random_body(rng) for _ in range(2))
    frame = Pose(*rng.uniform(-2, 2, 6))
    same_inertia(one.seen_from(frame), pin.SE3(matrix(frame)).act(pin_inertia(one)))
    same_inertia(one + other, pin_inertia(one) + pin_inertia(other))


def random_body(rng):
    points, masses = rng.uniform(-0.3, 0.3, (5, 3)), rng.uniform(0.1, 2, 5)
    total = Inertia()
    for (x, y, z), mass in zip(points, masses, strict=True):
        total = total + Inertia(float(mass), (float(x), float(y), float(z)))
    return total


def test_points_of_mass_add_up_to_a_body():
    rng = np.random.default_rng(5)
    points = rng.uniform(-1, 1, (4, 3))
    total = Inertia()
    for x, y, z in points.tolist():
        total = total + Inertia(0.5, (x, y, z))
    arms = points - points.mean(axis=0)
    expected = sum(0.5 * (r @ r * np.eye(3) - np.outer(r, r)) for r in arms)
    np.testing.assert_allclose(total.matrix(), expected, atol=1e-15)
    np.testing.assert_allclose(total.center, points.mean(axis=0), atol=1e-15)


def test_a_body_without_mass_keeps_its_inertia_in_a_sum():
    rotor = Inertia(0.0, (0, 0, 0), (0.1, 0, 0, 0.1, 0, 0.2))
    assert (Inertia() + rotor).tensor == rotor.tensor
    assert (rotor + Inertia(1.0, (0, 0, 0.5))).tensor == rotor.tensor
    assert (Inertia(1.0) + rotor).mass == 1.0


@pytest.mark.parametrize(
    ("mass", "tensor", "told"),
    [
        (-1.0, (0, 0, 0, 0, 0, 0), "-1 kg"),
        (math.nan, (0, 0, 0, 0, 0, 0), "finite"),
        (1.0, (math.inf, 0, 0, 0, 0, 0), "finite"),
        (1.0, (-0.1, 0, 0, 0.1, 0, 0.1), "-0.1 kg"),
        (1.0, (0.1, 0.3, 0, 0.1, 0, 0.1), "-0.2 kg"),
    ],
)
def test_what_has_no_inertia(mass, tensor, told):
    with pytest.raises(UsageError, match=told):
        Inertia(mass, (0, 0, 0), tensor)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"axis": (0, 0, 2.0)}, "length 1"),
        ({"axis": (0, 0, math.nan)}, "finite"),
        ({"placement": Pose(math.inf)}, "finite"),
        ({"lower": 1.0, "upper": -1.0}, "above its upper"),
        ({"lower": math.nan}, "upper limit"),
        ({"speed": 0.0}, "speed"),
        ({"acceleration": -1.0}, "acceleration"),
        ({"effort": math.nan}, "effort"),
    ],
)
def test_what_is_no_joint(change, told):
    with pytest.raises(UsageError, match=told) as caught:
        RobotModel("arm", (Joint("elbow", **change),))
    assert caught.value.where == "arm, joint elbow"


@pytest.mark.parametrize(
    ("joints", "change", "told"),
    [
        ([], {}, "0 joints"),
        ([f"j{i}" for i in range(17)], {}, "17 joints"),
        (["a", "a"], {}, "one name"),
        (["a"], {"payload": math.nan}, "payload"),
        (["a"], {"reach": -1.0}, "reach"),
        (["a"], {"flange": Pose(rz=math.nan)}, "flange"),
    ],
)
def test_what_is_no_arm(joints, change, told):
    with pytest.raises(UsageError, match=told):
        RobotModel("arm", tuple(Joint(name) for name in joints), **change)


@pytest.mark.parametrize("row", [(0, 0, 0), (0, 0, math.nan, 0)])
def test_a_table_with_a_bad_row(row):
    with pytest.raises(UsageError, match="row 2"):
        RobotModel.from_dh("arm", [(0, 0, 0, 0), row])


def test_limits_are_given_anew():
    arm = RobotModel.from_dh("arm", [(0.1, 0, 0, 0), (0.1, 0, 0, 0)]).limited([-1, -2], [1, 2])
    assert [(joint.lower, joint.upper) for joint in arm.joints] == [(-1, 1), (-2, 2)]
    with pytest.raises(UsageError, match="1 lower and 2 upper limits for 2 joints"):
        arm.limited([0], [1, 1])


@quick
@given(seeds)
def test_a_loaded_arm_weighs_and_balances_as_in_pin(seed):
    pin = pytest.importorskip("pinocchio")
    rng = np.random.default_rng(seed)
    arm = random_arm(rng, bodies=True)
    tool, payload = Tool(Pose(*rng.uniform(-0.3, 0.3, 6)), random_body(rng)), random_body(rng)
    loaded = with_load(arm, tool, payload)
    assert loaded.flange == arm.flange

    bare, built = pin_model(arm), pin_model(loaded)
    last, flange, point = bare.njoints - 1, pin.SE3(matrix(arm.flange)), pin.SE3(matrix(tool.pose))
    bare.appendBodyToJoint(last, pin_inertia(tool.inertia), flange)
    bare.appendBodyToJoint(last, pin_inertia(payload), flange * point)
    q = rng.uniform(-3, 3, bare.nq)
    one, other = bare.createData(), built.createData()
    np.testing.assert_allclose(pin.crba(built, other, q), pin.crba(bare, one, q), atol=1e-9)
    np.testing.assert_allclose(pin.centerOfMass(built, other, q), pin.centerOfMass(bare, one, q), atol=1e-12)
    assert other.mass[0] == pytest.approx(one.mass[0], rel=1e-14)


def test_a_load_that_is_too_much():
    arm = RobotModel("arm", (Joint("j"),), payload=3.0)
    once = with_load(arm, Tool(inertia=Inertia(1.0)), Payload(1.5))
    assert once.payload == 0.5
    assert once.joints[0].inertia.mass == 2.5
    with pytest.raises(UsageError, match=r"arm: a tool of 1 kg with 2.5 kg is more than the 3 kg"):
        with_load(arm, Tool(inertia=Inertia(1.0)), Payload(2.5))
    with pytest.raises(UsageError, match=r"more than the 0.5 kg"):
        with_load(once, payload=Payload(0.6))


def test_a_load_that_is_none():
    arm = RobotModel("arm", (Joint("j"),))
    with pytest.raises(UsageError, match="belong to no body"):
        with_load(arm, payload=Payload(1.0, (0, 0, 0), (0.1, 0, 0, 0.1, 0, 0.5)))
    with pytest.raises(UsageError, match="not finite"):
        Tool(Pose(x=math.nan))


def test_the_type_of_a_joint_may_be_told_as_text():
    sliding = RobotModel.from_dh("m", [(0.1, 0, 0, 0)], [Joint("a", type="prismatic")])
    assert sliding.joints[0].type is JointType.PRISMATIC
    assert sliding == RobotModel.from_dh("m", [(0.1, 0, 0, 0)], [Joint("a", type=JointType.PRISMATIC)])
    with pytest.raises(UsageError, match="joint a is 'linear'"):
        Joint("a", type="linear")
    with pytest.raises(UsageError, match="row 1 of the table"):
        RobotModel.from_dh("m", [("a", 0, 0, 0)])
