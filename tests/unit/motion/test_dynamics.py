"""Dynamics: against pinocchio, a pendulum's closed form, and the balance of power."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellctl.errors import UsageError
from cellctl.motion import Pose
from cellctl.motion.dynamics import Dynamics
from cellctl.motion.inertia import Inertia
from cellctl.motion.lines import matrix
from cellctl.motion.model import Joint, JointType, RobotModel

#: Universal Robots, "DH Parameters for calculations of kinematics and dynamics" (support article 45257): UR5e,
#: with its masses (kg) and centres (m); the moments of inertia below are of the right size only.
UR5E_TABLE = [
    (0, math.pi / 2, 0.1625, 0), (-0.425, 0, 0, 0), (-0.3922, 0, 0, 0),
    (0, math.pi / 2, 0.1333, 0), (0, -math.pi / 2, 0.0997, 0), (0, 0, 0.0996, 0),
]  # fmt: skip
UR5E_BODIES = [
    (3.761, (0, -0.02561, 0.00193)), (8.058, (0.2125, 0, 0.11336)), (2.846, (0.15, 0, 0.0265)),
    (1.37, (0, -0.0018, 0.01634)), (1.3, (0, 0.0018, 0.01634)), (0.365, (0, 0, -0.001159)),
]  # fmt: skip


def ur5e():
    joints = [
        Joint(f"j{k}", inertia=Inertia(mass, at, (0.01, 0, 0, 0.02, 0.001, 0.025)))
        for k, (mass, at) in enumerate(UR5E_BODIES)
    ]
    return RobotModel.from_dh("ur5e", UR5E_TABLE, joints)


def random_body(rng):
    """A cloud of eight points: whatever they are, their inertia is a body's."""
    masses, points = rng.uniform(0.1, 1, 8), rng.normal(0, 0.2, (8, 3)) + rng.normal(0, 0.3, 3)
    center = masses @ points / masses.sum()
    r = points - center
    t = np.einsum("k,kij->ij", masses, (r * r).sum(1)[:, None, None] * np.eye(3) - r[:, :, None] * r[:, None, :])
    return Inertia(masses.sum(), tuple(center), (t[0, 0], t[0, 1], t[0, 2], t[1, 1], t[1, 2], t[2, 2]))


def random_arm(seed, dof):
    rng = np.random.default_rng(seed)
    joints = []
    for k in range(dof):
        axis = rng.normal(size=3)
        kind = JointType.PRISMATIC if rng.random() < 0.4 else JointType.REVOLUTE
        place = Pose(*rng.normal(0, 0.4, 3), *rng.normal(0, 1, 3))
        joints.append(Joint(f"j{k}", place, tuple(axis / np.linalg.norm(axis)), kind, inertia=random_body(rng)))
    return RobotModel(f"random {seed}", tuple(joints), Pose(*rng.normal(0, 0.3, 6)))


def states(seed, n, dof):
    return np.random.default_rng(seed).uniform(-2, 2, (3, n, dof))


def peer_of(pin, model, gravity, load=Inertia()):  # noqa: B008
    """The same arm, joint by joint, in pinocchio."""
    peer = pin.Model()
    peer.gravity.linear = np.array(gravity)
    parent = 0

    def body(inertia):
        return pin.Inertia(inertia.mass, np.array(inertia.center), inertia.matrix())

    for joint in model.joints:
        kind = (
            pin.JointModelPrismaticUnaligned if joint.type is JointType.PRISMATIC else pin.JointModelRevoluteUnaligned
        )
        parent = peer.addJoint(parent, kind(np.array(joint.axis)), pin.SE3(matrix(joint.placement)), joint.name)
        peer.appendBodyToJoint(parent, body(joint.inertia), pin.SE3.Identity())
    peer.appendBodyToJoint(parent, body(load), pin.SE3(matrix(model.flange)))
    return peer


@pytest.mark.parametrize(
    "arm", [ur5e(), *(random_arm(seed, dof) for seed, dof in enumerate((1, 2, 3, 6, 6, 7, 7, 16)))]
)
def test_it_agrees_with_pinocchio(arm):
    pin = pytest.importorskip("pinocchio")
    gravity, load = (1.0, -2.0, -9.0), random_body(np.random.default_rng(1))
    mine, peer = Dynamics(arm, gravity, load), peer_of(pin, arm, gravity, load)
    data = peer.createData()
    for q, v, a in zip(*states(2, 30, arm.degrees_of_freedom), strict=True):
        expected = pin.rnea(peer, data, q, v, a)
        np.testing.assert_allclose(mine.torques(q, v, a), expected, atol=1e-12 * max(1, abs(expected).max()), rtol=1e-9)
        held = pin.computeGeneralizedGravity(peer, data, q)
        np.testing.assert_allclose(mine.gravity(q), held, atol=1e-12 * max(1, abs(held).max()), rtol=1e-9)
        mass = np.triu(pin.crba(peer, data, q))
        mass += np.triu(mass, 1).T
        np.testing.assert_allclose(mine.mass_matrix(q), mass, atol=1e-12 * abs(mass).max(), rtol=1e-9)
        energy = [pin.computeKineticEnergy(peer, data, q, v), pin.computePotentialEnergy(peer, data, q)]
        np.testing.assert_allclose(mine.energy(q, v), energy, rtol=1e-10, atol=1e-10)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(1, 8))
