"""The arms that are shipped as data, and the reader of such files."""

import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellctl.errors import UsageError
from cellctl.motion.arms import Arm
from cellctl.motion.delta_model import DeltaModel
from cellctl.motion.library import load, names, read
from cellctl.motion.lines import lines_of, matrix
from cellctl.motion.model import RobotModel
from cellctl.motion.pose import Pose

from .arm_oracle import forward, pin_model

SERIAL = [name for name in names() if isinstance(load(name), RobotModel)]
WITH_BODIES = [name for name in SERIAL if all(any(j.inertia.tensor) or j.inertia.mass for j in load(name).joints)]

# The article's figures, as cellctl had them before there were files: d1, a2, a3, d4, d5, d6; reach; deg/s.
UR = {
    "ur3e": (0.15185, -0.24355, -0.2132, 0.13105, 0.08535, 0.0921, 0.5, (180, 180, 180, 360, 360, 360)),
    "ur5e": (0.1625, -0.425, -0.3922, 0.1333, 0.0997, 0.0996, 0.85, (180,) * 6),
    "ur10e": (0.1807, -0.6127, -0.57155, 0.17415, 0.11985, 0.11655, 1.3, (120, 120, 180, 180, 180, 180)),
    "ur16e": (0.1807, -0.4784, -0.36, 0.17415, 0.11985, 0.11655, 0.9, (120, 120, 180, 180, 180, 180)),
    "ur20": (0.2363, -0.8620, -0.7287, 0.2010, 0.1593, 0.1543, 1.75, (120, 120, 150, 210, 210, 210)),
}
# Where the flange is with all joints at zero (m), added up by hand from drawings and papers.
HOME = {
    "abb_irb120": (0.302 + 0.072, 0, 0.29 + 0.27 + 0.07),
    "epson_gx4_c301": (0.3, 0, 0),
    "epson_gx8_c451": (0.45, 0, 0),
    "fanuc_lrmate_200id": (0.05 + 0.335 + 0.08, 0, 0.33 + 0.33 + 0.035),
    "franka_panda": (0.088, 0, 0.333 + 0.316 + 0.384 - 0.107),
    "kuka_iiwa14": (0, 0, 0.36 + 0.42 + 0.4 + 0.126),
    "kuka_kr6_r900": (0.025 + 0.455 + 0.42 + 0.08, 0, 0.4 + 0.035),
    "puma560": (0.4318 + 0.0203, -0.15005, 0.672 + 0.4318),
    "staubli_tx2_60": (0, 0.02, 0.375 + 0.29 + 0.31 + 0.07),
    "ur5": (-0.425 - 0.39225, -0.10915 - 0.0823, 0.089159 - 0.09465),
    "ur15": (-0.6475 - 0.5164, -0.1824 - 0.1434, 0.2186 - 0.1361),
}
SPHERICAL = ["abb_irb120", "fanuc_lrmate_200id", "kuka_kr6_r900", "puma560", "staubli_tx2_60", "kuka_iiwa14"]


@pytest.mark.parametrize("name", names())
def test_every_arm_says_where_its_figures_are_from(name):
    model = load(name)
    assert model.name == name
    assert model.sources
    assert model.payload < math.inf
    assert load(name) is model


@pytest.mark.parametrize("name", UR)
def test_the_arms_that_were_known_have_not_changed(name):
    d1, a2, a3, d4, d5, d6, reach, speeds = UR[name]
    right = math.pi / 2
    table = [(0, right, d1, 0), (a2, 0, 0, 0), (a3, 0, 0, 0), (0, right, d4, 0), (0, -right, d5, 0), (0, 0, d6, 0)]
    expected, model = RobotModel.from_dh(name, table), load(name)
    assert [joint.placement for joint in model.joints] == [joint.placement for joint in expected.joints]
    assert model.flange == expected.flange
    assert model.reach == reach
    assert [joint.speed for joint in model.joints] == [math.radians(speed) for speed in speeds]
    assert {(joint.lower, joint.upper) for joint in model.joints} == {(-2 * math.pi, 2 * math.pi)}
    q = [0.3, -1.2, 0.9, 2.0, -0.4, 5.0]
    np.testing.assert_allclose(forward(model, q), matrix(Arm.named(name).forward(q)), atol=1e-14)


@pytest.mark.parametrize("name", HOME)
def test_where_an_arm_is_at_zero(name):
    np.testing.assert_allclose(lines_of(load(name)).home[:3, 3], HOME[name], atol=1e-12)


