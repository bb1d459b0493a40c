"""Through waypoints: what is passed and when, how good it is, and what is refused."""

import threading
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from cellctl.errors import UsageError
from cellctl.motion import InputParameter, Otg, Synchronization
from cellctl.motion.waypoints import WaypointSearch, through


def problem(seed, points=6, dof=3):
    """A request and what it shall pass."""
    rng = np.random.default_rng(seed)
    request = InputParameter(dof)
    at = rng.uniform(-1, 1, (points, dof))
    request.current_position, request.target_position = at[0], at[-1]
    request.max_velocity, request.max_acceleration = rng.uniform(1, 3, dof), rng.uniform(5, 15, dof)
    request.max_jerk = rng.uniform(50, 150, dof)
    return request, at[1:-1]


def stopping(request, between):
    """How long it takes to stand still at each waypoint."""
    points = [request.current_position.copy(), *between, request.target_position.copy()]
    total = 0.0
    for start, end in pairwise(points):
        request.current_position, request.target_position = start, end
        total += Otg(request.degrees_of_freedom).calculate(request).duration
    request.current_position, request.target_position = points[0], points[-1]
    return total


@pytest.mark.parametrize("seed", range(20))
def test_it_passes_every_waypoint_within_the_limits(seed):
    request, between = problem(seed)
    search = WaypointSearch(request, between)
    search.improve(10)
    trajectory = search.trajectory
    assert trajectory.duration == pytest.approx(search.duration, rel=1e-12)
    assert trajectory.certify(request.limits).holds()
    position, velocity, acceleration = trajectory.at_time(search.times)
    np.testing.assert_allclose(position, search.waypoints, atol=1e-9)
    np.testing.assert_allclose(velocity[[0, -1]], 0, atol=1e-9)
    np.testing.assert_allclose(acceleration[[0, -1]], 0, atol=1e-7)
    before, after = (trajectory.at_time(np.clip(search.times + side, 0, search.duration)) for side in (-1e-9, 1e-9))
    for one, other in zip(before, after, strict=True):  # no jumps
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_it_is_faster_than_standing_still_and_never_gets_worse(seed):
    request, between = problem(seed)
    search = WaypointSearch(request, between)
    durations = [stopping(request, between), search.duration]
    for _ in range(8):
        better = search.improve(5)
        durations.append(search.duration)
        assert better == (durations[-1] < durations[-2])
    assert durations == sorted(durations, reverse=True)
    assert durations[-1] < 0.95 * durations[0]


@pytest.mark.parametrize("seed", range(10))
def test_waypoints_on_the_way_of_one_axis_cost_nothing(seed):
    rng = np.random.default_rng(seed)
    request = InputParameter(1)
    request.target_position = rng.uniform(0.5, 3)
    request.max_velocity, request.max_acceleration, request.max_jerk = rng.uniform([1, 5, 50], [3, 15, 150])
    request.min_velocity, request.min_acceleration = -0.7, -4.0
    between = (np.array([0.2, 0.4, 0.6, 0.8]) + rng.uniform(-0.06, 0.06, 4))[:, None] * request.target_position
    least = Otg(1).calculate(request).duration
    search = WaypointSearch(request, between)
    search.improve(200)
    assert least * (1 - 1e-9) <= search.duration <= least * (1 + 3e-3)


@pytest.mark.parametrize("seed", range(5))
def test_waypoints_on_a_straight_line_cost_nothing(seed):
    request, _ = problem(seed, dof=4)
    request.synchronization = Synchronization.PHASE
    straight = Otg(4).calculate(request).duration
    share = np.array([0.2, 0.45, 0.8])[:, None]
    between = (1 - share) * request.current_position + share * request.target_position
    search = WaypointSearch(request, between)
    search.improve(200)
    assert search.duration <= straight * (1 + 2e-3)


def test_one_waypoint_is_passed_as_fast_as_on_any_grid():
    request, between = problem(3, points=3, dof=1)
    search = WaypointSearch(request, between)
    search.improve(300)
    start, (passed,), end = search.waypoints[0, 0], search.waypoints[1], search.waypoints[2, 0]
    v_max, a_max, j_max = request.max_velocity[0], request.max_acceleration[0], request.max_jerk[0]
    v, a = np.meshgrid(np.linspace(-v_max, v_max, 201), np.linspace(-a_max, a_max, 201))
    v, a = v.ravel(), a.ravel()
    inside = (np.abs(v) + 0.5 * a**2 / j_max) <= v_max
    v, a = v[inside], a[inside]
    still = np.zeros_like(v)
    there = np.stack([still + start, still, still, still + passed, v, a], axis=1)[:, :, None]
    on = np.stack([still + passed, v, a, still + end, still, still], axis=1)[:, :, None]
    otg = Otg(1)
    assert search.duration <= np.nanmin(otg.durations(request, there) + otg.durations(request, on)) * (1 + 1e-9)


