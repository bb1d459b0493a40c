"""What must hold for every motion, whatever the numbers."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from .problems import plan, random_problems

seeds = st.integers(0, 2**32 - 1)
REVERSED = [3, 4, 5, 0, 1, 2]


def one(seed, dof=2):
    return random_problems(seed, 1, dof)[0]


def symmetric(seed, dof=1):
    """A request whose both ends are within the limits forwards and backwards in time."""
    fields = one(seed, dof)
    fields[[1, 2, 4, 5]] *= 0.4
    for v, a in ((1, 2), (4, 5)):
        room = 0.99 * np.sqrt(2 * fields[10] * np.minimum(fields[6] - fields[v], fields[v] - fields[7]))
        fields[a] = np.clip(fields[a], -room, room)
    return fields


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds)
def test_time_reversal(seed):
    """Backwards in time the velocities change sign, and so do their limits; the accelerations stay as they are."""
    fields = symmetric(seed)
    back = fields.copy()
    back[:6] = fields[REVERSED]
    back[[1, 4]] *= -1
    back[6], back[7] = -fields[7], -fields[6]
    np.testing.assert_allclose(plan(back).duration, plan(fields).duration, rtol=1e-9)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds)
def test_mirror(seed):
    fields = one(seed)
    mirrored = fields.copy()
    mirrored[:6] *= -1
    mirrored[[6, 7, 8, 9]] = -fields[[7, 6, 9, 8]]
    np.testing.assert_allclose(plan(mirrored).duration, plan(fields).duration, rtol=1e-12)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds, st.permutations(range(4)))
def test_axis_permutation(seed, order):
    fields = one(seed, 4)
    ours, theirs = plan(fields), plan(fields[:, order])
    assert ours.duration == theirs.duration
    t = ours.duration * 0.37
    np.testing.assert_array_equal(ours.at_time(t)[0][order], theirs.at_time(t)[0])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds, st.floats(-12, 12), st.floats(-6, 6))
def test_unit_scaling(seed, length, time):
    fields = one(seed)
    length, time = 10**length, 10**time
    powers = np.array([0, -1, -2, 0, -1, -2, -1, -1, -2, -2, -3.0])[:, None]
    scaled = fields * length * time**powers
    np.testing.assert_allclose(plan(scaled).duration, plan(fields).duration * time, rtol=1e-9)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds, st.floats(0.05, 0.95))
def test_the_rest_of_a_fastest_motion_is_a_fastest_motion(seed, part):
    fields = one(seed, 1)
    whole = plan(fields)
    rest = fields.copy()
    rest[:3] = whole.at_time(part * whole.duration)
    np.testing.assert_allclose(plan(rest).duration, (1 - part) * whole.duration, rtol=1e-6, atol=1e-6)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds)
def test_wider_limits_are_never_slower(seed):
    fields = one(seed, 1)
    wider = fields.copy()
    wider[6:] *= 1.3
    assert plan(wider).duration <= plan(fields).duration * (1 + 1e-9)