@pytest.mark.parametrize("name", SPHERICAL)
def test_the_last_three_axes_meet(name):
    lines = lines_of(load(name))
    points, directions = lines.points[-3:], lines.directions[-3:]
    across = [np.eye(3) - np.outer(z, z) for z in directions]
    center = np.linalg.lstsq(
        np.concatenate(across), np.concatenate([c @ p for c, p in zip(across, points, strict=True)])
    )[0]
    for c, p in zip(across, points, strict=True):
        np.testing.assert_allclose(c @ (center - p), 0, atol=1e-12)


@pytest.mark.parametrize("name", SERIAL)
def test_limits_are_finite_and_hold_zero_or_say_so(name):
    for joint in load(name).joints:
        assert -math.inf < joint.lower < joint.upper < math.inf


@pytest.mark.parametrize("name", WITH_BODIES)
def test_every_arm_with_bodies_resists_every_motion(name):
    pin = pytest.importorskip("pinocchio")
    model = load(name)
    built = pin_model(model)
    data = built.createData()
    for q in np.random.default_rng(1).uniform(-3, 3, (20, model.degrees_of_freedom)):
        upper = np.triu(pin.crba(built, data, q))
        assert np.linalg.eigvalsh(upper + np.triu(upper, 1).T)[0] > 0


def test_arms_with_bodies_are_those_that_should():
    without = {"epson_gx4_c301", "epson_gx8_c451", "fanuc_lrmate_200id", "gantry_generic", "kuka_kr6_r900"}
    assert set(SERIAL) - set(WITH_BODIES) == without | {"staubli_tx2_60"}
    assert sum(joint.inertia.mass for joint in load("ur10e").joints) == pytest.approx(29.104)


def test_the_delta():
    delta = load("abb_irb360_1600")
    assert isinstance(delta, DeltaModel)
    assert (delta.base_radius, delta.platform_radius, delta.upper_arm, delta.forearm) == (0.164, 0.044, 0.524, 1.244)
    assert (delta.lower, delta.degrees_of_freedom) == (-math.pi / 4, 3)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"forearm": 0.0}, "forearm"),
        ({"base_radius": math.nan}, "base_radius"),
        ({"forearm": 0.1}, "cannot bridge"),
        ({"lower": 1.0, "upper": 0.5}, "limits"),
        ({"speed": 0.0}, "speed"),
    ],
)
def test_what_is_no_delta(change, told):
    lengths = {"base_radius": 0.2, "platform_radius": 0.05, "upper_arm": 0.3, "forearm": 0.8}
    with pytest.raises(UsageError, match=told):
        DeltaModel("d", **(lengths | change))


def test_a_name_that_is_nearly_one():
    with pytest.raises(UsageError, match=r"no arm is called 'ur5f'\. Did you mean 'ur5"):
        load("ur5f")
    with pytest.raises(UsageError, match="Known: abb_irb120, "):
        load("../../secret")


def test_knowing_arms_by_name_loads_nothing_heavy():
    code = "import sys, cellctl.motion.library as l; l.names(); sys.exit(len({'numpy', 'ruamel'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


ARM = """\
name: mine
kind: serial
convention: joints
payload: 2 kg
sources:
  everything: measured
base:
  at: (0, 0, 1) m
flange:
  turned: (0, 90, 0) deg
joints:
  - name: lift
    type: prismatic
    at: (100, 0, 0) mm
    limits: {lower: 0 mm, upper: 400 mm, speed: 250 mm/s, effort: 500 N}
  - name: turn
    axis: (1, 0, 0)
    limits: {lower: -90 deg, upper: 90 deg, acceleration: 10 rad/s^2}
    mass: 500 g
    center: (0, 0, 20) mm
    inertia: (1, 0, 0, 1, 0, 1) g*m^2
"""


def write(tmp_path, text):
    path = tmp_path / "mine.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_ones_own(tmp_path):
    model = read(write(tmp_path, ARM))
    lift, turn = model.joints
    assert lift.placement == Pose(0.1, 0, 1)
    assert (lift.lower, lift.upper, lift.speed, lift.effort) == (0, 0.4, 0.25, 500)
    assert turn.acceleration == 10
    assert turn.inertia.center == (0, 0, 0.02)
    assert turn.inertia.tensor == (1e-3, 0, 0, 1e-3, 0, 1e-3)
    assert model.flange.ry == pytest.approx(math.pi / 2)
    assert (model.payload, model.reach, model.sources) == (2, math.inf, ("everything: measured",))


