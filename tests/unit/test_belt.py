"""A belt's travel in closed form, beside a numeric integration of its ramps."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cellctl.emulation.belt import Belt
from cellctl.emulation.physics import Ramp

speeds = st.floats(-30, 30)
ramps = st.lists(st.tuples(speeds, st.just(0.0) | st.floats(0.1, 200), st.floats(0.05, 3)), min_size=1, max_size=4)


def run(belt, pieces):
    """Run the pieces one after another; gives (time, travel) by small steps."""
    time, speed, travel, seen = 10.0, 0.0, 0.0, []
    for target, acceleration, duration in pieces:
        belt.run(Ramp(time, 0.0, speed, target, acceleration))
        step = duration / 400
        if acceleration == 0.0:
            speed = target
        for _ in range(400):
            before = speed
            speed += max(-acceleration * step, min(acceleration * step, target - speed))
            travel += (before + speed) / 2 * step
            time += step
            seen.append((time, travel, speed))
        assert belt.travel(time) == pytest.approx(travel * 0.04 / math.tau, abs=2e-4)
        assert belt.speed(time) == pytest.approx(speed * 0.04 / math.tau, abs=1e-6)
    return time


@given(ramps)
def test_travel_is_the_integral_of_the_speed(pieces):
    run(Belt(0.04), pieces)


@given(ramps, st.floats(-0.5, 0.5), st.floats(0, 3))
def test_a_crossing_is_where_the_travel_is_and_the_first_one(pieces, way, wait):
    belt = Belt(0.04)
    start = run(belt, pieces[:-1]) if len(pieces) > 1 else 10.0
    target, acceleration, _ = pieces[-1]
    belt.run(Ramp(start, 0.0, belt.speed(start) * math.tau / 0.04, target, acceleration))
    after = start + wait
    goal = belt.travel(start) + way
    found = belt.crossing(goal, after)
    steps = [after + i * 0.01 for i in range(1, 500)]
    sides = [belt.travel(time) > goal for time in steps]
    if found is None:
        assert abs(belt.travel(steps[0]) - goal) < 1e-3 or len(set(sides)) == 1
        return
    assert found > after
    assert belt.travel(found) == pytest.approx(goal, abs=1e-9 * max(1.0, found))
    assume(len(set(sides)) == 2)
    changed = next(time for time, side in zip(steps, sides, strict=True) if side != sides[0])
    assert found <= changed + 1e-9


def test_a_belt_that_stands_crosses_nothing():
    assert Belt(0.04).crossing(0.1, 5.0) is None