def test_work_becomes_energy(seed, dof):
    """Along a motion, the power of the joints is the rate of the energy."""
    mine = Dynamics(random_arm(seed, dof), (0.5, 1.0, -9.81))
    rng = np.random.default_rng(seed)
    size, rate, phase = rng.uniform(0.2, 1, (3, dof))

    def at(t):
        angle = rate * t + phase
        return size * np.sin(angle), size * rate * np.cos(angle), -size * rate**2 * np.sin(angle)

    step = 1e-4
    energies = mine.energy(
        *(np.array(each) for each in zip(*(at(1 + k * step)[:2] for k in (-2, -1, 1, 2)), strict=True))
    )
    far, near, nearer, farther = energies.sum(axis=1)
    q, v, a = at(1.0)
    slope = (8 * (nearer - near) - (farther - far)) / (12 * step)
    power = mine.torques(q, v, a) @ v
    assert slope == pytest.approx(power, rel=1e-7, abs=1e-7 * (1 + abs(energies).max()))


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(1, 8))
def test_torques_are_mass_times_acceleration_and_more(seed, dof):
    mine = Dynamics(random_arm(seed, dof))
    q, v, a = states(seed, 1, dof)[:, 0]
    mass = mine.mass_matrix(q)
    np.testing.assert_array_equal(mass, mass.T)
    assert np.linalg.eigvalsh(mass).min() > 0
    bias = mine.torques(q, v, np.zeros(dof))
    np.testing.assert_allclose(mine.torques(q, v, a), mass @ a + bias, atol=1e-9 * (1 + abs(mass).max()))
    np.testing.assert_array_equal(mine.torques(q, np.zeros(dof), np.zeros(dof)), mine.gravity(q))
    assert mine.energy(q, v)[0] == pytest.approx(v @ mass @ v / 2, rel=1e-9)


def test_a_pendulum():
    """m l² a + I a + m g l sin(q), hanging from a level axis."""
    mass, length, inertia = 2.0, 0.4, 0.03
    joint = Joint("pivot", axis=(0, 1, 0), inertia=Inertia(mass, (0, 0, -length), (0.01, 0, 0, inertia, 0, inertia)))
    mine = Dynamics(RobotModel("pendulum", (joint,)))
    for q, v, a in states(3, 20, 1).reshape(3, -1).T:
        expected = (mass * length**2 + inertia) * a + mass * 9.81 * length * math.sin(q)
        assert mine.torques([q], [v], [a])[0] == pytest.approx(expected, rel=1e-12)
        assert mine.energy([q], [v])[0] == pytest.approx((mass * length**2 + inertia) * v * v / 2)
        assert mine.energy([q], [v])[1] == pytest.approx(-mass * 9.81 * length * math.cos(q))


def test_a_lift_on_a_turntable():
    """A mass that slides out on a turning arm: Coriolis and centrifugal forces by the book."""
    arm = RobotModel(
        "lift", (Joint("turn"), Joint("out", axis=(1, 0, 0), type=JointType.PRISMATIC, inertia=Inertia(3.0)))
    )
    mine = Dynamics(arm)
    r, w, u, dw, du = 0.5, 2.0, 0.7, -1.0, 0.4
    expected = [3 * r * r * dw + 2 * 3 * r * w * u, 3 * (du - r * w * w)]
    np.testing.assert_allclose(mine.torques([0.3, r], [w, u], [dw, du]), expected, rtol=1e-12)
    np.testing.assert_allclose(mine.mass_matrix([0.3, r]), [[3 * r * r, 0], [0, 3]], atol=1e-15)


def test_a_payload_hangs_on_the_flange():
    arm = ur5e()
    bare, loaded = Dynamics(arm), Dynamics(arm, load=Inertia(5.0, (0, 0, 0.1)))
    stretched = np.zeros(6)
    lever = loaded.gravity(stretched)[1] - bare.gravity(stretched)[1]
    assert abs(lever) == pytest.approx(5 * 9.81 * (0.425 + 0.3922), rel=1e-9)  # the tool points level and across
    assert Dynamics(arm, (0, 0, 0)).gravity(stretched).tolist() == [0] * 6


