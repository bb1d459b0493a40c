"""State to state beside ruckig: never slower, wherever ruckig's own answer keeps the limits."""

import numpy as np
import pytest

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


def honest(answer, fields):
    """Whether ruckig's motion arrives and keeps the limits, as far as samples tell."""
    t = np.linspace(0, answer.duration, 400)
    states = np.array([answer.at_time(each)[:3] for each in t])
    low = np.stack([fields[7], fields[9]]) * (1 + 1e-6)
    high = np.stack([fields[6], fields[8]]) * (1 + 1e-6)
    arrived = np.allclose(states[-1, 0], fields[3], rtol=1e-7, atol=1e-7)
    return arrived and bool(((states[:, 1:] >= low) & (states[:, 1:] <= high)).all())


FAMILIES = {
    "like its own": {"decades": 0.5},
    "asymmetric": {"decades": 1.0},
    "at the limits": {"decades": 0.5, "edges": True},
    "high jerk": {"decades": 0.5, "jerk": 1e4},
    "low jerk": {"decades": 0.5, "jerk": 1e-2},
}


@pytest.mark.parametrize("dof", [1, 3, 7])
@pytest.mark.parametrize("family", FAMILIES)
def test_never_slower_than_ruckig(family, dof):
    compared = 0
    for fields in random_problems(dof, 300 // dof, dof, **FAMILIES[family]):
        theirs = of_ruckig(fields)
        ours = plan(fields)
        scale = np.maximum(1, np.abs(ours.bounding_box()).max(axis=0))
        np.testing.assert_allclose(end_of(ours)[0] / scale, fields[3] / scale, atol=1e-8)
        assert ours.certify(request(fields).limits).holds()
        if theirs is not None and ours.duration > theirs.duration * (1 + 1e-9):
            assert not honest(theirs, fields)
        compared += theirs is not None
    assert compared > 10


def test_velocity_interface_is_never_slower_than_ruckig():
    for fields in random_problems(5, 300, 2):
        theirs = of_ruckig(fields, velocity=True)
        ours = plan(fields, control_interface=1)
        np.testing.assert_allclose(end_of(ours)[1:], fields[4:6], atol=1e-9)
        assert theirs is None or ours.duration <= theirs.duration * (1 + 1e-9)


def test_second_order_is_never_slower_than_ruckig():
    for fields in random_problems(6, 300, 2):
        fields[[2, 5]] = 0
        fields[10] = np.inf
        theirs, ours = of_ruckig(fields), plan(fields)
        np.testing.assert_allclose(end_of(ours)[:2], fields[3:5], atol=1e-9 * np.abs(ours.bounding_box()).max())
        assert theirs is None or ours.duration <= theirs.duration * (1 + 1e-9) or not honest(theirs, fields)
