"""Cycle by cycle: changed targets and limits, interruption, refusals; jogging."""

import numpy as np
import pytest

from cellctl.errors import UsageError
from cellctl.motion import (
    ControlInterface,
    DurationDiscretization,
    InputParameter,
    Jog,
    Limits,
    Otg,
    OutputParameter,
    Result,
    Synchronization,
)

from .problems import random_problems, request

CYCLE = 0.01


def run(otg, given, output, *, most=100_000):
    """To the end; every state on the way. Shape (n, 3, dof)."""
    states = []
    for _ in range(most):
        result = otg.update(given, output)
        states.append([output.new_position.copy(), output.new_velocity.copy(), output.new_acceleration.copy()])
        output.pass_to_input(given)
        if result is Result.FINISHED:
            return np.array(states)
    raise AssertionError("it never ends")


def test_update_follows_the_trajectory_and_plans_once():
    given = request(random_problems(1, 1, 3)[0])
    otg, output = Otg(3, CYCLE), OutputParameter(3)
    whole = Otg(3).calculate(given)
    planned = 0
    for k in range(1, 50):
        otg.update(given, output)
        planned += output.new_calculation
        np.testing.assert_allclose(output.new_position, whole.at_time(k * CYCLE)[0], atol=1e-9)
        output.pass_to_input(given)
    assert planned == 1


def test_it_ends_at_the_target():
    for fields in random_problems(2, 20, 2):
        given, output = request(fields), OutputParameter(2)
        given.target_velocity = given.target_acceleration = 0.0
        run(Otg(2, CYCLE), given, output)
        np.testing.assert_array_equal(output.new_position, fields[3])
        np.testing.assert_array_equal(output.new_velocity, 0)


@pytest.mark.parametrize("seed", range(5))
def test_targets_and_limits_may_change_at_any_time(seed):
    rng = np.random.default_rng(seed)
    given, output, otg = request(random_problems(seed, 1, 2)[0]), OutputParameter(2), Otg(2, CYCLE)
    given.target_velocity = given.target_acceleration = 0.0
    jerk = given.max_jerk.copy()
    last = given.current_acceleration.copy()
    for _ in range(100):
        given.target_position = rng.normal(0, 3, 2)
        given.max_velocity *= rng.uniform(0.8, 1.25)
        for _ in range(rng.integers(1, 40)):
            otg.update(given, output)
            assert (np.abs(output.new_acceleration - last) <= jerk * CYCLE * (1 + 1e-9) + 1e-12).all()
            last = output.new_acceleration.copy()
            output.pass_to_input(given)
    run(otg, given, output)


def test_planning_anew_in_each_cycle_arrives_as_early():
    given, output, otg = request(random_problems(7, 1, 1)[0]), OutputParameter(1), Otg(1, CYCLE)
    whole = Otg(1).calculate(given).duration
    cycles = 0
    while otg.update(given, output) is Result.WORKING:
        output.pass_to_input(given)
        otg.reset()
        cycles += 1
        assert cycles < whole / CYCLE + 3
    assert cycles * CYCLE == pytest.approx(whole, abs=2 * CYCLE)


def test_a_motion_can_be_interrupted():
    given, output, otg = request(random_problems(8, 1, 2)[0]), OutputParameter(2), Otg(2, CYCLE)
    for _ in range(20):
        otg.update(given, output)
        output.pass_to_input(given)
    given.control_interface = ControlInterface.VELOCITY
    given.target_velocity = given.target_acceleration = 0.0
    run(otg, given, output)
    np.testing.assert_array_equal(output.new_velocity, 0)


def test_after_a_refusal_the_motion_goes_on():
    given, output, otg = request(random_problems(9, 1, 2)[0]), OutputParameter(2), Otg(2, CYCLE)
    otg.update(given, output)
    output.pass_to_input(given)
    target = given.target_position.copy()
    given.target_position[1] = np.nan
    with pytest.raises(UsageError, match="axis 1: target_position"):
        otg.update(given, output)
    given.target_position = target
    otg.update(given, output)
    assert not output.new_calculation


def test_a_cycle_takes_time():
    with pytest.raises(UsageError):
        Otg(2, 0.0)
    with pytest.raises(UsageError, match="an input of 3 axes for 2"):
        Otg(2, CYCLE).update(InputParameter(3), OutputParameter(3))
    with pytest.raises(UsageError, match="does not have 2 axes"):
        Otg(2, CYCLE).update(InputParameter(2), OutputParameter(3))


LIMITS = Limits(
    max_velocity=[1.0, 2.0],
    max_acceleration=4.0,
    max_jerk=40.0,
    min_position=[-1.0, -np.inf],
    max_position=[1.0, np.inf],
)


def test_jog_starts_and_stops_smoothly():
    jog = Jog([0.0, 0.0], LIMITS, CYCLE, hold=10.0)
    jog.command([0.5, -3.0])
    last = np.zeros(2)
    for _ in range(100):
        state = jog.update()
        assert (np.abs(state.new_acceleration - last) <= 40 * CYCLE + 1e-9).all()
        last = state.new_acceleration.copy()
    np.testing.assert_allclose(jog.velocity, [0.5, -2.0], atol=1e-12)  # cut to the limit
    jog.stop()
    for _ in range(200):
        jog.update()
    assert not jog.moving


def test_jog_stops_at_a_position_limit_and_leaves_it_again():
    jog = Jog([0.9, 0.0], LIMITS, CYCLE, hold=100.0)
    jog.command([1.0, 0.0])
    for _ in range(200):
        assert jog.update().new_position[0] <= 1.0 + 1e-12
    assert jog.position[0] == 1.0
    jog.command([0.5, 0.0])
    for _ in range(10):
        jog.update()
    assert jog.position[0] == 1.0
    jog.command([-0.5, 0.0])
    for _ in range(100):
        jog.update()
    assert jog.position[0] < 0.7