def test_a_payload_is_carried_once_where_two_joints_are_alike():
    arm = RobotModel("pair", tuple(Joint(name, Pose(0.5), (0, 1, 0)) for name in ("first", "second")), Pose(0.5))
    held = Dynamics(arm, load=Inertia(2.0)).gravity([0, 0])
    np.testing.assert_allclose(held, [-2 * 9.81, -2 * 9.81 * 0.5], rtol=1e-12)


def test_gravity_of_an_arm_on_a_wall():
    arm = ur5e()
    turned = RobotModel(
        "wall",
        (Joint("j0", Pose(ry=math.pi / 2) @ arm.joints[0].placement, inertia=arm.joints[0].inertia), *arm.joints[1:]),
    )
    q = states(4, 5, 6)[0]
    np.testing.assert_allclose(Dynamics(arm, (9.81, 0, 0)).gravity(q), Dynamics(turned).gravity(q), atol=1e-12)


def test_many_at_once_are_as_one_by_one_and_out_is_written():
    arm = random_arm(5, 6)
    mine = Dynamics(arm)
    q, v, a = states(6, 50, 6)
    for ask, given_in, shape in (
        (mine.torques, (q, v, a), (50, 6)),
        (mine.gravity, (q,), (50, 6)),
        (mine.mass_matrix, (q,), (50, 6, 6)),
        (mine.energy, (q, v), (50, 2)),
    ):
        many, out = ask(*given_in), np.empty(shape)
        assert many.shape == shape
        assert ask(*given_in, out=out) is out
        np.testing.assert_array_equal(out, many)
        for k in range(50):
            one, single = ask(*(each[k] for each in given_in)), np.empty(shape[1:])
            np.testing.assert_array_equal(one, many[k])
            assert ask(*(each[k] for each in given_in), out=single) is single
            np.testing.assert_array_equal(single, one)
        with pytest.raises(UsageError, match="out must be"):
            ask(*given_in, out=np.empty((49, *shape[1:])))
        with pytest.raises(UsageError, match="out must be"):
            ask(*given_in, out=np.asfortranarray(out)[::1, ::-1])
        assert ask(*(each[:0] for each in given_in)).shape == (0, *shape[1:])


def test_arrays_of_any_layout_are_read():
    mine = Dynamics(random_arm(7, 3))
    q = np.asfortranarray(states(8, 10, 3)[0])
    q.flags.writeable = False
    expected = mine.gravity(np.ascontiguousarray(q))
    np.testing.assert_array_equal(mine.gravity(q), expected)
    np.testing.assert_array_equal(mine.gravity(q.tolist()), expected)
    np.testing.assert_array_equal(mine.gravity(q[::2]), expected[::2])
    np.testing.assert_array_equal(mine.gravity([1, 2, 3]), mine.gravity([1.0, 2.0, 3.0]))


@pytest.mark.parametrize(
    "wrong", [[0.0] * 2, [0.0, math.nan, 0.0], [0, 0, math.inf], "abc", None, np.zeros((1, 1, 3)), 1.0, np.array(0.0)]
)
def test_what_is_no_row_is_refused(wrong):
    mine = Dynamics(random_arm(9, 3))
    fine = [0.0, 0.0, 0.0]
    for ask, name in (
        (lambda: mine.torques(wrong, fine, fine), "q"),
        (lambda: mine.torques(fine, wrong, fine), "v"),
        (lambda: mine.torques(fine, fine, wrong), "a"),
        (lambda: mine.gravity(wrong), "q"),
        (lambda: mine.mass_matrix(wrong), "q"),
        (lambda: mine.energy(fine, wrong), "v"),
    ):
        with pytest.raises(UsageError, match=f"random 9: {name}"):
            ask()


def test_rows_that_do_not_go_together_are_refused():
    mine = Dynamics(random_arm(9, 3))
    with pytest.raises(UsageError, match=r"v has the shape \(3,\), and q \(2, 3\)"):
        mine.torques(np.zeros((2, 3)), np.zeros(3), np.zeros((2, 3)))
    with pytest.raises(UsageError, match="gravity"):
        Dynamics(random_arm(9, 3), (0, 0, math.nan))


def test_extreme_numbers_end():
    mine = Dynamics(random_arm(10, 16))
    for value in (1e308, -1e200, 5e-324):
        row = np.full(16, value)
        assert mine.torques(row, row, row).shape == (16,)
        assert mine.mass_matrix(row).shape == (16, 16)