def test_the_same_seed_finds_the_same_motion():
    request, between = problem(4)
    assert through(request, between, 60).to_dict() == through(request, between, 60).to_dict()


@settings(max_examples=20, deadline=None)
@drawn(seed=st.integers(0, 1000), power=st.integers(-20, 20))
def test_units_do_not_matter(seed, power):
    request, between = problem(seed, 4, 2)
    scaled = InputParameter(2)
    scaled.data[:] = request.data * 2.0**power
    one, other = WaypointSearch(request, between), WaypointSearch(scaled, between * 2.0**power)
    one.improve(3), other.improve(3)
    assert one.duration == pytest.approx(other.duration, rel=1e-9)


def test_it_starts_and_ends_in_motion():
    request, between = problem(5)
    request.current_velocity, request.target_velocity = 0.2, [0.3, -0.2, 0.1]
    request.current_acceleration = [0.5, -1, 0]
    search = WaypointSearch(request, between)
    search.improve()
    ends = [row[[0, -1]] for row in search.trajectory.at_time(search.times)]
    np.testing.assert_allclose(ends[1], [[0.2] * 3, [0.3, -0.2, 0.1]], atol=1e-9)
    np.testing.assert_allclose(ends[2], [[0.5, -1, 0], [0] * 3], atol=1e-7)


def test_position_limits_are_kept():
    request, between = problem(6, dof=2)
    every = np.array([request.current_position, *between, request.target_position])
    request.min_position, request.max_position = every.min(axis=0), every.max(axis=0)
    search = WaypointSearch(request, between)
    free = InputParameter(2)
    free.data[:] = request.data
    search.improve()
    assert search.trajectory.certify(request.limits).holds(1e-9)
    assert search.duration < stopping(free, between)


def test_points_that_repeat_and_none_at_all():
    request, between = problem(7)
    twice = np.repeat(between, 2, axis=0)
    assert len(WaypointSearch(request, twice).waypoints) == len(between) + 2
    direct = Otg(3).calculate(request).duration
    assert through(request, []).duration == pytest.approx(direct, rel=1e-9)
    request.target_position = request.current_position
    assert through(request, np.empty((0, 3))).duration == 0
    there_and_back = through(request, [request.current_position + 1.0], 30)
    assert there_and_back.duration > 0


def test_another_thread_ends_it():
    request, between = problem(8)
    search = WaypointSearch(request, between)
    search.end()
    search.improve(10**9)
    assert search.rounds == 0
    working = threading.Thread(target=search.improve, args=(10**9,))
    working.start()
    search.end()
    working.join(60)
    assert not working.is_alive()
    assert search.trajectory.certify(request.limits).holds()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: setattr(r, "max_jerk", np.inf), "max_jerk is inf"),
        (lambda r: setattr(r, "max_velocity", [1, np.inf, 1]), "axis 1: max_velocity is inf"),
        (lambda r: setattr(r, "max_acceleration", np.nan), "max_acceleration is nan"),
        (lambda r: setattr(r, "max_velocity", 0), "velocity limit of zero"),
        (lambda r: setattr(r, "control_interface", 1), "velocity only"),
        (lambda r: setattr(r, "enabled", [1, 0, 1]), "switched off"),
        (lambda r: setattr(r, "max_position", 0.1), "intermediate_positions"),
        (lambda r: setattr(r, "current_velocity", np.nan), "current_velocity is nan"),
        (lambda r: setattr(r, "target_velocity", 99), "target_velocity 99"),
    ],
)
def test_what_cannot_be_is_refused_in_words(change, words):
    request, between = problem(9)
    change(request)
    with pytest.raises(UsageError) as caught:
        WaypointSearch(request, between)
    assert words in str(caught.value)


@pytest.mark.parametrize("between", [np.zeros((3, 2)), np.zeros(3), np.full((2, 3), np.nan), [[0, np.inf, 0]], "abc"])
def test_waypoints_that_are_none(between):
    request, _ = problem(10)
    with pytest.raises((UsageError, ValueError)):
        WaypointSearch(request, between)


def test_numbers_of_any_size_end_in_bounded_time():
    rng = np.random.default_rng(11)
    for _ in range(50):
        request, between = problem(12, 4, 2)
        request.data[:] = request.data * 10.0 ** rng.uniform(-60, 60, (11, 1))
        try:
            search = WaypointSearch(request, between * 10.0 ** rng.uniform(-60, 60))
        except UsageError:
            continue
        search.improve(3)
        assert np.isfinite(search.duration)
