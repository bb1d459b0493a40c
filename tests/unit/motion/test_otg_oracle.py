"""State to state beside ruckig: never slower, wherever ruckig's own answer passes our certificate."""

import numpy as np
import pytest

from cellctl.motion import Trajectory
from cellctl.motion._otg import FIELD_NAMES

from .problems import end_of, plan, random_problems, request

ruckig = pytest.importorskip("ruckig")


def of_ruckig(fields, *, velocity=False):
    dof = fields.shape[1]
    given, answer = ruckig.InputParameter(dof), ruckig.Trajectory(dof)
    for name, row in zip(FIELD_NAMES, fields, strict=True):
        setattr(given, name, row)
    if velocity:
        given.control_interface = ruckig.ControlInterface.Velocity
    try:
        result = ruckig.Ruckig(dof, 0.01).calculate(given, answer)
    except Exception:  # it throws where it meets its own unknown codes
        return None
    return answer if result in (ruckig.Result.Working, ruckig.Result.Finished) else None


def pieces_of(profile, state):
    """Rows t, dt, p, v, a, j of one axis: the brake first, then the seven steps."""
    rows, t = [], 0.0
    p, v, a = state
    for dt, j in zip(profile.brake.t, profile.brake.j, strict=True):
        if dt > 0:
            rows.append([t, dt, p, v, a, j])
            p, v, a, t = p + dt * (v + dt * (a / 2 + dt * j / 6)), v + dt * (a + dt * j / 2), a + dt * j, t + dt
    for dt, j, p, v, a in zip(profile.t, profile.j, profile.p, profile.v, profile.a, strict=False):
        if dt > 0:
            rows.append([t, dt, p, v, a, j])
            t += dt
    return rows


def honest(answer, fields, *, velocity=False):
    """Whether ruckig's motion is one: without jumps, within the limits (proven), and at the target in the end."""
    tables = [pieces_of(one, fields[:3, axis].tolist()) for axis, one in enumerate(answer.profiles[0])]
    ends = [[answer.duration, one.p[-1], one.v[-1], one.a[-1]] for one in answer.profiles[0]]
    motion = Trajectory.from_dict(
        {
            "format": "cellctl-trajectory-1",
            "duration": answer.duration,
            "ends": ends,
            "pieces": tables,
            "independent_min_durations": [0.0] * len(tables),
        }
    )
    size = np.maximum(1e-3, np.abs(motion.bounds()[:3]).max(axis=1))
    for axis, table in enumerate(tables):
        rows = np.array(table).reshape(-1, 6)
        h, p, v, a, j = rows[:, 1:].T
        after = np.stack([p + h * (v + h * (a / 2 + h * j / 6)), v + h * (a + h * j / 2), a + h * j])
        target = fields[3:6, axis].copy()
        target[0] = ends[axis][1] if velocity else target[0]
        before = np.column_stack([np.stack([p, v, a])[:, 1:], target]) if len(rows) else after
        if (np.abs(after - before) > 1e-8 * size[:, axis, None]).any():
            return False
    limits = request(fields).limits
    return motion.certify(limits).holds()


def judge(fields, *, velocity=False):
    """Whether ruckig's answer counts; ours must arrive, keep the limits and not be slower than one that does."""
    theirs = of_ruckig(fields, velocity=velocity)
    ours = plan(fields, control_interface=int(velocity))
    size = np.maximum(1e-300, np.abs(ours.bounds()[:3]).max(axis=1))
    first = 1 if velocity else 0
    order = 3 if np.isfinite(fields[10]).all() else 2
    np.testing.assert_allclose((end_of(ours) / size)[first:order], (fields[3:6] / size)[first:order], atol=1e-8)
    limits = request(fields).limits
    if not velocity:
        assert ours.certify(limits).holds()
    counts = theirs is not None and honest(theirs, fields, velocity=velocity)
    assert not counts or ours.duration <= theirs.duration * (1 + 1e-9)
    return counts


def at_rest(fields, rows):
    fields[rows] = 0
    return fields


def one_way(fields, share):
    """Velocities of one sign: the target lies ahead, and going back is (almost) not allowed."""
    fields[7] = -share * fields[6]
    fields[[1, 4]] = np.abs(fields[[1, 4]])
    fields[[1, 4]] = np.minimum(fields[[1, 4]], fields[6])
    fields[3] = fields[0] + np.abs(fields[3] - fields[0]) + 60.0
    fields[[2, 5]] = 0
    return fields


FAMILIES = {
    "like its own": {"decades": 0.5},
    "asymmetric": {"decades": 1.0},
    "small limits": {"decades": 0.5, "unit": 1e-3},
    "huge limits": {"decades": 0.5, "unit": 1e4},
    "at the limits": {"decades": 0.5, "edges": True},
    "high jerk": {"decades": 0.5, "jerk": 1e4},
    "low jerk": {"decades": 0.5, "jerk": 1e-2},
}


@pytest.mark.parametrize("dof", [1, 3, 7])
@pytest.mark.parametrize("family", FAMILIES)
def test_never_slower_than_ruckig(family, dof):
    problems = random_problems(dof, 300 // dof, dof, **FAMILIES[family])
    counted = sum(judge(fields) for fields in problems)
    assert counted > (0 if family in ("huge limits", "high jerk") else len(problems) // 8)


@pytest.mark.parametrize("rows", [[1, 2, 4, 5], [1, 2], [4, 5], [2, 5]])
def test_with_zeros_at_the_ends(rows):
    problems = random_problems(4, 150, 2)
    assert sum(judge(at_rest(fields, rows)) for fields in problems) > 75


@pytest.mark.parametrize("share", [0.0, 1e-9, 1e-3])
def test_one_directional(share):
    """ruckig needs a limit that is not zero."""
    counted = sum(judge(one_way(fields, share)) for fields in random_problems(5, 150, 2))
    assert share == 0 or counted > 75


@pytest.mark.parametrize("dof", [1, 3])
def test_velocity_interface_is_never_slower_than_ruckig(dof):
    problems = random_problems(6, 200, dof)
    problems[:, 7], problems[:, 6] = -np.inf, np.inf
    assert sum(judge(fields, velocity=True) for fields in problems) > 100


def test_second_order_is_never_slower_than_ruckig():
    problems = random_problems(7, 300, 2)
    problems[:, [2, 5]] = 0
    problems[:, 10] = np.inf
    for fields in problems:
        theirs = of_ruckig(fields)
        ours = plan(fields)
        size = np.abs(ours.bounds()[:2]).max(axis=1)
        np.testing.assert_allclose(end_of(ours)[:2] / size, fields[3:5] / size, atol=1e-8)
        assert theirs is not None
        assert ours.duration <= theirs.duration * (1 + 1e-9)
