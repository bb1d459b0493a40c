"""What may be asked, what is refused and in which words."""

import numpy as np
import pytest

from cellctl.errors import UsageError
from cellctl.motion import ControlInterface, InputParameter, Otg, Synchronization

from .problems import plan, random_problems, request


def simple(dof=2):
    given = InputParameter(dof)
    given.target_position = np.arange(1.0, dof + 1)
    given.max_velocity, given.max_acceleration, given.max_jerk = 1.0, 2.0, 8.0
    return given


@pytest.mark.parametrize("name", ["current_position", "target_velocity", "current_acceleration"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_states_that_are_no_numbers_are_named(name, value):
    given = simple()
    getattr(given, name)[1] = value
    with pytest.raises(UsageError, match=f"axis 1: {name} is"):
        Otg(2).calculate(given)


@pytest.mark.parametrize("name", ["max_acceleration", "max_jerk"])
@pytest.mark.parametrize("value", [0.0, -1.0, np.nan])
def test_limits_must_be_above_zero(name, value):
    given = simple()
    getattr(given, name)[0] = value
    with pytest.raises(UsageError, match=f"axis 0: {name} is"):
        Otg(2).calculate(given)


def test_a_target_beyond_its_limit_says_both_numbers():
    given = simple()
    given.target_velocity = [0.0, -1.5]
    with pytest.raises(UsageError, match=r"axis 1: target_velocity -1.5 is beyond min_velocity -1"):
        Otg(2).calculate(given)


def test_a_target_that_cannot_be_come_to_within_the_limits():
    given = simple()
    given.target_velocity, given.target_acceleration = 0.99, -1.5
    with pytest.raises(UsageError, match=r"asks for a velocity of .* beyond max_velocity 1"):
        Otg(2).calculate(given)


def test_limits_too_far_apart():
    given = simple(1)
    given.max_acceleration, given.max_jerk = 1e-300, 1e300
    with pytest.raises(UsageError, match="too far apart"):
        Otg(1).calculate(given)


def test_one_way_axes():
    given = simple(1)
    given.min_velocity = 0.0
    assert Otg(1).calculate(given).certify(given.limits).holds()
    given.target_position = [-1.0]
    with pytest.raises(UsageError, match="velocity limit of zero"):
        Otg(1).calculate(given)


def test_wrong_shapes_and_types():
    given = InputParameter(3)
    with pytest.raises(UsageError, match=r"target_position has shape \(2,\), not \(3,\)"):
        given.target_position = [1.0, 2.0]
    with pytest.raises(UsageError, match="not numbers"):
        given.target_position = ["a", "b", "c"]
    with pytest.raises(UsageError, match="an input of 3 axes for 2"):
        Otg(2).calculate(given)
    with pytest.raises(UsageError, match="axis 3 of 3"):
        Otg(3).blocked_intervals(given, 3)
    for axes in (0, -1, 10**6):
        with pytest.raises(UsageError, match="degrees of freedom"):
            Otg(axes)
    with pytest.raises(UsageError, match="shape"):
        Otg(3).durations(given, np.zeros((4, 6, 2)))


def test_arrays_may_be_read_only_strided_or_of_integers():
    given = simple(3)
    wide = np.arange(6.0)[::2]
    wide.flags.writeable = False
    given.target_position = wide
    given.max_velocity = np.array([1, 2, 3], np.int32)
    assert Otg(3).calculate(given).at_time(1e9)[0].tolist() == [0.0, 2.0, 4.0]


@pytest.mark.parametrize("tiny", [0.0, 5e-324, -5e-324, 1e-310])
def test_nothing_to_do_takes_no_time(tiny):
    given = simple(1)
    given.current_position, given.target_position = 0.0, tiny
    trajectory = Otg(1).calculate(given)
    assert trajectory.duration < 1e-90
    assert trajectory.at_time(0.0)[0] == pytest.approx(0.0, abs=1e-300)


def test_infinite_limits():
    given = simple(1)
    given.max_velocity = given.max_acceleration = np.inf
    trajectory = Otg(1).calculate(given)
    assert trajectory.duration == pytest.approx((32 / 8) ** (1 / 3), rel=1e-12)  # d = j T^3 / 32


def test_axes_without_synchronization_arrive_when_they_can():
    given = simple(3)
    given.synchronization = Synchronization.NONE
    trajectory = Otg(3).calculate(given)
    alone = trajectory.independent_min_durations
    assert trajectory.duration == alone.max()
    assert trajectory.at_time(float(alone[0]))[0][0] == 1.0


def test_an_axis_that_is_switched_off_stays():
    given = simple(2)
    given.enabled = [True, False]
    trajectory = Otg(2).calculate(given)
    assert trajectory.at_time(trajectory.duration)[0].tolist() == [1.0, 0.0]


def on_a_line(seed, n, dof, *, rest):
    rng = np.random.default_rng(seed)
    problems = random_problems(seed, n, dof)
    line = rng.normal(size=(n, 1, dof))
    inside = np.minimum(problems[:, 6], -problems[:, 7])
    share = 0.3 * (inside / np.abs(line[:, 0])).min(axis=1)[:, None]
    problems[:, 0] = rng.normal(size=(n, dof))
    problems[:, 3] = problems[:, 0] + line[:, 0] * 2
    problems[:, [1, 2, 4, 5]] = 0
    if not rest:
        problems[:, 1], problems[:, 4] = line[:, 0] * share, -line[:, 0] * share * 0.5
    return problems


@pytest.mark.parametrize("rest", [True, False])
def test_phase_stays_on_the_line(rest):
    for fields in on_a_line(1, 100, 4, rest=rest):
        trajectory = plan(fields, synchronization=Synchronization.PHASE)
        _, position, *_ = trajectory.sample(trajectory.duration / 200)
        way = fields[3] - fields[0]
        along = (position - fields[0]) @ way / (way @ way)
        assert np.abs(position - fields[0] - along[:, None] * way).max() < 1e-12 * max(
            1, np.abs(along).max() * np.abs(way).max()
        )
        assert trajectory.certify(request(fields).limits).holds()
        assert trajectory.duration >= plan(fields).duration * (1 - 1e-9)


def test_phase_says_that_it_cannot():
    given = simple(2)
    given.current_velocity = [0.1, 0.0]
    given.synchronization = Synchronization.PHASE
    with pytest.raises(UsageError, match="straight line"):
        Otg(2).calculate(given)


def test_exact_durations_and_what_blocks_them():
    otg, checked, with_gap = Otg(1), 0, 0
    for fields in random_problems(3, 400, 1):
        given = request(fields)
        least, gaps = otg.blocked_intervals(given, 0)
        assert least == otg.calculate(given).duration
        edges = [least, *(edge for gap in gaps for edge in gap)]
        assert edges == sorted(edges)
        for low, high in gaps:
            given.duration = 0.5 * (low + high)
            with pytest.raises(UsageError, match=r"no motion takes exactly .* not between"):
                otg.calculate(given)
        for low, high in zip(edges[0::2], [*edges[1::2], 3 * edges[-1]], strict=True):
            given.duration = 0.5 * (low + high)
            trajectory = otg.calculate(given)
            assert trajectory.duration == given.duration
            assert trajectory.certify(given.limits).holds()
            checked += 1
        with_gap += bool(gaps)
    assert checked > 400
    assert with_gap >= 4


def test_position_limits_are_kept():
    kept = 0
    for fields in random_problems(4, 200, 2):
        fields[[1, 2, 4, 5]] *= 0.3
        given = request(fields)
        low, high = np.minimum(fields[0], fields[3]), np.maximum(fields[0], fields[3])
        margin = 0.5 * (high - low)
        given.min_position, given.max_position = low - margin, high + margin
        try:
            trajectory = Otg(2).calculate(given)
        except UsageError as error:
            assert "position" in str(error)
            continue
        kept += 1
        assert (trajectory.bounding_box()[0] >= given.min_position - 1e-9).all()
        assert (trajectory.bounding_box()[1] <= given.max_position + 1e-9).all()
    assert kept > 100


def test_many_at_once_are_as_one_by_one():
    problems = random_problems(9, 50, 3)
    given = request(problems[0])
    durations = Otg(3).durations(given, problems)
    assert durations.tolist() == [plan(fields).duration for fields in problems]


def test_the_velocity_interface_and_its_own_exact_durations():
    for fields in random_problems(10, 200, 1):
        given = request(fields)
        given.control_interface = ControlInterface.VELOCITY
        least, gaps = Otg(1).blocked_intervals(given, 0)
        for T in [least * 1.001, *[0.5 * sum(gap) for gap in gaps], 3 * (least + 1)]:
            given.duration = T
            blocked = any(low < T < high for low, high in gaps)
            if blocked:
                with pytest.raises(UsageError):
                    Otg(1).calculate(given)
            else:
                trajectory = Otg(1).calculate(given)
                assert trajectory.duration == T
                assert trajectory.at_time(T * (1 - 1e-15))[1] == pytest.approx(fields[4], abs=1e-9)


def test_an_exact_duration_binds_axes_that_arrive_alone_too():
    given = InputParameter(2)
    given.target_position, given.max_velocity, given.max_acceleration = [0.1, 5.0], 1.0, 2.0
    given.synchronization = Synchronization.NONE
    given.duration = 3.0
    with pytest.raises(UsageError, match=r"axis 1: no motion takes exactly 3 s; the next possible duration is 5\.5 s"):
        Otg(2).calculate(given)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("synchronization", 7, "synchronization 7 is no Synchronization"),
        ("synchronization", [0, -1], "synchronization -1 is no Synchronization"),
        ("synchronization", "phase", "synchronization cannot be 'phase'"),
        ("control_interface", 1.7, "control_interface cannot be 1.7"),
        ("enabled", [1, 2], "enabled 2 is no bool"),
        ("enabled", [True] * 3, r"enabled has shape \(3,\), not \(2,\)"),
        ("max_position", [1, 2, 3], r"max_position has shape \(3,\), not \(2,\)"),
        ("min_position", "a", "min_position holds <U1, not numbers"),
    ],
)
def test_choices_and_walls_that_are_none(name, value, words):
    with pytest.raises(UsageError, match=words):
        setattr(InputParameter(2), name, value)


def test_a_name_that_is_not_there_is_a_mistake():
    with pytest.raises(AttributeError):
        InputParameter(2).max_jerks = 1.0


def test_a_velocity_limit_that_was_forgotten_is_told():
    with pytest.raises(UsageError, match="axis 0: max_velocity is not told"):
        Otg(1).calculate(InputParameter(1))
