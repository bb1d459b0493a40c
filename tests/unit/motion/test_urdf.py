"""URDF against pin's own reader, and everything a file can be wrong in."""

import math
from xml.sax.saxutils import quoteattr

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cellctl.errors import UsageError
from cellctl.motion.lines import matrix
from cellctl.motion.model import JointType, RobotModel
from cellctl.motion.urdf import from_urdf
from cellctl.motion.xml_tree import MOST_BYTES

from .arm_oracle import forward, pin_model, random_inertia

quick = settings(max_examples=80, deadline=None, derandomize=True)


def row(values):
    return " ".join(repr(float(value)) for value in values)


def origin(rng):
    if rng.random() < 0.2:
        return ""
    turns = rng.uniform(-3, 3, 3) if rng.random() < 0.5 else rng.choice([0, math.pi / 2, math.pi, -math.pi / 2], 3)
    return f'<origin xyz="{row(rng.uniform(-1, 1, 3))}" rpy="{row(turns)}"/>'


def link(rng, name, heavy):
    if not heavy:
        return f"<link name={quoteattr(name)}/>"
    body = random_inertia(rng)
    tensor = " ".join(
        f'{key}="{value!r}"' for key, value in zip(("ixx", "ixy", "ixz", "iyy", "iyz", "izz"), body.tensor, strict=True)
    )
    return (
        f"<link name={quoteattr(name)}><visual/><inertial>{origin(rng)}<mass value='{body.mass!r}'/>"
        f"<inertia {tensor}/></inertial></link>"
    )


def joint(rng, name, kind, parent, child):
    axis = "" if rng.random() < 0.3 else f'<axis xyz="{row(rng.uniform(-2, 2, 3))}"/>'
    limit = '<limit lower="-2" upper="3" velocity="4" effort="5"/>' if kind in {"revolute", "prismatic"} else ""
    return (
        f'<joint name="{name}" type="{kind}"><parent link="{parent}"/><child link="{child}"/>'
        f"{origin(rng)}{axis}{limit}</joint>"
    )


def random_urdf(rng):
    """A row of links with others hanging on it; the text, its tip, and the joints of the row."""
    parts, row_joints, row_links = [link(rng, "base", False)], [], ["base"]
    kinds = [str(rng.choice(["revolute", "continuous", "prismatic", "fixed"])) for _ in range(rng.integers(1, 10))]
    kinds[int(rng.integers(len(kinds)))] = "revolute"
    for i, kind in enumerate(kinds):
        moved = any(each != "fixed" for each in kinds[: i + 1])
        parts += [link(rng, f"l{i}", moved), joint(rng, f"j{i}", kind, row_links[-1], f"l{i}")]
        row_links.append(f"l{i}")
        row_joints += [f"j{i}"] if kind != "fixed" else []
    first = next(i for i, kind in enumerate(kinds) if kind != "fixed")
    hung = row_links[first + 1 :]
    for i in range(rng.integers(0, 4)):
        on, kind = str(rng.choice(hung)), str(rng.choice(["fixed", "fixed", "revolute", "prismatic"]))
        parts += [link(rng, f"side{i}", True), joint(rng, f"s{i}", kind, on, f"side{i}")]
        hung.append(f"side{i}")
    order = rng.permutation(len(parts))
    return f'<robot name="random">{"".join(parts[i] for i in order)}</robot>', row_links[-1], row_joints


def reduced(pin, text, keep):
    """The robot in pin with every joint but those of the row held at zero, and how its joints are numbered."""
    whole = pin.buildModelFromXML(text)
    hold = [i for i in range(1, whole.njoints) if whole.names[i] not in keep]
    return pin.buildReducedModel(whole, hold, pin.neutral(whole))


