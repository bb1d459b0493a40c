"""Poses against scipy's rotations."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from cellctl.motion import Pose

metres = st.floats(-2, 2)
angles = st.floats(-math.pi, math.pi)
poses = st.builds(Pose.from_rpy, metres, metres, metres, angles, angles, angles)


def matrix(pose):
    made = np.eye(4)
    made[:3, :3] = Rotation.from_rotvec(pose[3:]).as_matrix()
    made[:3, 3] = pose[:3]
    return made


@given(angles, angles, angles)
def test_turns_are_about_the_fixed_axes(roll, pitch, yaw):
    expected = Rotation.from_euler("xyz", [roll, pitch, yaw]).as_matrix()
    assert matrix(Pose.from_rpy(0, 0, 0, roll, pitch, yaw))[:3, :3] == pytest.approx(expected, abs=1e-12)


@given(poses, poses)
def test_composition_is_the_product_of_the_matrices(a, b):
    assert matrix(a @ b) == pytest.approx(matrix(a) @ matrix(b), abs=1e-12)


@given(poses)
def test_the_inverse_undoes(pose):
    way, turn = (pose @ pose.inverse()).distance(Pose())
    assert way < 1e-12
    assert turn < 1e-12


@given(poses, metres, metres, metres)
def test_a_point_is_moved_as_by_the_matrix(pose, x, y, z):
    assert pose.point(x, y, z) == pytest.approx((matrix(pose) @ [x, y, z, 1])[:3], abs=1e-12)


@given(poses, poses)
def test_distance_is_the_angle_between(a, b):
    way, turn = a.distance(b)
    assert way == pytest.approx(math.dist(a[:3], b[:3]))
    between = Rotation.from_rotvec(a[3:]).inv() * Rotation.from_rotvec(b[3:])
    assert turn == pytest.approx(between.magnitude(), abs=1e-7)


@given(poses)
def test_rpy_is_what_from_rpy_takes(pose):
    assert Pose.from_rpy(*pose[:3], *pose.rpy()).distance(pose)[1] < 3e-6


@pytest.mark.parametrize("pitch", [90, -90])
def test_rpy_at_gimbal_lock(pitch):
    pose = Pose.from_rpy(0, 0, 0, 0.4, math.radians(pitch), -1.1)
    assert Pose.from_rpy(0, 0, 0, *pose.rpy()).distance(pose)[1] < 3e-6


def test_above_raises_along_the_base():
    tool_down = Pose.from_rpy(0.4, 0.1, 0.2, math.pi, 0, 0.3)
    raised = tool_down.above(0.08)
    assert raised[:3] == pytest.approx((0.4, 0.1, 0.28))
    assert raised[3:] == tool_down[3:]


def test_the_rotation_vector_is_the_short_way():
    assert Pose.from_rpy(0, 0, 0, 0, 0, math.radians(350)).rz == pytest.approx(math.radians(-10))
