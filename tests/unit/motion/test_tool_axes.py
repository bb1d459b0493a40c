"""The tool's limits along joint paths, beside the arm's own kinematics."""

import numpy as np
import pytest

from cellctl.errors import UsageError
from cellctl.motion import Arm
from cellctl.motion.parametrization import parametrize
from cellctl.motion.paths import polyline, spline
from cellctl.motion.tool_axes import TOOL_AXES, with_tool, with_tool_limits
from cellctl.motion.trajectory import Limits

ARM = Arm.named("ur5e")
JOINTS = Limits(3.0, 10.0, 100.0)


def waypoints(seed, n=6):
    return np.array([0, -1.5, 1.5, -1.5, -1.5, 0]) + np.random.default_rng(seed).uniform(-0.8, 0.8, (n, 6))


def paths(seed):
    points = waypoints(seed)
    return [spline(points), polyline(points, deviation=0.05), polyline(points)]


def tool_of(motion, n=20_001):
    """Times and the tool's linear and angular velocity, by the Jacobian."""
    t = np.linspace(0, motion.duration, n)
    p, v, _ = motion.at_time(t)
    twist = np.einsum("nij,nj->ni", ARM.jacobian_batch(p[:, :6]), v[:, :6])
    return t, p, v, twist


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("jerk", [True, False])
def test_the_tool_keeps_its_limits(seed, jerk):
    for path in paths(seed):
        limits = with_tool_limits(
            JOINTS if jerk else Limits(3.0, 10.0),
            6,
            linear_velocity=0.5,
            angular_velocity=1.0,
            linear_acceleration=1.0,
            angular_acceleration=3.0,
        )
        motion = parametrize(with_tool(path, ARM), limits)
        assert motion.certify(limits).excess <= 1e-9
        t, _, _, twist = tool_of(motion)
        assert np.linalg.norm(twist[:, :3], axis=1).max() <= 0.5 * (1 + 1e-5)
        assert np.linalg.norm(twist[:, 3:], axis=1).max() <= 1.0 * (1 + 1e-5)
        if jerk:
            pushes = np.diff(twist, axis=0) / np.diff(t)[:, None]
            assert np.linalg.norm(pushes[:, :3], axis=1).max() <= 1.0 * (1 + 1e-3)
            assert np.linalg.norm(pushes[:, 3:], axis=1).max() <= 3.0 * (1 + 1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_the_axes_are_the_tool(seed):
    for path in paths(seed):
        longer = with_tool(path, ARM)
        assert longer.degrees_of_freedom == 6 + TOOL_AXES
        assert len(longer.bends) == 0
        assert np.allclose(longer.corners, path.corners)
        s = np.linspace(0, path.length, 500)
        assert np.allclose(longer.at(s)[0][:, :6], path.at(s)[0], atol=1e-12)
        motion = parametrize(longer, Limits(1.0, 5.0))
        _, p, v, twist = tool_of(motion, 2001)
        places = ARM.forward_batch(p[:, :6])[:, :3, 3]
        assert np.allclose(places - places[0], p[:, 6:9], atol=1e-5)
        for part, at in ((slice(0, 3), 6), (slice(3, 6), 10)):
            assert np.allclose(twist[:, part], v[:, at : at + 3], atol=1e-5)
            assert np.allclose(np.linalg.norm(twist[:, part], axis=1), v[:, at + 3], atol=1e-5)


def test_a_tool_without_limits_costs_nothing():
    path = paths(4)[0]
    alone, beside = parametrize(path, JOINTS), parametrize(with_tool(path, ARM), with_tool_limits(JOINTS, 6))
    assert beside.duration == pytest.approx(alone.duration, rel=2e-3)


def test_a_finer_tolerance_takes_more_pieces():
    path = paths(5)[0]
    assert len(with_tool(path, ARM, tolerance=1e-6).breaks) > len(with_tool(path, ARM, tolerance=1e-3).breaks)


def test_a_tool_that_stands_still():
    turn = np.zeros((3, 6))
    turn[:, 5] = 0, 1, 2  # the flange turns about itself
    turn[:, 1:5] = -1, 1, -1, -1
    limits = with_tool_limits(JOINTS, 6, linear_velocity=0.1, angular_velocity=0.5)
    motion = parametrize(with_tool(spline(turn), ARM), limits)
    assert motion.certify(limits).excess <= 1e-9
    assert motion.duration == pytest.approx(2 / 0.5, rel=0.1)


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: with_tool(spline([[0.0], [1.0]]), ARM), "6 joints"),
        (lambda: with_tool(paths(0)[0], ARM, tolerance=0.0), "tolerance"),
        (lambda: with_tool(paths(0)[0], ARM, tolerance=1e-18), "halvings"),
    ],
)
def test_what_does_not_fit_is_refused(make, word):
    with pytest.raises(UsageError, match=word):
        make()