@quick
@given(st.integers(0, 2**32 - 1))
def test_any_urdf_moves_and_weighs_as_in_pin(seed):
    pin = pytest.importorskip("pinocchio")
    rng = np.random.default_rng(seed)
    text, tip, keep = random_urdf(rng)
    arm = RobotModel.from_urdf(text, "base", tip)
    assert [each.name for each in arm.joints] == keep

    theirs, ours = reduced(pin, text, keep), pin_model(arm)
    at, here = theirs.createData(), ours.createData()
    values = rng.uniform(-3, 3, len(keep))
    v = np.zeros(theirs.nv)
    for name, value in zip(keep, values, strict=True):
        v[theirs.joints[theirs.getJointId(name)].idx_v] = value
    q = pin.integrate(theirs, pin.neutral(theirs), v)
    pin.framesForwardKinematics(theirs, at, q)
    np.testing.assert_allclose(forward(arm, values), at.oMf[theirs.getFrameId(tip)].homogeneous, atol=1e-12)

    order = [theirs.joints[theirs.getJointId(name)].idx_v for name in keep]
    inertias = np.triu(pin.crba(theirs, at, q))
    inertias = inertias + np.triu(inertias, 1).T
    np.testing.assert_allclose(pin.crba(ours, here, values), inertias[np.ix_(order, order)], atol=1e-10)
    np.testing.assert_allclose(pin.centerOfMass(ours, here, values), pin.centerOfMass(theirs, at, q), atol=1e-12)


@pytest.mark.parametrize(("base", "tip"), [("a", "b"), ("a", "c"), (None, None), ("a", None)])
def test_links_in_a_ring_are_refused(base, tip):
    joints = "".join(
        f'<joint name="j{n}" type="continuous"><parent link="{here}"/><child link="{there}"/></joint>'
        for n, (here, there) in enumerate(["ab", "bc", "ca"])
    )
    with pytest.raises(UsageError):
        from_urdf(f'<robot name="ring"><link name="a"/><link name="b"/><link name="c"/>{joints}</robot>', base, tip)


TWO = """<?xml version="1.0"?>
<robot name="two">
  <link name="base"/>
  <link name="upper"><inertial><mass value="2"/><origin xyz="0.1 0 0"/></inertial></link>
  <link name="hand"/>
  <link name="finger"><inertial><mass value="0.1"/></inertial></link>
  <joint name="shoulder" type="revolute">
    <parent link="base"/><child link="upper"/><axis xyz="0 0 3"/>
    <limit lower="-1" upper="2" velocity="3" effort="0"/>
  </joint>
  <joint name="wrist" type="continuous">
    <parent link="upper"/><child link="hand"/><origin xyz="0.3 0 0"/>
  </joint>
  <joint name="grip" type="prismatic">
    <parent link="hand"/><child link="finger"/><origin xyz="0 0 0.05"/><limit upper="0.04"/><mimic joint="wrist"/>
  </joint>
</robot>"""


def test_what_a_file_tells():
    arm = from_urdf(TWO, tip="hand")
    shoulder, wrist = arm.joints
    assert shoulder.axis == (0, 0, 1)
    assert (shoulder.lower, shoulder.upper, shoulder.speed, shoulder.effort) == (-1, 2, 3, math.inf)
    assert wrist.axis == (1, 0, 0)
    assert (wrist.type, wrist.lower, wrist.upper) == (JointType.REVOLUTE, -math.inf, math.inf)
    assert wrist.inertia.mass == 0.1
    assert wrist.inertia.center == (0, 0, 0.05)
    assert arm.sources == ("URDF: two, from base to hand", "held at zero: grip")


def test_base_and_tip_are_found_where_there_is_one_of_each():
    alone = TWO.replace('<joint name="grip" type="prismatic">', '<joint name="grip" type="fixed">')
    arm = from_urdf(alone)
    assert [each.name for each in arm.joints] == ["shoulder", "wrist"]
    assert forward(arm, [0, 0])[2, 3] == 0.05
    assert [each.name for each in from_urdf(TWO, base="upper", tip="hand").joints] == ["wrist"]


def test_a_text_a_path_and_a_name_of_a_path_are_taken(tmp_path):
    path = tmp_path / "two.urdf"
    path.write_bytes(b"\xef\xbb\xbf" + TWO.encode())
    from_file, from_name = from_urdf(path, tip="hand"), from_urdf(str(path), tip="hand")
    assert from_file == from_name
    assert from_file.joints == from_urdf("\ufeff\n " + TWO, tip="hand").joints
    np.testing.assert_array_equal(matrix(from_file.flange), np.eye(4))


