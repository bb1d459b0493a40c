"""A moving target met cycle by cycle, also where it does not move as told."""

import numpy as np
import pytest

from cellctl.errors import UsageError
from cellctl.motion import OutputParameter
from cellctl.motion.intercept import Interceptor, InterceptParameter, MovingTarget
from cellctl.motion.otg import Result
from cellctl.motion.pursuit import Phase, Pursuit

CYCLE = 0.004


def task():
    given = InterceptParameter(3)
    given.current_position = [0.2, -0.3, 0.3]
    given.max_velocity, given.max_acceleration, given.max_jerk = 1.5, 12.0, 150.0
    given.moving = MovingTarget.along([-0.4, 0.1, 0.0], [1, 0, 0], speed=0.25)
    given.target_position, given.dwell = [0.0, -0.4, 0.3], 0.15
    return given


def run(pursuit, measure=None):
    """States of every cycle until the end, shape (n, 3, 3), and their phases."""
    output, states, phases, planned = OutputParameter(3), [], [], 0
    for _ in range(4000):
        if measure is not None and pursuit.phase is not Phase.AWAY:
            measure(len(states) * CYCLE, pursuit.given.moving)
        result = pursuit.update(output)
        states.append(output.state[:3].copy())
        phases.append(pursuit.phase)
        planned += output.new_calculation
        if result is Result.FINISHED:
            break
    return np.array(states), np.array(phases), planned


def test_undisturbed_it_is_the_planned_motion():
    met = Interceptor(3).calculate(task())
    states, phases, planned = run(Pursuit(task(), CYCLE))
    assert planned == 1
    times = CYCLE * np.arange(1, len(states) + 1)
    np.testing.assert_allclose(states.transpose(1, 0, 2), met.trajectory.at_time(times), atol=1e-12)
    assert (phases == Phase.ALONG).sum() == pytest.approx(0.15 / CYCLE, abs=2)
    np.testing.assert_allclose(states[-1, 0], [0.0, -0.4, 0.3], atol=1e-9)


@pytest.mark.parametrize("noise", [0.0, 1e-4])
def test_a_belt_that_slows_down_untold(noise):
    rng = np.random.default_rng(1)

    def truth(t):
        return np.array([-0.4 + 0.25 * min(t, 0.4) + 0.15 * max(0.0, t - 0.4), 0.1, 0.0])

    def measure(t, moving):
        moving.position = truth(t) + rng.normal(0, noise, 3)
        moving.velocity = [0.25 if t < 0.4 else 0.15, 0, 0]

    states, phases, planned = run(Pursuit(task(), CYCLE, tolerance=5 * noise), measure)
    assert planned > 1
    along = np.flatnonzero(phases == Phase.ALONG)
    assert len(along) >= 0.15 / CYCLE - 3
    off = [np.abs(states[k, 0] - truth((k + 1) * CYCLE)).max() for k in along]
    assert np.median(off) < 1e-9 + 20 * noise
    limits = task().limits.as_array(3)
    assert (np.abs(states[:, 1]) <= limits[1, 1] + 1e-9).all()
    assert (np.abs(np.diff(states[:, 2], axis=0)) <= limits[3, 1] * CYCLE + 1e-6).all()


def test_a_refused_change_can_be_taken_back_and_another_place_told_on_the_way_out():
    pursuit, output = Pursuit(task(), CYCLE), OutputParameter(3)
    for _ in range(20):
        pursuit.update(output)
    kept = pursuit.given.moving.velocity.copy()
    pursuit.given.moving.velocity = [9.0, 0, 0]
    with pytest.raises(UsageError, match="velocity"):
        pursuit.update(output)
    pursuit.given.moving.velocity = kept
    pursuit.update(output)
    assert not output.new_calculation
    while pursuit.phase is not Phase.AWAY:
        pursuit.update(output)
    pursuit.given.moving.position = [9.0, 9.0, 9.0]  # it does not matter any more
    pursuit.update(output)
    assert not output.new_calculation
    pursuit.given.target_position = [0.1, 0.1, 0.2]
    while pursuit.update(output) is Result.WORKING:
        pass
    np.testing.assert_allclose(output.new_position, [0.1, 0.1, 0.2], atol=1e-9)
    with pytest.raises(UsageError, match="control cycle"):
        Pursuit(task(), 0.0)
