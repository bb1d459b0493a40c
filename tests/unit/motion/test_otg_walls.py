"""Position limits: fixed requests that once went wrong, and what is said where there is no motion."""

import numpy as np
import pytest

from cellctl.errors import UsageError
from cellctl.motion import ControlInterface, Synchronization
from cellctl.motion.otg import Otg

from .problems import end_of, request


def one_axis(states, limits, low, high, **choices):
    """States p0, v0, a0, pf, vf, af; limits v_max, v_min, a_max, a_min, j_max."""
    given = request(np.array([*states, *limits], float)[:, None])
    given.min_position, given.max_position = low, high
    for name, value in choices.items():
        setattr(given, name, value)
    return Otg(1).calculate(given)


SYMMETRIC = [2.0, -2.0, 1.0, -1.0, 1.0]


def test_an_acceleration_beyond_its_limit_turns_the_axis_by_itself():
    """It rises by 0.7268 on its way to the acceleration limit, whatever is done."""
    states = [0, 2, -3, -5, 0, 0]
    assert one_axis(states, SYMMETRIC, -10, 0.73).bounding_box()[1, 0] == pytest.approx(0.72678, abs=1e-5)
    with pytest.raises(UsageError, match=r"at current_velocity 2 it cannot stop before max_position 0.5: it goes 0.22"):
        one_axis(states, SYMMETRIC, -10, 0.5)


def test_a_start_outside_that_goes_on_for_a_moment_may_come_back():
    motion = one_axis([0, 2, -3, -5, 0, 0], SYMMETRIC, -10, -0.5)
    assert motion.bounding_box()[1, 0] == pytest.approx(0.72678, abs=1e-5)


def test_a_motion_that_goes_far_away_comes_back_to_a_wall_nearby():
    """The wall is at 0.03, the turning point at 60000: what is rounded there is no broken wall."""
    states = [-0.0032204392192064484, -53.5882800808305, 0, 0.029149766155487596, 0, -0.030044951243937808]
    limits = [7.248369504217557, -64.81794089185215, 0.023760476801511683, -0.044164138985333175, 1.9786459704067727]
    motion = one_axis(states, limits, -np.inf, states[3])
    assert motion.bounding_box()[0, 0] < -6e4
    assert motion.bounding_box()[1, 0] == pytest.approx(states[3], abs=1e-9)


TOO_FAST = [3.6941853249708294, -8.0938961446532769, -1.1120003688313025, 7.5162315203416803, 24.152469846323203, 0]
WEAK_BRAKE = [99.302688129373124, -2.4777899289856746, 35.463723505169867, -0.042734455169151905, 0.38329721734668964]


def test_back_within_the_velocity_limits_gently_where_the_hardest_way_hits_a_wall():
    motion = one_axis(TOO_FAST, WEAK_BRAKE, -np.inf, TOO_FAST[3])
    assert motion.bounding_box()[1, 0] <= TOO_FAST[3] + 1e-9
    np.testing.assert_allclose(end_of(motion)[:, 0], TOO_FAST[3:], atol=1e-6)
    _, _, velocity, _ = motion.sample(0.01)
    late = velocity[np.flatnonzero(velocity >= WEAK_BRAKE[1])[0] :]
    assert (late >= WEAK_BRAKE[1] - 1e-9).all()


@pytest.mark.parametrize("minimum", [200.0, 1000.0])
def test_gently_and_late(minimum):
    motion = one_axis(TOO_FAST, WEAK_BRAKE, -np.inf, TOO_FAST[3], minimum_duration=minimum)
    assert minimum <= motion.duration
    assert motion.bounding_box()[1, 0] <= TOO_FAST[3] + 1e-9


@pytest.mark.parametrize("minimum", [0.5, 1.0, 10.0])
def test_a_velocity_is_had_late_and_before_a_wall(minimum):
    """It goes up, waits where there is enough way to the wall, and comes down."""
    states = [0.062054776525124228, -0.69877161211687244, 0.71040713461846927, 0, -1.0169095306124774, 0]
    limits = [np.inf, -np.inf, 3.7072187113046087, -1, 29.466518972460193]
    velocity = ControlInterface.VELOCITY
    motion = one_axis(
        states, limits, -0.29528794787431889, np.inf, control_interface=velocity, minimum_duration=minimum
    )
    assert motion.duration >= minimum
    assert motion.bounding_box()[0, 0] >= -0.29528794787431889 - 1e-12
    assert end_of(motion)[1, 0] == pytest.approx(states[4])


