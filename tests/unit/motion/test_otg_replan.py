"""Planned anew from a state on the way, the rest of a motion takes the rest of its time: rounding moves no arrival.

On the last ramp all is decided: a moment later the target can be had only after a detour of seconds.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellctl.motion import Otg, OutputParameter, Result

from .problems import plan, random_problems, request

FAMILIES = {
    "inside": {},
    "at the limits": {"edges": True},
    "outside": {"outside": True},
    "high jerk": {"jerk": 1e3},
    "low jerk": {"jerk": 1e-2},
}


def jumps(problems, parts):
    """How many arrivals move by more than 1e-6 of the motion when it is planned anew at these parts of its last ramp,
    and of the whole; but not in the last hundred-thousandth, where times are hardly numbers any more.
    """
    otg, count = Otg(problems.shape[2]), 0
    for fields in problems:
        motion = plan(fields)
        last = min(float(table[-1, 1]) for table in motion._pieces()[0] if len(table))
        rests = np.concatenate([parts * last, parts * motion.duration])
        times = motion.duration - rests[rests > 1e-5 * motion.duration]
        again = np.repeat(fields[None], len(times), 0)
        again[:, 0], again[:, 1], again[:, 2] = motion.at_time(times)
        rest = otg.durations(request(fields), again)
        count += int((~(np.abs(rest + times - motion.duration) < 1e-6 * motion.duration)).sum())
    return count


@pytest.mark.parametrize("dof", [1, 3])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_arrival_stays_where_it_is(family, dof):
    problems = random_problems(11 * dof, 300, dof, **FAMILIES[family])
    assert jumps(problems, np.array([0.99, 0.7, 0.5, 0.2, 0.05, 0.01])) == 0


@pytest.mark.parametrize("dof", [1, 3])
def test_the_arrival_stays_without_jerk_limit_too(dof):
    problems = random_problems(12 * dof, 300, dof)
    problems[:, [2, 5]] = 0
    problems[:, 10] = np.inf
    assert jumps(problems, np.array([0.99, 0.7, 0.5, 0.2, 0.05, 0.01])) == 0


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.sampled_from(sorted(FAMILIES)), st.integers(1, 4), st.floats(0.001, 0.999))
def test_the_arrival_stays_wherever_it_is_planned_anew(seed, family, dof, part):
    assert jumps(random_problems(seed, 5, dof, **FAMILIES[family]), np.array([part])) == 0


@pytest.mark.parametrize("family", ["inside", "low jerk"])
def test_planned_anew_in_each_of_many_cycles_it_arrives_in_time(family):
    for fields in random_problems(5, 10, 3, **FAMILIES[family]):
        wanted, output, otg = request(fields), OutputParameter(3), Otg(3, 0.02)
        whole = plan(fields).duration
        cycles = 0
        while otg.update(wanted, output) is Result.WORKING:
            output.pass_to_input(wanted)
            otg.reset()
            cycles += 1
            assert cycles < whole / 0.02 + 3
        assert cycles * 0.02 == pytest.approx(whole, abs=0.04)


def test_a_state_that_is_rounded_elsewhere_is_still_on_its_way():
    fields = random_problems(6, 1, 2)[0]
    wanted, output, otg = request(fields), OutputParameter(2), Otg(2, 0.02)
    whole = plan(fields).duration
    cycles = 1
    while otg.update(wanted, output) is Result.WORKING:
        wanted.current_position = (output.new_position / 0.3) * 0.3
        wanted.current_velocity = (output.new_velocity / 0.7) * 0.7
        wanted.current_acceleration = (output.new_acceleration / 1.1) * 1.1
        cycles += 1
    assert cycles * 0.02 == pytest.approx(whole, abs=0.04)


def test_a_disturbance_is_planned_from():
    wanted, output, otg = request(random_problems(7, 1, 2)[0]), OutputParameter(2), Otg(2, 0.02)
    for _ in range(5):
        otg.update(wanted, output)
        output.pass_to_input(wanted)
    wanted.current_position += 1e-6
    otg.update(wanted, output)
    assert output.new_calculation
    assert output.trajectory.at_time(0.0)[0] == pytest.approx(wanted.current_position, abs=1e-12)


def test_a_brake_is_not_needed_where_the_target_comes_first():
    """It starts below its velocity limit, comes back by itself, and is at the target before it could be too fast."""
    states = [-0.5537721876045354, -0.7164256290509545, 1.6738150036859927]
    target = [-0.04496670733050697, 1.3202244440899626, 1.2978155826664923]
    limits = [1.8613509741008867, -0.3163854653642793, 2.2512733445438267, -0.6858879132307493, 0.5151845315220729]
    motion = plan(np.array([*states, *target, *limits])[:, None])
    assert motion.duration == pytest.approx(1.373, abs=1e-3)  # and 34.5 s with a brake first


def test_numbers_that_leave_the_range_on_the_way_are_refused():
    fields = np.array([1, 1, 1e308, 0, 0, 0, 1, -1, 1, -1, 1.0])[:, None]
    assert np.isnan(Otg(1).durations(request(fields), fields[None])).all()
