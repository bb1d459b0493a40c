"""Moves beside and through singular poses, and those that cannot be made: which one, where on its way, and why."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellctl.errors import UsageError
from cellctl.motion import Arm, Circ, Limits, Lin, MoveLimits, Pose, Ptp, Spline, plan_moves
from cellctl.motion.lines import matrix

ARM = Arm.named("ur5e", Pose(z=0.15))
START = [0.1, -1.22, 1.66, -2.0, -1.57, 0.4]
HOME = ARM.forward(START)
LIMITS = MoveLimits(Limits(3.0, 15.0, 150.0), 0.5, 2.0, 3.0, 10.0)
WRIST = np.array([0.2, -1.2, 1.6, -0.6, -0.3, 0.4])  # wrist_2 is next to its singular pose, at zero


def off_the_line(motion, end):
    """How far the tool is off the straight line to a pose at most (m)."""
    tools = ARM.forward_batch(motion.at_time(np.linspace(0, motion.duration, 20_001))[0])[:, :3, 3]
    a, b = tools[0], np.array(end[:3])
    along = (b - a) / np.linalg.norm(b - a)
    return np.linalg.norm((tools - a) - np.outer((tools - a) @ along, along), axis=1).max()


@pytest.mark.parametrize("beside", [0.0, 1e-5, 1e-3, 0.01, 0.1, 0.3])
def test_a_line_past_a_singular_wrist_slows_down_and_is_kept(beside):
    end = np.add(WRIST, [0, 0, 0, beside, 0.6, 0])
    goal = ARM.forward(end)
    motion = plan_moves(ARM, WRIST, [Lin(goal)], LIMITS)
    assert motion.certificate.holds()
    assert off_the_line(motion, goal) < 1e-5
    assert np.abs(ARM.transform(motion.at_time(math.inf)[0]) - matrix(goal)).max() < 1e-9
    flip = math.pi / 3.0  # as long as a joint takes for half a turn
    assert motion.duration < 4 * flip


def test_a_line_straight_through_a_singular_wrist_does_not_stop():
    arm = Arm.named("abb_irb120")
    start = np.array([0, 0.3, 0.2, 0, -0.3, 0])
    goal = arm.forward([0, 0.3, 0.2, 0, 0.3, 0])
    motion = plan_moves(arm, start, [Lin(goal)], LIMITS)
    q = motion.at_time(np.linspace(0, motion.duration, 501))[0]
    assert np.abs(q[:, [0, 3, 5]]).max() < 1e-6
    assert motion.duration < 1.0
    assert len(motion.path.bends) == 0


def refusal(arm, start, moves, limits=LIMITS):
    with pytest.raises(UsageError) as caught:
        plan_moves(arm, start, moves, limits)
    return str(caught.value)


def mm(text):
    found = re.search(r"([\d.]+) of ([\d.]+) mm", text)
    return float(found[1]), float(found[2])


def test_a_line_out_of_reach_tells_where_it_leaves_it():
    far = HOME._replace(x=HOME.x - 0.6)
    text = refusal(ARM, START, [Ptp(START), Lin(far)])
    assert "ur5e, moves[1] (Lin)" in text
    assert "leaves the reach" in text
    came, whole = mm(text)
    assert whole == pytest.approx(600, abs=0.1)
    ahead, behind = (HOME._replace(x=HOME.x - (came + more) * 1e-3) for more in (0.2, -0.2))
    assert not ARM.inverse(ahead)
    assert ARM.inverse(behind)


def test_a_line_that_asks_for_a_jump_tells_the_joint():
    arm = Arm.named("abb_irb120")  # with its wrist stretched, and to the side
    home = arm.forward([0.0] * 6)
    text = refusal(arm, [0.0] * 6, [Lin(home._replace(y=home.y + 0.1))])
    assert re.search(r"singular pose: j[46] would have to jump by 1.57", text)
    assert "0.0 of 100.0 mm" in text


def test_a_line_that_leaves_a_joint_limit_tells_the_joint_and_where():
    tight = Arm(ARM.model.limited([-6.3, -6.3, -6.3, -6.3, -6.3, -6.3], [0.3, 6.3, 6.3, 6.3, 6.3, 6.3]), ARM.tool)
    goal = HOME._replace(y=HOME.y - 0.3)
    text = refusal(tight, START, [Lin(goal)])
    assert "base would go on to" in text
    assert "limit 0.3 " in text
    came, _ = mm(text)
    there = ARM.nearest(HOME._replace(y=HOME.y - came * 1e-3), START)
    assert there[0] == pytest.approx(0.3, abs=2e-3)


def test_a_pose_out_of_reach_tells_by_how_much():
    text = refusal(ARM, START, [Ptp(Pose(2.0, 0, 0.3))])
    assert "moves[0] (Ptp)" in text
    beyond = float(re.search(r"out of reach by ([\d.]+) mm", text)[1])
    assert 900 < beyond < 1300  # it reaches 0.85 m, and its tool 0.15 m more


def test_a_pose_beyond_joint_limits_tells_the_joint():
    tight = Arm(ARM.model.limited([-0.5, -2, 1, -3, -2, -1], [0.5, 0, 2, 0, 0, 1]), ARM.tool)
    text = refusal(tight, START, [Ptp(ARM.forward([1.5, *START[1:]]))])
    assert "base would be at 1.5, beyond its limit 0.5" in text
    text = refusal(tight, START, [Ptp([1.5, *START[1:]])])
    assert "base would be at 1.5, beyond its limit 0.5" in text
    text = refusal(tight, [1.5, *START[1:]], [])
    assert "start" in text


def test_a_limit_of_the_request_narrows_that_of_the_arm():
    limits = MoveLimits(Limits(3.0, 15.0, 150.0, max_position=0.5))
    assert "beyond its limit 0.5" in refusal(ARM, [0.1, -1.2, 0.4, 0, 0, 0], [Ptp([0.6, -1.2, 0.4, 0, 0, 0])], limits)


def test_arcs_that_are_none():
    straight = Circ(HOME._replace(y=HOME.y + 0.1), HOME._replace(y=HOME.y + 0.2))
    line = plan_moves(ARM, START, [Lin(HOME._replace(y=HOME.y + 0.2))], LIMITS)
    assert plan_moves(ARM, START, [straight], LIMITS).duration == pytest.approx(line.duration, rel=1e-6)
    behind = Circ(HOME._replace(y=HOME.y - 0.1), HOME._replace(y=HOME.y + 0.2))
    assert "on a line" in refusal(ARM, START, [behind])
    assert "ends where it starts" in refusal(ARM, START, [Circ(HOME._replace(y=HOME.y - 0.1), HOME)])


@pytest.mark.parametrize(
    "make",
    [
        lambda: Ptp(HOME, blend=-0.1),
        lambda: Lin(HOME, blend=math.nan),
        lambda: Lin(HOME, speed=0.0),
        lambda: Circ(HOME, HOME, acceleration=-1.0),
        lambda: Ptp(HOME, speed=1.5),
        lambda: Ptp(HOME, acceleration=0.0),
        lambda: MoveLimits(Limits(1.0), linear_velocity=0.0),
        lambda: MoveLimits(Limits(1.0), angular_acceleration=math.nan),
        lambda: plan_moves(ARM, START[:5], [], LIMITS),
        lambda: plan_moves(ARM, [math.nan] * 6, [], LIMITS),
        lambda: plan_moves(ARM, START, [Ptp([0.0] * 7)], LIMITS),
        lambda: plan_moves(ARM, START, [Lin(HOME._replace(x=math.nan))], LIMITS),
        lambda: plan_moves(ARM, START, [Ptp(HOME._replace(x=math.inf))], LIMITS),
        lambda: plan_moves(ARM, START, [Spline([HOME._replace(rx=math.inf)])], LIMITS),
        lambda: plan_moves(ARM, START, [Lin(HOME._replace(z=1.0e6))], LIMITS),
        lambda: plan_moves(ARM, START, [Ptp(np.array(START) + 1)], MoveLimits(Limits())),
        lambda: plan_moves(ARM, START, [Lin(HOME._replace(y=0.1))], MoveLimits(Limits())),
        lambda: plan_moves(ARM, START, [Ptp(START)], LIMITS).rest(-1.0),
        lambda: plan_moves(ARM, START, [Ptp(START)], LIMITS).at_time(math.nan),
    ],
)
def test_what_is_no_request_is_refused(make):
    with pytest.raises(UsageError):
        make()


NAMES = ("ur5e", "abb_irb120", "staubli_tx2_60", "epson_gx8_c451", "gantry_generic")
part = st.floats(0, 1)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(NAMES),
    st.lists(
        st.tuples(st.sampled_from("plcs"), st.lists(part, min_size=6, max_size=6), st.sampled_from([0, 1e-4, 0.03, 1])),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_whatever_comes_is_refused_or_proven(name, asked, everywhere):
    arm = Arm.named(name)
    dof = arm.degrees_of_freedom
    low, high = np.clip(np.array(arm.joint_limits).T, -2.0, 2.0)
    middle, size = 0.5 * (low + high), 0.2 * (high - low)
    last, moves = middle, []
    for kind, parts, blend in asked:
        q = middle + size * (2 * np.array(parts[:dof]) - 1)
        pose, via = arm.forward(q), arm.forward(0.5 * (q + last))
        last = q
        moves.append(
            {
                "p": Ptp(q, blend=blend),
                "l": Lin(pose, blend=blend),
                "c": Circ(via, pose, blend=blend),
                "s": Spline([via, pose], blend=blend),
            }[kind]
        )
    limits = MoveLimits(Limits(2.0, 10.0, 100.0), 1.0, 4.0, 3.0, 15.0, everywhere=everywhere)
    try:
        motion = plan_moves(arm, middle, moves, limits)
    except UsageError as error:
        assert re.search(r"moves\[\d\]", str(error))
        return
    assert motion.certificate.holds()
    assert motion.deviation < 1e-5
    reached = arm.transform(motion.at_time(math.inf)[0])
    goal = moves[-1].targets[-1] if isinstance(moves[-1], Spline) else moves[-1].target
    wanted = matrix(goal) if isinstance(goal, Pose) else arm.transform(goal)
    assert np.abs(reached - wanted).max() < 1e-5
    assert (np.diff(motion.ends) >= 0).all()