@pytest.mark.parametrize(
    ("old", "new", "place", "told"),
    [
        ("2 kg", "2", "4:10", "'2' has no unit. It needs one like kg"),
        ("0 mm,", "0,", "15:21", "'0' has no unit. It needs one like mm"),
        ("2 kg", "2 mm", "4:10", "'2 mm' has another unit"),
        ("2 kg", "two kg", "4:10", "'two kg' is not a number with a unit"),
        ("2 kg", "2 stone", "4:10", "unknown unit 'stone'"),
        ("250 mm/s", "250 deg/s", "15:49", "another unit. It needs one like mm/s"),
        ("(0, 0, 1) m", "(0, 0, 1)", "8:7", "'(0, 0, 1)' has no unit"),
        ("(0, 0, 1) m", "(0, 0) m", "8:7", "is not 3 numbers with a unit"),
        ("(0, 0, 1) m", "(0 mm, 0, 1) m", "8:7", "units inside the brackets"),
        ("(0, 0, 1) m", "0 0 1 m", "8:7", "Write it like (0, …) mm"),
        ("(1, 0, 0)\n", "(1, 1, 0)\n", "16:5", "joint turn: its axis"),
        ("-90 deg, upper", "100 deg, upper", "16:5", "above its upper limit"),
        ("500 g", "-500 g", "16:5", "a mass of -0.5 kg"),
        ("  - name: turn", "  - name: lift", "1:1", "one name"),
        ("type: prismatic", "type: prismattic", "13:11", "Did you mean 'prismatic'?"),
        ("payload:", "pay_load:", "4:1", "'pay_load' is not known here. Did you mean 'payload'?"),
        ("payload: 2 kg", "name: again", "4:1", "'name' is written twice"),
        ("kind: serial", "kind: seriall", "2:7", "Did you mean 'serial'?"),
        ("kind: serial\n", "", "1:1", "'kind' is missing"),
        ("convention: joints", "convention: dh", "14:5", "'at' is not known here"),
        ("  - name: lift\n    type", "  - type", "12:5", "'name' is missing"),
        ("  everything: measured", "  - measured", "6:3", "a mapping (name: value) is missing"),
        ("  everything: measured", "  everything:", "6:3", "a text is missing"),
        ("joints:\n", "joints: none\nlost:\n", "12:1", "'lost' is not known here"),
        ("name: mine", "name: [", "3:11", "is no YAML"),
        ("name: mine", "name: *nobody", "1:7", "is no YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path, old, new, place, told):
    assert old in ARM
    path = write(tmp_path, ARM.replace(old, new, 1))
    with pytest.raises(UsageError) as caught:
        read(path)
    assert told in str(caught.value)
    assert caught.value.where == f"{path}:{place}"


def test_a_table_lacks_a_number(tmp_path):
    head = "name: t\nkind: serial\nconvention: dh\nsources: {a: b}\njoints:\n"
    text = head + "  - {name: j, link: {a: 1 m, d: 0 m, theta: 0 deg}}\n"
    with pytest.raises(UsageError, match=r":6:21: 'alpha' is missing"):
        read(write(tmp_path, text))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="is empty"):
        read(write(tmp_path, ""))
    with pytest.raises(UsageError, match="KiB"):
        read(write(tmp_path, "# " + "x" * 300_000))
    with pytest.raises(UsageError, match="is no YAML"):
        read(write(tmp_path, "[" * 50_000))
    with pytest.raises(UsageError, match="a mapping"):
        read(write(tmp_path, "&a [*a]"))
    (tmp_path / "latin.yaml").write_bytes(b"name: \xff")
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path / "latin.yaml")


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.integers(0, len(ARM)), st.integers(0, 40), st.text(st.characters(exclude_categories=["Cs"]), max_size=5))
def test_no_text_breaks_the_reader(tmp_path_factory, at, cut, new):
    path = write(tmp_path_factory.mktemp("files"), ARM[:at] + new + ARM[at + cut :])
    try:
        read(path)
    except UsageError as error:
        assert error.where.startswith(str(path))


def test_a_delta_of_ones_own(tmp_path):
    text = "name: d\nkind: delta\nsources: {a: b}\nbase_radius: 100 mm\nplatform_radius: 50 mm\nupper_arm: 20 cm\n"
    delta = read(write(tmp_path, text + "forearm: 0.4 m\nlimits: {lower: -30 deg, speed: 2 rad/s}\n"))
    assert delta == DeltaModel("d", 0.1, 0.05, 0.2, 0.4, math.radians(-30), math.pi / 2, 2.0, sources=("a: b",))
    with pytest.raises(UsageError, match=r":7:10: 'effort' is not known here"):
        read(write(tmp_path, text + "limits: {effort: 5 N*m}\nforearm: 0.4 m\n"))


PAGE = Path(__file__).parents[3] / "docs" / "robots.md"


def test_the_page_lists_every_arm_and_its_examples_run(capsys):
    text = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == list(names())
    scope: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), scope)
    assert "support article" in capsys.readouterr().out


def test_the_file_on_the_page_is_taken(tmp_path):
    shown = re.search(r"```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert shown
    model = read(write(tmp_path, shown[1]))
    assert model.joints[1].inertia.mass == 1.5
    assert lines_of(model).home[2, 3] == 1.0