def test_jog_stops_when_nobody_commands():
    jog = Jog([0.0, 0.0], LIMITS, CYCLE, hold=0.2)
    for _ in range(50):
        jog.command([0.5, 0.5])
        jog.update()
    assert jog.moving
    for _ in range(100):
        jog.update()
    assert not jog.moving


def test_jog_refuses_what_is_no_velocity():
    jog = Jog([0.0], Limits(max_acceleration=1.0), CYCLE)
    with pytest.raises(UsageError, match="NaN on axis 0"):
        jog.command(np.nan)
    with pytest.raises(UsageError, match="infinite"):
        jog.command(np.inf)
    with pytest.raises(UsageError, match="acceleration"):
        Jog([0.0], Limits(max_velocity=1.0))


@pytest.mark.parametrize("synchronization", list(Synchronization))
@pytest.mark.parametrize("cycle", [0.001, 0.0037, 0.25])
def test_discrete_durations_are_whole_cycles_and_the_next_ones_that_can_be(synchronization, cycle):
    for fields in random_problems(6, 30, 3):
        given, otg = request(fields), Otg(3, cycle)
        given.synchronization = synchronization
        if synchronization is Synchronization.PHASE:
            given.data[[1, 2, 4, 5]] = 0
        least = otg.calculate(given)
        given.duration_discretization = DurationDiscretization.DISCRETE
        whole = otg.calculate(given)
        cycles = whole.duration / cycle
        assert cycles == pytest.approx(round(cycles), abs=1e-9)
        assert whole.duration >= least.duration
        for fewer in np.arange(np.ceil(least.duration / cycle - 1e-9), round(cycles)):
            given.duration = fewer * cycle  # every whole number below is blocked
            with pytest.raises(UsageError, match="no motion takes exactly"):
                otg.calculate(given)
        given.duration = None


def test_the_last_cycle_of_a_discrete_motion_meets_the_target():
    given, otg, output = request(random_problems(7, 1, 2)[0]), Otg(2, CYCLE), OutputParameter(2)
    given.duration_discretization = DurationDiscretization.DISCRETE
    cycles = round(otg.calculate(given).duration / CYCLE)
    for _ in range(cycles):
        otg.update(given, output)
        output.pass_to_input(given)
    np.testing.assert_allclose(output.state[:3], given.data[3:6], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_velocity": -1.0},
        {"min_velocity": 0.5, "max_velocity": 1.0},
        {"min_position": 2.0, "max_position": -2.0},
        {"min_position": np.nan},
        {"max_velocity": np.nan},
        {"max_jerk": -3.0},
    ],
)
def test_limits_of_a_jog_that_cannot_be(wrong):
    with pytest.raises(UsageError, match=r"axis 0: min_\w+ .* and max_\w+ "):
        Jog([0.0], Limits(**{"max_acceleration": 1.0, "max_velocity": 1.0} | wrong))


def test_a_synchronised_change_of_velocity_is_planned_again_on_the_way():
    rng = np.random.default_rng(8)
    for _ in range(300):
        given = InputParameter(3)
        given.control_interface, given.max_velocity = ControlInterface.VELOCITY, 1.0
        given.max_acceleration, given.max_jerk = rng.uniform(1, 5, 3), rng.uniform(10, 100, 3)
        given.current_velocity, given.target_velocity = rng.uniform(-0.5, 0.5, (2, 3))
        whole = Otg(3).calculate(given)
        now = rng.uniform(0, whole.duration)
        given.data[:3] = whole.at_time(now)
        assert Otg(3).calculate(given).duration == pytest.approx(whole.duration - now, rel=1e-6, abs=1e-7)


def test_a_residual_speed_at_the_target_is_no_reason_to_refuse():
    given = InputParameter(1)
    given.max_velocity, given.max_acceleration, given.max_jerk = 1.0, 5.0, 50.0
    for power in range(-40, -3):
        given.current_velocity = 10.0**power
        motion = Otg(1).calculate(given)
        assert abs(motion.at_time(motion.duration)[0][0]) < 1e-14
    rng = np.random.default_rng(9)
    for _ in range(10):
        given = InputParameter(1)
        given.current_position, given.max_velocity = rng.uniform(-1, 1), 1.0
        given.max_acceleration, given.max_jerk = rng.uniform(1, 5), rng.uniform(10, 100)
        otg, output = Otg(1, 0.001), OutputParameter(1)
        for _ in range(5000):
            otg.reset()  # every cycle anew, down to the last bits
            if otg.update(given, output) is Result.FINISHED:
                break
            output.pass_to_input(given)
        assert abs(output.new_position[0]) < 1e-12


@pytest.mark.parametrize("seed", range(3))
def test_a_target_that_moves_along_a_line_is_tracked_on_the_line(seed):
    rng = np.random.default_rng(seed)
    direction, base = rng.normal(size=(2, 3))
    given, otg, output = InputParameter(3), Otg(3, 0.002), OutputParameter(3)
    given.max_velocity, given.max_acceleration, given.max_jerk = 1.0, 4.0, 40.0
    given.synchronization = Synchronization.PHASE
    given.current_position = base
    for cycle in range(5000):
        if cycle % 10 == 0:
            given.target_position = base + direction * 0.5 * np.sin(0.002 * cycle)
        otg.update(given, output)
        output.pass_to_input(given)
        on = output.new_position - base
        assert np.abs(on - direction * (on @ direction) / (direction @ direction)).max() < 1e-11