def broken(old, new):
    assert old in TWO
    return TWO.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "where", "told"),
    [
        (broken("</robot>", ""), "URDF:17", "is no XML"),
        (broken("<robot", "<!DOCTYPE robot [<!ENTITY a 'aaa'>]><robot"), "URDF:2", "document type"),
        (broken("<robot", "<sdf><robot") + "</sdf>", "URDF:2", "the document is a <sdf>"),
        (broken("<link name", "<xacro:arm/><link name"), "URDF:3", "expand"),
        (broken('<link name="hand"/>', "<link/>"), "URDF:5", "has no name"),
        (broken('<link name="hand"/>', '<link name="base"/>'), "URDF:5", "second link"),
        (broken('value="2"', 'value="-2"'), "URDF:4", "link 'upper': a mass of -2 kg"),
        (broken('value="2"', 'value="2 3"'), "URDF:4", "needs 1 finite"),
        (broken('xyz="0.1 0 0"', 'xyz="0.1 nan 0"'), "URDF:4", "needs 3 finite"),
        (broken('xyz="0.3 0 0"', 'xyz="0.3 0"'), "URDF:12", "needs 3 finite"),
        (broken('xyz="0 0 3"', 'xyz="0 0 0"'), "URDF:7", "needs a direction"),
        (broken('type="continuous"', 'type="screw"'), "URDF:11", "Known: revolute"),
        (broken('type="continuous"', 'type="floating"'), "URDF:11", "joint 'wrist' is floating"),
        (broken('type="continuous"', 'type="prismatic"'), "URDF:11", "has no <limit>"),
        (broken('<child link="upper"/>', ""), "URDF:7", "has '' as its child"),
        (broken('<parent link="base"/>', '<parent link="bass"/>'), "URDF:7", "'bass' as its parent"),
        (broken('lower="-1"', 'lower="5"'), "URDF:7", "above its upper"),
        (broken('velocity="3"', 'velocity="-3"'), "URDF:7", "not above zero"),
        (broken('<child link="hand"/>', '<child link="hand"/><mimic joint="shoulder"/>'), "URDF:11", "mimics"),
        (broken('<child link="finger"/>', '<child link="upper"/>'), "URDF:14", "hangs on two joints"),
        (broken('<parent link="base"/>', '<parent link="hand"/>'), "URDF", "no joints lead from 'base' to 'hand'"),
        (broken('<robot name="two">', "<robot>") + "<!--", "URDF:17", "is no XML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, where, told):
    with pytest.raises(UsageError) as caught:
        from_urdf(text, "base", "hand")
    assert told in str(caught.value)
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("base", "tip", "told"),
    [
        (None, "wrist3", "no link 'wrist3'. Links: base, upper, hand, finger"),
        ("hand", "base", "no joints lead"),
        ("hand", "hand", "nothing moves between"),
    ],
)
def test_ends_that_make_no_arm(base, tip, told):
    with pytest.raises(UsageError, match=told):
        from_urdf(TWO, base, tip)


def test_ends_that_are_not_the_only_ones_are_listed():
    two_tips = TWO.replace("</robot>", '<link name="floor"/></robot>')
    with pytest.raises(UsageError, match=r"the base is one of 2 links\. Name it: base, floor"):
        from_urdf(two_tips)
    with pytest.raises(UsageError, match=r"the tip is one of 2 links\. Name it: hand, finger"):
        from_urdf(
            TWO.replace('<parent link="hand"/><child link="finger"/>', '<parent link="upper"/><child link="finger"/>')
        )


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        from_urdf(tmp_path / "none.urdf")
    with pytest.raises(UsageError, match="cannot be read"):
        from_urdf("\0.urdf")
    for name, content in (
        ("empty", b""),
        ("bytes", bytes(range(256))),
        ("latin", b"<?xml version='1.0' encoding='x'?><robot/>"),
    ):
        path = tmp_path / f"{name}.urdf"
        path.write_bytes(content)
        with pytest.raises(UsageError):
            from_urdf(path)


def test_a_file_that_is_too_big_or_too_deep():
    with pytest.raises(UsageError, match="MiB"):
        from_urdf("<robot>" + " " * MOST_BYTES)
    with pytest.raises(UsageError, match="levels"):
        from_urdf("<robot>" + "<a>" * 10_000)
    with pytest.raises(UsageError, match="elements"):
        from_urdf("<robot>" + "<a/>" * 300_000)


@quick
@given(st.integers(0, len(TWO)), st.integers(0, 60), st.text(max_size=6))
@example(0, 0, "\ud800")
def test_no_text_breaks_the_reader(at, cut, new):
    text = TWO[:at] + new + TWO[at + cut :]
    try:
        from_urdf("<" + text[1:], tip="hand")
    except UsageError as error:
        assert error.where
