"""Requests and plans for these tests."""

import numpy as np

from cellctl.motion import Otg, Trajectory
from cellctl.testing.motions import UNITS, judge, random_requests, request_of

__all__ = ["UNITS", "audit", "end_of", "plan", "random_problems", "request"]

random_problems, request = random_requests, request_of


def _choose(fields, choices):
    given = request_of(np.asarray(fields, float))
    for name, value in choices.items():
        setattr(given, name, value)
    return given


def plan(fields, **choices) -> Trajectory:
    given = _choose(fields, choices)
    return Otg(given.degrees_of_freedom).calculate(given)


def audit(problems, **choices):
    return judge(problems, _choose(problems[0], choices))


def end_of(trajectory: Trajectory):
    """The state that the pieces lead to, not the one that is told behind the end. Shape (3, dof)."""
    pieces, ends = trajectory._pieces()
    states = []
    for table, end in zip(pieces, ends, strict=True):
        if len(table) == 0:
            states.append(end[1:])
            continue
        _, dt, p, v, a, j = table[-1]
        states.append([p + dt * (v + dt * (a / 2 + dt * j / 6)), v + dt * (a + dt * j / 2), a + dt * j])
    return np.array(states).T
