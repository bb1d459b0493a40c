"""Random requests in many unit systems: each one is planned, keeps its limits and arrives.

``python -m benchmarks.motion_campaign`` runs ten million of these.
"""

import numpy as np
import pytest

from cellctl.testing.motions import judge
from cellctl.testing.rooms import PLACES, with_walls

from .problems import UNITS, audit, random_problems, request

N = 4000


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("dof", [1, 3])
def test_no_request_fails_in_any_unit(unit, dof):
    durations, excess, miss = audit(random_problems(1, N, dof, unit=UNITS[unit]))
    assert np.isfinite(durations).all()
    assert excess.max() < 1e-12
    assert miss.max() < 1e-9


@pytest.mark.parametrize("jerk", [1e-3, 1e3, 1e6, 1e9])
def test_no_request_fails_at_any_jerk(jerk):
    durations, excess, miss = audit(random_problems(2, N, 2, jerk=jerk, decades=0.5))
    assert np.isfinite(durations).all()
    assert excess.max() < 1e-12
    assert miss.max() < 1e-8


def test_limits_may_differ_by_decades():
    durations, _, miss = audit(random_problems(3, N, 2, decades=3))
    assert np.isfinite(durations).all()
    assert miss.max() < 1e-8


def test_states_on_the_limits():
    durations, excess, miss = audit(random_problems(4, N, 3, edges=True))
    assert np.isfinite(durations).all()
    assert excess.max() < 1e-12
    assert miss.max() < 1e-9


def test_states_outside_of_the_limits_are_brought_back():
    durations, excess, miss = audit(random_problems(5, N, 2, outside=True))
    assert np.isfinite(durations).all()
    assert excess.max() < 1e-12  # beyond what the initial state cannot help
    assert miss.max() < 1e-9


@pytest.mark.parametrize("order", [1, 2])
def test_without_jerk_limit(order):
    problems = random_problems(6, N, 2, outside=order == 2)
    problems[:, [2, 5]] = 0
    problems[:, 10] = np.inf
    if order == 1:
        problems[:, 8], problems[:, 9] = np.inf, -np.inf
    durations, excess, miss = audit(problems)
    assert np.isfinite(durations).all()
    assert excess.max() < 1e-12
    assert miss.max() < 1e-9


@pytest.mark.parametrize("outside", [False, True])
def test_velocity_interface(outside):
    durations, excess, miss = audit(random_problems(7, N, 3, outside=outside), control_interface=1)
    assert np.isfinite(durations).all()
    assert excess.max() < 1e-12
    assert miss.max() < 1e-9


def test_a_minimum_duration_is_kept():
    problems = random_problems(8, N, 2)
    free, _, _ = audit(problems)
    durations, excess, miss = audit(problems, minimum_duration=7.0)
    assert (durations >= np.maximum(free, 7.0) * (1 - 1e-12)).all()
    assert (durations == 7.0).mean() > 0.1
    assert excess.max() < 1e-12
    assert miss.max() < 1e-9


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize("dof", [1, 3])
def test_between_walls(place, order, dof):
    """As much room as it takes to stop, and to come to the target: then there is a motion of every longer time."""
    problems = random_problems(9, N, dof, decades=1.0)
    if order == 2:
        problems[:, [2, 5]], problems[:, 10] = 0, np.inf
    walled = with_walls(9, problems, place)
    durations, excess, miss = judge(walled, request(problems[0]))
    assert np.isfinite(durations).all()
    assert excess.max() < 1e-12
    assert miss.max() < 1e-8


@pytest.mark.parametrize("place", ["in", "at", "near"])
@pytest.mark.parametrize("order", [2, 3])
def test_a_velocity_between_walls(place, order):
    problems = random_problems(10, 500, 2)
    if order == 2:
        problems[:, [2, 5]], problems[:, 10] = 0, np.inf
    given = request(problems[0])
    given.control_interface = 1
    durations, excess, miss = judge(with_walls(10, problems, place, interface=1), given)
    assert np.isfinite(durations).all()
    assert excess.max() < 1e-12
    assert miss.max() < 1e-8
