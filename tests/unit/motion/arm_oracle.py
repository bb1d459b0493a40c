"""Arms at random, their forward kinematics by plain matrices, and the same arms in pin."""

import numpy as np

from cellctl.motion.inertia import Inertia
from cellctl.motion.lines import matrix
from cellctl.motion.model import Joint, JointType, RobotModel
from cellctl.motion.pose import Pose

QUARTERS = np.array([0.0, np.pi / 2, np.pi, -np.pi / 2])


def rotation(axis, angle):
    """Rodrigues."""
    x, y, z = axis
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


def forward(model, q):
    """The flange. Shape (4, 4)."""
    at = np.eye(4)
    for joint, value in zip(model.joints, q, strict=True):
        step = np.eye(4)
        if joint.type is JointType.PRISMATIC:
            step[:3, 3] = np.array(joint.axis) * value
        else:
            step[:3, :3] = rotation(joint.axis, value)
        at = at @ matrix(joint.placement) @ step
    return at @ matrix(model.flange)


def random_arm(rng, bodies=False):
    """Joints of both types; parallel, crossing and common axes as often as skew ones."""
    joints = []
    for i in range(int(rng.integers(1, 8))):
        square = rng.random() < 0.5
        turns = rng.choice(QUARTERS, 3) if square else rng.uniform(-3, 3, 3)
        way = rng.choice([0.0, 0.3, -0.2], 3) if square else rng.uniform(-1, 1, 3)
        axis = np.eye(3)[rng.integers(3)] if square else rng.normal(size=3)
        joints.append(
            Joint(
                f"j{i}",
                Pose.from_rpy(*way, *turns),
                tuple(axis / np.linalg.norm(axis)),
                JointType.PRISMATIC if rng.random() < 0.25 else JointType.REVOLUTE,
                inertia=random_inertia(rng) if bodies else Inertia(),
            )
        )
    return RobotModel("random", tuple(joints), Pose(*rng.uniform(-1, 1, 6)))


def random_inertia(rng):
    moments = np.sort(rng.uniform(0.01, 0.2, 3))
    moments[2] = min(moments[2], moments[0] + moments[1])
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    m = turn @ np.diag(moments) @ turn.T
    center, tensor = rng.uniform(-0.3, 0.3, 3).tolist(), m[np.triu_indices(3)].tolist()
    return Inertia(float(rng.uniform(0.1, 5)), tuple(center), tuple(tensor))


def pin_inertia(body):
    import pinocchio as pin

    return pin.Inertia(body.mass, np.array(body.center), body.matrix())


def same_inertia(ours, theirs):
    """The spatial inertia of both, about the origin of the frame."""
    np.testing.assert_allclose(pin_inertia(ours).matrix(), theirs.matrix(), atol=1e-11)


def pin_model(model):
    """The arm in pin, joint by joint."""
    import pinocchio as pin

    built = pin.Model()
    parent = 0
    for joint in model.joints:
        make = (
            pin.JointModelPrismaticUnaligned if joint.type is JointType.PRISMATIC else pin.JointModelRevoluteUnaligned
        )
        parent = built.addJoint(parent, make(np.array(joint.axis)), pin.SE3(matrix(joint.placement)), joint.name)
        built.appendBodyToJoint(parent, pin_inertia(joint.inertia), pin.SE3.Identity())
    return built
