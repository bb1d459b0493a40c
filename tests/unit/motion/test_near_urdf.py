"""URDFs as they are printed: right angles to four or nine digits, by pin's own reader."""

import math

import numpy as np
import pytest

from cellctl.motion import Arm
from cellctl.motion.model import RobotModel

from .near_arms import misses
from .wrist_arms import apart

pin = pytest.importorskip("pinocchio")

#: Origins of six joints (xyz, rpy) and their axes; {p} is a right angle, {h} two of them.
URS = """
    0 0 0.1625       0 0 0           0 0 1
    0 0 0            {p} 0 0         0 0 1
    -0.425 0 0       0 0 0           0 0 1
    -0.3922 0 0.1333 0 0 0           0 0 1
    0 -0.0997 0      {p} 0 0         0 0 1
    0 0.0996 0       {p} {h} {h}     0 0 1
"""
#: Every frame as at the foot, the axes told apart by <axis>.
UPRIGHT = """
    0 0 0.29         0 0 0           0 0 1
    0 0 0            0 0 0           0 1 0
    0 0 0.27         0 0 0           0 1 0
    0 0 0.07         0 0 0           1 0 0
    0.302 0 0        0 0 0           0 1 0
    0.072 0 0        0 0 0           1 0 0
"""
#: Every z along its axis, as a table is turned into a file.
TURNED = """
    0 0 0.4          0 0 0           0 0 1
    0.025 0 0        -{p} 0 0        0 0 1
    0.455 0 0        0 0 -{p}        0 0 1
    0.035 0 0        -{p} 0 0        0 0 1
    0 0 0.42         {p} 0 0         0 0 1
    0 0 0            -{p} 0 0        0 0 1
"""
#: Axis 3 runs against axis 2 but for a printed angle; axes 4 and 6 miss each other by it.
AGAINST = """
    0 0 0.33         0 0 0           0 0 1
    0.05 0 0         -{p} 0 -{p}     0 0 1
    0.33 0 0         {h} 0 0         0 0 1
    0.035 0 0        -{p} 0 0        0 0 1
    0 0 -0.335       {p} 0 0         0 0 1
    0 0 0            -{p} 0 0        0 0 1
"""
EXACT = {"p": repr(math.pi / 2), "h": repr(math.pi)}
NINE = {"p": "1.570796327", "h": "3.141592653589793"}
FOUR = {"p": "1.5708", "h": "3.1416"}


def urdf(rows, digits):
    text = '<robot name="arm"><link name="link_0"/>'
    for i, row in enumerate(line.split() for line in rows.format(**digits).strip().splitlines()):
        x, y, z, roll, pitch, yaw, *axis = row
        text += (
            f'<link name="link_{i + 1}"/><joint name="joint_{i + 1}" type="revolute">'
            f'<parent link="link_{i}"/><child link="link_{i + 1}"/>'
            f'<origin xyz="{x} {y} {z}" rpy="{roll} {pitch} {yaw}"/>'
            f'<axis xyz="{" ".join(axis)}"/><limit lower="-6.2832" upper="6.2832" velocity="3" effort="100"/></joint>'
        )
    return text + "</robot>"


def oracle(text):
    """The last link of the file as pin reads it."""
    model = pin.buildModelFromXML(text)
    data = model.createData()

    def forward(q):
        pin.forwardKinematics(model, data, np.asarray(q, float))
        return data.oMi[6].homogeneous

    return forward


@pytest.mark.parametrize(
    ("rows", "digits", "solver", "least"),
    [
        (URS, EXACT, "parallel", 1e-12),
        (URS, NINE, "parallel", 3e-9),  # nearer to exact than an arm is told from exact
        (URS, FOUR, "parallel, polished", 1e-12),
        (UPRIGHT, FOUR, "wrist", 1e-12),
        (TURNED, NINE, "wrist", 3e-9),
        (TURNED, FOUR, "wrist", 1e-12),  # its axes still meet
        (AGAINST, EXACT, "wrist", 1e-12),
        (AGAINST, FOUR, "wrist, polished", 1e-12),
    ],
)
def test_a_printed_file_is_solved_in_closed_form(rows, digits, solver, least):
    text = urdf(rows, digits)
    arm, forward = Arm(RobotModel.from_urdf(text)), oracle(text)
    assert arm.solver == solver
    for q in np.random.default_rng(1).uniform(-math.pi, math.pi, (60, 6)):
        pose = forward(q)
        np.testing.assert_allclose(arm.transform(q), pose, atol=least)
        ways = arm.inverse_transform(pose)
        assert len(ways) >= 2
        assert max(np.abs(misses(forward(way), pose)).max() for way in ways) < least
        assert apart(ways, q).min() < 1e-4
