"""Kinematics beside pinocchio and EAIK: forward, Jacobian, and every branch of the inverse; and what is not found."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pinocchio as pin
from eaik.IK_HP import HPRobot
from numpy.typing import NDArray

from benchmarks.report import Row, lower_is_better
from benchmarks.timing import least
from cellctl.motion import Arm
from cellctl.motion.lines import lines_of

Floats = NDArray[np.float64]
POSES = 1000


def _joints(seed: int, n: int) -> Floats:
    return np.random.default_rng(seed).uniform(-3, 3, (n, 6))


def _pin(arm: Arm) -> pin.Model:
    """The same arm for pinocchio: a revolute joint on every line."""
    model, parent, before = pin.Model(), 0, pin.SE3.Identity()
    lines = lines_of(arm.model)
    for index, (point, z) in enumerate(zip(lines.points, lines.directions, strict=True)):
        placement = pin.SE3(pin.Quaternion.FromTwoVectors(np.array([0.0, 0.0, 1.0]), z).matrix(), point)
        parent = model.addJoint(parent, pin.JointModelRZ(), before.actInv(placement), f"joint_{index}")
        before = placement
    model.addFrame(pin.Frame("tip", parent, 0, before.actInv(pin.SE3(lines.home)), pin.FrameType.OP_FRAME))
    return model


def _forward_rows() -> list[Row]:
    arm, joints = Arm.named("ur5e"), _joints(1, POSES)
    model = _pin(arm)
    data, tip, rows = model.createData(), model.getFrameId("tip"), list(joints)
    out, jacobian = np.empty((4, 4)), np.empty((6, 6))
    many, many_jacobians = np.empty((POSES, 4, 4)), np.empty((POSES, 6, 6))
    for q in rows[:50]:  # the same arm
        pin.framesForwardKinematics(model, data, q)
        assert np.allclose(data.oMf[tip].homogeneous, arm.transform(q), atol=1e-12)
        theirs = pin.computeFrameJacobian(model, data, q, tip, pin.LOCAL_WORLD_ALIGNED)
        assert np.allclose(theirs, arm.jacobian(q), atol=1e-12)
    ours = least(lambda: [arm.transform(q, out) for q in rows], 30) / POSES * 1e6
    peer = least(lambda: [pin.forwardKinematics(model, data, q) for q in rows], 30) / POSES * 1e6
    slope = least(lambda: [arm.jacobian(q, jacobian) for q in rows], 30) / POSES * 1e6
    peer_slope = least(lambda: [pin.computeJointJacobian(model, data, q, 6) for q in rows], 30) / POSES * 1e6
    batch = least(lambda: arm.forward_batch(joints, many), 50) / POSES * 1e6
    slopes = least(lambda: arm.jacobian_batch(joints, many_jacobians), 50) / POSES * 1e6
    return [
        lower_is_better("forward kinematics, 6 DoF, a call", "us", ours, "pin", peer),
        lower_is_better("forward kinematics, 6 DoF, batched", "us", batch, "pin", peer),
        lower_is_better("Jacobian, 6 DoF, a call", "us", slope, "pin", peer_slope),
        lower_is_better("Jacobian, 6 DoF, batched", "us", slopes, "pin", peer_slope),
    ]


def _eaik(arm: Arm) -> tuple[HPRobot, Floats]:
    """The same arm for EAIK, by its axes and the ways between them; and what its flange is turned by (4, 4)."""
    lines = lines_of(arm.model)
    points = np.array([*lines.points, lines.home[:3, 3]])
    ways = np.concatenate([points[:1], np.diff(points, axis=0)])
    turn = np.eye(4)
    turn[:3, :3] = lines.home[:3, :3].T
    return HPRobot(lines.directions, ways), turn


def _inverse_rows(title: str, name: str) -> list[Row]:
    arm = Arm.named(name)
    peer, turn = _eaik(arm)
    poses = arm.forward_batch(_joints(2, POSES))
    same = poses @ turn
    listed, peers = list(poses), list(same)
    wanted, room = np.zeros(6), np.empty((8, 6))
    out, counts = np.empty((POSES, 8, 6)), np.empty(POSES, np.intc)
    for pose, told in zip(listed[:50], peers, strict=False):  # the same arm
        answer = peer.IK(told)
        exact = [q for q, approximate in zip(answer.Q, answer.is_LS, strict=True) if not approximate]
        assert exact and all(np.allclose(arm.transform(q), pose, atol=1e-6) for q in exact)
    ours = least(lambda: [arm.inverse_transform(pose, wanted, room) for pose in listed], 20) / POSES * 1e6
    theirs = least(lambda: [peer.IK(pose).Q for pose in peers], 10) / POSES * 1e6
    batch = least(lambda: arm.inverse_batch(poses, out, counts, wanted), 20) / POSES * 1e6
    peer_batch = least(lambda: peer.IK_batched(peers, 1), 10) / POSES * 1e6
    return [
        lower_is_better(f"{title} IK, all branches, a call", "us", ours, "EAIK", theirs),
        lower_is_better(f"{title} IK, all branches, batched", "us", batch, "EAIK", peer_batch),
    ]


def _families(arm: Arm) -> Iterator[tuple[str, Floats]]:
    """Joints in and near singular poses of a UR-type arm."""
    rng = np.random.default_rng(3)
    near = 10.0 ** rng.uniform(-12, -3, POSES) * rng.choice([-1, 1], POSES)
    generic = _joints(4, POSES)
    yield "generic poses", generic
    elbow, wrist = generic.copy(), generic.copy()
    elbow[:, 2] = near
    yield "near-straight elbow", elbow
    wrist[:, 4] = near
    yield "near-singular wrist", wrist
    yield "45° grid", rng.integers(-4, 4, (POSES, 6)) * (math.pi / 4)


def _missed(solve: Callable[[Floats, Floats], Floats], arm: Arm, joints: Floats) -> float:
    """Share (%) of the poses for which no way found leads to the pose, to 1e-6 m and rad."""
    missed = 0
    for q, pose in zip(joints, arm.forward_batch(joints), strict=True):
        ways = solve(pose, q)
        missed += not any(np.abs(arm.transform(way) - pose).max() < 1e-6 for way in ways)
    return 100 * missed / len(joints)


def _completeness_rows() -> list[Row]:
    arm = Arm.named("ur5e")
    peer, turn = _eaik(arm)
    rows: list[Row] = []
    for family, joints in _families(arm):
        ours = _missed(arm.inverse_transform, arm, joints)
        theirs = _missed(lambda pose, q: np.asarray(peer.IK(pose @ turn).Q).reshape(-1, 6), arm, joints)
        rows.append(lower_is_better(f"UR-type IK, {family}: not found", "%", ours, "EAIK", theirs))
    return rows


def rows() -> list[Row]:
    """Every figure of the kinematics."""
    return [
        *_forward_rows(),
        *_inverse_rows("UR-type", "ur5e"),
        *_inverse_rows("spherical-wrist", "kuka_kr6_r900"),
        *_completeness_rows(),
    ]
