"""Motions as timed knots: exact where the jerk jumps at knots, within what was allowed elsewhere, and certified."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellctl.errors import UsageError
from cellctl.motion import InputParameter, Limits, Otg, TimedKnots, Trajectory, parametrize, spline, timed_knots


def _moved(axes: int, seed: int) -> tuple[Trajectory, Limits]:
    random = np.random.default_rng(seed)
    asked = InputParameter(axes)
    asked.current_position, asked.target_position = random.normal(size=(2, axes))
    asked.current_velocity, asked.target_velocity = random.uniform(-0.5, 0.5, (2, axes))
    asked.max_velocity = random.uniform(1.0, 3.0, axes)
    asked.max_acceleration = random.uniform(4.0, 20.0, axes)
    asked.max_jerk = random.uniform(50.0, 500.0, axes)
    return Otg(axes).calculate(asked), asked.limits


@settings(max_examples=60, deadline=None, derandomize=True)
@given(axes=st.integers(1, 6), seed=st.integers(0, 10_000))
def test_knots_where_the_jerk_jumps_are_exact(axes: int, seed: int) -> None:
    motion, limits = _moved(axes, seed)
    knots = timed_knots(motion, at=motion.breaks, shortest=1e-5)
    times = np.linspace(0.0, motion.duration, 301)
    # Two jumps nearer to each other than a piece may be short count as one: 500 rad/s^3 for 1e-5 s.
    for played, planned, off in zip(
        knots.trajectory.at_time(times), motion.at_time(times), (1e-8, 1e-5, 2e-2), strict=True
    ):
        np.testing.assert_allclose(played, planned, atol=off, rtol=0)
    # The jerk of a short piece is rounding as much as motion: the certificate tells what is played, and that is so.
    assert knots.certify(Limits(limits.max_velocity, limits.max_acceleration)).holds(1e-3)


@pytest.mark.parametrize("tolerance", [1e-4, 1e-5, 1e-6])
def test_a_motion_along_a_path_is_kept_to(tolerance: float) -> None:
    points = np.random.default_rng(5).uniform(-1.0, 1.0, (6, 6))
    motion = parametrize(spline(points, degree=5), Limits(2.0, 10.0, 200.0))
    knots = timed_knots(motion, tolerance=tolerance)
    times = np.linspace(0.0, motion.duration, 5001)
    off = np.abs(knots.trajectory.at_time(times)[0] - motion.at_time(times)[0]).max()
    assert off < 2 * tolerance  # it is looked at in five places of a piece
    assert len(knots.times) < motion.duration / 0.004
    bounds = knots.certify()
    speeds = knots.trajectory.at_time(times)[1]
    assert (speeds <= bounds.velocity[1] + 1e-12).all()
    assert (speeds >= bounds.velocity[0] - 1e-12).all()


def test_a_tighter_tolerance_needs_more_knots() -> None:
    points = np.random.default_rng(6).uniform(-1.0, 1.0, (5, 3))
    motion = parametrize(spline(points, degree=5), Limits(1.0, 4.0, 60.0))
    counts = [len(timed_knots(motion, tolerance=each).times) for each in (1e-3, 1e-4, 1e-5, 1e-6)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_knots_survive_the_wire() -> None:
    motion, _ = _moved(6, 7)
    knots = timed_knots(motion, at=motion.breaks)
    steps = (1e-6, 1e-8, 1e-7, 1e-6)
    sent = knots.rounded(*steps)
    whole = sent.states / np.array(steps[1:])[:, None]
    np.testing.assert_allclose(whole, np.round(whole), atol=1e-6)
    np.testing.assert_allclose(np.diff(sent.times) / steps[0], np.round(np.diff(sent.times) / steps[0]), atol=1e-6)
    assert sent.duration == pytest.approx(motion.duration, abs=1e-6)
    times = np.linspace(0.0, sent.duration, 500)
    assert np.abs(sent.trajectory.at_time(times)[0] - motion.at_time(times)[0]).max() < 1e-5


def test_an_axis_that_stands_and_one_that_moves() -> None:
    states = np.zeros((2, 3, 2))
    states[1, 0, 0] = 1.0
    motion = TimedKnots(np.array([10.0, 12.0]), states).trajectory
    position, velocity, _ = motion.at_time(1.0)
    assert position == pytest.approx([0.5, 0.0])
    assert velocity == pytest.approx([1.875 / 2, 0.0])  # of 10 x^3 - 15 x^4 + 6 x^5 at its middle
    assert motion.at_time(5.0)[0] == pytest.approx([1.0, 0.0])


def test_a_knot_beside_the_line_that_both_ends_follow_is_gone_to() -> None:
    states = np.zeros((2, 3, 2))
    states[:, 1, 0] = 1.0  # both ends go along the first axis, and the second one is another lane
    states[1, 0] = 2.0, 0.5
    motion = TimedKnots(np.array([0.0, 2.0]), states).trajectory
    assert motion.at_time(2.0)[0] == pytest.approx([2.0, 0.5])
    assert motion.at_time(1.0)[0] == pytest.approx([1.0, 0.25])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"tolerance": 0.0}, "above zero"),
        ({"shortest": 0.2, "longest": 0.1}, "above zero"),
        ({"tolerance": 1e-15, "shortest": 0.02}, "do not keep to the motion"),
        ({"at": [-1.0]}, "outside of the motion"),
        ({"longest": float("inf")}, "above zero"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, float], told: str) -> None:
    motion = parametrize(spline([[0.0, 0.0], [1.0, 0.3], [0.2, 1.0]], degree=5), Limits(1.0, 4.0, 60.0))
    with pytest.raises(UsageError, match=told):
        timed_knots(motion, **change)  # type: ignore[arg-type]  # several kinds


@pytest.mark.parametrize(
    ("times", "states"),
    [
        ([0.0], np.zeros((1, 3, 2))),
        ([0.0, 1.0], np.zeros((2, 2, 2))),
        ([1.0, 0.0], np.zeros((2, 3, 2))),
        ([0.0, 1.0], np.full((2, 3, 2), np.nan)),
    ],
)
def test_knots_that_make_no_motion_are_refused(times: list[float], states: np.ndarray) -> None:
    with pytest.raises(UsageError):
        _ = TimedKnots(np.array(times), states).trajectory
