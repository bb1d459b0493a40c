"""Picks from a belt in joint space, beside brute force over times and configurations."""

import math

import numpy as np
import pytest

from cellctl.errors import UsageError
from cellctl.motion import Arm, InputParameter, Otg, Pose
from cellctl.motion.intercept import InterceptParameter
from cellctl.motion.intercept_joints import MovingPose, intercept_arm

HOMES = {
    "ur5e": (0.0, -1.8, 1.9, -1.7, -1.57, 0.0),
    "kuka_kr6_r900": (0.0, -1.4, 1.6, 0.0, 0.9, 0.0),
    "epson_gx8_c451": (0.3, 1.5, 0.1, 0.2),
}
MOST = {"ur5e": 0.12, "kuka_kr6_r900": 0.12, "epson_gx8_c451": 0.1}


def random_task(rng, name):
    """An arm near home, and a belt that takes a pose near that of home past it."""
    arm = Arm.named(name, Pose(0, 0, MOST[name], 0, 0, 0))
    home, dof = np.array(HOMES[name]), arm.degrees_of_freedom
    given = InterceptParameter(dof)
    given.max_velocity = np.minimum(arm.joint_speeds, 3.0)
    given.max_acceleration, given.max_jerk = 12.0, 150.0
    low, high = np.array(arm.joint_limits).T
    given.current_position = np.clip(home + rng.uniform(-0.2, 0.2, dof), low, high)
    if dof == 6:
        given.current_velocity = rng.uniform(-0.3, 0.3, dof)
    given.target_position = home
    given.dwell = float(rng.choice([0.0, 0.2]))
    middle, angle = arm.transform(home), rng.uniform(-math.pi, math.pi)
    way = np.array([math.cos(angle), math.sin(angle), 0.0])
    middle[:3, 3] -= 0.15 * way
    speed = rng.uniform(0.05, 0.4)
    final = rng.uniform(0.05, 0.4) if rng.random() < 0.5 else None
    change = 0.0 if final is None else 0.3 * np.sign(final - speed)
    given.upstream_limit, given.downstream_limit = 0.0, 0.25
    return arm, given, MovingPose(middle, tuple(way), speed, change, final)


def joint_state(arm, belt, t, seed):
    """Joints, speeds and accelerations that go along, by differences of the Jacobian's speeds; None out of reach."""
    around = []
    for time in (t, t - 1e-4, t + 1e-4):
        joints = arm.nearest(_pose(belt, time), seed)
        if joints is None:
            return None
        twist = np.zeros(6)
        twist[:3] = belt.way * belt.speeds(np.array([time]))[0]
        around.append((np.array(joints), np.linalg.lstsq(arm.jacobian(joints), twist, rcond=None)[0]))
    return around[0][0], around[0][1], (around[2][1] - around[1][1]) / 2e-4


def _pose(belt, t):
    from cellctl.motion._kinematics import pose_of

    return Pose(*pose_of(belt.poses(np.array([t]))[0]))


def brute_force(arm, given, belt, times):
    """The first of some times at which some configuration can be there, and go along."""
    otg, plain = Otg(arm.degrees_of_freedom), InputParameter(arm.degrees_of_freedom)
    plain.data[:] = given.data
    plain.min_position, plain.max_position = np.array(arm.joint_limits).T
    here = given.current_position
    for t in times.tolist():
        for way in arm.inverse(_pose(belt, t), here):
            near = min(arm.turns(way), key=lambda turned: np.abs(turned - here).sum(), default=None)
            if near is None:
                continue
            states = [joint_state(arm, belt, t + part * given.dwell, near) for part in (0.0, 0.5, 1.0)]
            if any(state is None for state in states) or any(
                (np.abs(state[1]) > given.max_velocity).any() or (np.abs(state[2]) > given.max_acceleration).any()
                for state in states
            ):
                continue
            plain.target_position, plain.target_velocity, plain.target_acceleration = states[0]
            plain.duration = t
            try:
                otg.calculate(plain)
                return t
            except UsageError:
                continue
    return None


