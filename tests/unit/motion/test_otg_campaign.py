"""Random requests in many unit systems: each one is planned, keeps its limits and arrives.

``python -m benchmarks.motion_campaign`` runs ten million of these.
"""

import numpy as np
import pytest

from .problems import UNITS, audit, random_problems

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