def test_a_velocity_is_had_as_soon_as_can_be_after_a_given_time():
    states = [3.02282376498044, -0.3910590306435151, -0.04683173623143261, 0, -0.6369133165721552, 0.022948433607034663]
    limits = [np.inf, -np.inf, 0.35776063150912596, -0.6724666898589908, 0.9036604344602863]
    low, high = 1.8445412422248217, 3.2936285101545493
    velocity = ControlInterface.VELOCITY
    motion = one_axis(states, limits, low, high, control_interface=velocity, minimum_duration=3.18)
    assert motion.duration == 3.18  # it ends at the wall; 3.26 s if it may end where it likes


def line(velocity, low, high):
    """Two axes along (1, -2) at the same share of it."""
    given = request(
        np.array([[0, v, 0, p, 0, 0, 1, -1, a, -a, 2] for v, p, a in zip(velocity, (1, -2), (0.25, 1), strict=True)]).T
    )
    given.synchronization = Synchronization.PHASE
    given.min_position, given.max_position = low, high
    return Otg(2).calculate(given)


def test_phase_says_which_wall_of_which_axis_is_in_the_way():
    with pytest.raises(UsageError, match=r"axis 1: at current_velocity 0.4 it cannot stop before max_position 0.01"):
        line([-0.2, 0.4], -5, [5, 0.01])
    with pytest.raises(UsageError, match=r"axis 0: at current_velocity -0.2 it cannot stop before min_position -0.01"):
        line([-0.2, 0.4], [-0.01, -5], 5)


def test_phase_comes_back_from_outside():
    """Along the line the axes are slower than each could be alone: that much further one goes before it turns."""
    motion = line([-0.2, 0.4], -5, [5, -0.001])
    box = motion.bounding_box()
    assert -0.15 < box[0, 0] < 0
    np.testing.assert_allclose(box[0], [box[0, 0], -2])
    np.testing.assert_allclose(box[1], [1, -2 * box[0, 0]])


def walled(seed):
    """A request of one axis whose fastest motion would leave the walls; it may be one that is refused."""
    rng = np.random.default_rng(seed)
    v_max, v_min, a_max, a_min = rng.uniform([0.3, -1, 1, -6], [1, -0.3, 6, -1])
    j_max = rng.uniform(2, 20)
    states = []
    for _ in range(2):
        speed = rng.uniform(v_min, v_max) * rng.uniform(0, 0.9)
        most = min(a_max, -a_min, np.sqrt(2 * j_max * min(v_max - speed, speed - v_min)))
        states += [rng.uniform(-0.2, 0.2), speed, rng.uniform(-most, most)]
    given = request(np.array([*states, v_max, v_min, a_max, a_min, j_max])[:, None])
    ends, box = np.sort([states[0], states[3]]), Otg(1).calculate(given).bounding_box()[:, 0]
    share = rng.uniform(0.5, 1, 2)
    given.min_position, given.max_position = ends + share * (box - ends)
    return given


def least(given):
    try:
        motion = Otg(1).calculate(given)
    except UsageError:
        return np.inf
    assert motion.certify(given.limits).holds(1e-9)
    return motion.duration


def test_a_wider_room_is_never_slower_and_a_mirrored_one_neither_nor_time_reversed():
    counted = 0
    for seed in range(600):
        given = walled(seed)
        duration = least(given)
        mirror = walled(seed)
        mirror.data[:6] *= -1
        mirror.max_velocity, mirror.min_velocity = -given.min_velocity, -given.max_velocity
        mirror.max_acceleration, mirror.min_acceleration = -given.min_acceleration, -given.max_acceleration
        mirror.min_position, mirror.max_position = -given.max_position, -given.min_position
        back = walled(seed)
        back.data[:3], back.data[3:6] = given.data[3:6], given.data[:3]
        back.data[[1, 4]] *= -1
        back.max_velocity, back.min_velocity = -given.min_velocity, -given.max_velocity
        for other in (mirror, back):
            assert least(other) == pytest.approx(duration, rel=1e-6)
        low, high = given.min_position.copy(), given.max_position.copy()
        for by in (0.001, 0.1, 1.0):
            given.min_position, given.max_position = low - by * (high - low), high + by * (high - low)
            assert least(given) <= duration * (1 + 1e-9)
        given.min_position, given.max_position = -np.inf, np.inf
        counted += least(given) < duration < np.inf
    assert counted > 0  # walls that mattered without being in the way of every motion: they are rare