@pytest.mark.parametrize("name", HOMES)
def test_picks_of_an_arm(name):
    rng, found = np.random.default_rng(7), 0
    for _ in range(25):
        arm, given, belt = random_task(rng, name)
        window = belt.open_times(0.0, 0.25, 0.0, math.inf)
        try:
            met = intercept_arm(arm, given, belt)
        except UsageError:
            met = None
        if met is not None:
            found += 1
            assert met.certificate.holds()
            times = np.linspace(met.time, np.nextafter(met.until, 0), 200)
            tools = arm.forward_batch(met.trajectory.at_time(times)[0])
            off = np.abs(tools - belt.poses(times)).max()
            assert off < 5e-5
            assert met.deviation < 5e-5
            np.testing.assert_allclose(
                met.trajectory.at_time(met.trajectory.duration)[0], given.target_position, atol=1e-12
            )
        end = met.time - 2e-3 if met else window[1] - given.dwell
        ramp = belt.accelerates_for  # nobody can go along over the end of the belt's acceleration
        times = np.linspace(window[0] + 1e-3, end, 25)
        times = times[(times + given.dwell + 2e-4 < ramp) | (times - 2e-4 > ramp)]
        brute = brute_force(arm, given, belt, times) if end > window[0] else None
        assert brute is None, (brute, met)
    assert found > 15


def test_the_belt_that_stands_still_in_time_is_the_plain_problem():
    rng = np.random.default_rng(2)
    arm, given, belt = random_task(rng, "ur5e")
    slow = MovingPose(belt.pose, belt.direction, 1e-9)
    given.upstream_limit, given.downstream_limit, given.latest = -1.0, 1.0, 5.0
    met = intercept_arm(arm, given, slow)
    plain = InputParameter(6)
    plain.data[:] = given.data
    durations = []
    for way in arm.inverse(_pose(belt, 0.0), given.current_position):
        for turned in arm.turns(way):
            plain.target_position = turned
            durations.append(Otg(6).calculate(plain).duration)
    assert met.time == pytest.approx(min(durations), rel=1e-6)


def test_a_tighter_tolerance_takes_finer_knots():
    arm, given, belt = random_task(np.random.default_rng(4), "ur5e")
    given.dwell = 0.2
    assert intercept_arm(arm, given, belt, tolerance=1e-10).deviation <= 1e-10
    with pytest.raises(UsageError, match="keep to the moving pose to"):
        intercept_arm(arm, given, belt, tolerance=1e-17)


def test_refusals():
    arm, given, belt = random_task(np.random.default_rng(4), "ur5e")
    with pytest.raises(UsageError, match="not in its pick window"):
        intercept_arm(arm, given, MovingPose(belt.pose, belt.direction, -0.2))
    given.downstream_limit = None
    with pytest.raises(UsageError, match="without an end"):
        intercept_arm(arm, given, belt)
    far = MovingPose(Pose(3.0, 0, 0, 0, 0, 0), belt.direction, 0.2)
    given.downstream_limit = 0.25
    with pytest.raises(UsageError, match="cannot be reached within the joint limits"):
        intercept_arm(arm, given, far)
    given.latest, given.dwell = 0.1, 0.0
    with pytest.raises(UsageError, match=r"axis \d: it .*must begin by"):
        intercept_arm(arm, given, belt)
    with pytest.raises(UsageError, match="direction"):
        intercept_arm(arm, given, MovingPose(belt.pose, (0, 0, 0), 0.2))
    with pytest.raises(UsageError, match="not finite"):
        intercept_arm(arm, given, MovingPose(belt.pose, belt.direction, math.nan))
    with pytest.raises(ValueError, match="axes"):
        intercept_arm(arm, InterceptParameter(4), belt)
    given.max_jerk = [150.0, 150, 150, 150, -1.0, 150]
    with pytest.raises(UsageError, match="axis 4: max_jerk"):
        intercept_arm(arm, given, belt)


def test_an_arm_without_a_closed_form():
    arm = Arm.named("franka_panda")
    home = np.array([0.0, -0.6, 0.0, -2.2, 0.0, 1.6, 0.8])
    given = InterceptParameter(7)
    given.current_position = given.target_position = home
    given.max_velocity, given.max_acceleration, given.max_jerk = 2.0, 8.0, 100.0
    given.upstream_limit, given.downstream_limit, given.dwell = 0.05, 0.3, 0.2
    belt = MovingPose(arm.transform(home + 0.1), (0.0, 1.0, 0.0), 0.15)
    met = intercept_arm(arm, given, belt)
    assert met.certificate.holds()
    assert met.deviation < 5e-5
