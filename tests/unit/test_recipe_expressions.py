"""Expressions: what they mean, their types, their bounds, and that any text gives a value or a located error."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellctl.devices import ByJoints
from cellctl.motion.pose import Pose
from cellctl.recipe.expressions import EvaluationError, Expr, ExpressionError, Stale, constant, parse
from cellctl.recipe.nodes import Name
from cellctl.recipe.value_types import BOOL, COUNT, POSE, Inference, Type, type_of_kind

KNOWN = {
    "n": 3,
    "x": 0.08,
    "speed": 0.25,
    "yes": True,
    "no": False,
    "part.pose": Pose(0.4, 0.1, 0.02),
    "part.code": "B7",
    "a.b.c": 1.5,
}
TYPES = {
    "n": COUNT,
    "x": type_of_kind("length"),
    "speed": type_of_kind("speed"),
    "yes": BOOL,
    "no": BOOL,
    "part.pose": POSE,
    "part.code": Type("text"),
    "a.b.c": type_of_kind("angle"),
}


def lookup(name: str, field: str | None) -> object:
    key = name if field is None else f"{name}.{field}"
    if key == "gone":
        raise Stale("gone is stale")
    return KNOWN[key]


def value(text: str) -> object:
    return parse(text).evaluate(lookup)


def problems(text: str) -> list[str]:
    found: list[str] = []

    def report(code: str, message: str, offset: int, width: int, hint: str) -> None:
        found.append(f"{code}@{offset}+{width}")

    def scope(name: Name) -> Type | None:
        if name.reference not in TYPES:
            report("unknown-name", "", name.offset, len(name.reference), "")
        return TYPES.get(name.reference)

    Inference(scope, report).type_of(parse(text).root)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 2 - 3", 5),
        ("8 / 2 / 2", 2.0),
        ("8 ÷ 2 × 3", 12.0),
        ("-2 - -3", 1),
        ("80 mm", 0.08),
        ("90 deg", math.pi / 2),
        ("50 %", 0.5),
        ("5 min", 300.0),
        ("250 mm/s * 2", 0.5),
        ("500 mm/s^2 + 1 m/s²", 1.5),
        ("min(speed * 0.5, 200 mm/s)", 0.125),
        ("max(1, 2, 3)", 3),
        ("[part.pose, above(part.pose, x)]", (Pose(0.4, 0.1, 0.02), Pose(0.4, 0.1, 0.1))),
        ("[ptp(part.pose)]", (ByJoints(Pose(0.4, 0.1, 0.02)),)),
        ("abs(-4)", 4),
        ("n >= 3 and not no", True),
        ("yes or n / 0 > 1", True),
        ("not yes or no", False),
        ("part.code == 'B7'", True),
        ('part.code != "B7"', False),
        ("near(x, 80 mm, 1 mm)", True),
        ("near(part.pose, above(part.pose, 3 mm), 2 mm)", False),
        ("above(part.pose, 80 mm)", Pose(0.4, 0.1, 0.1)),
        ("a.b.c", 1.5),
        ("true", True),
        ("no == false", True),
    ],
)
def test_values(text: str, expected: object) -> None:
    found = value(text)
    assert found == (pytest.approx(expected) if isinstance(expected, float | Pose) else expected)


@pytest.mark.parametrize(
    ("text", "offset", "word"),
    [
        ("", 0, "ends too early"),
        ("1 +", 3, "ends too early"),
        ("n = 3", 2, "no place"),
        ("n >= 3 &&", 7, "no place"),
        ("(n", 0, "never closed"),
        ("[n", 0, "never closed"),
        ("[n,]", 3, "not expected"),
        ("[n n]", 3, "not expected"),
        ("min(n, 2", 3, "never closed"),
        ("1 < 2 < 3", 6, "do not chain"),
        ("n n", 2, "not expected"),
        ("80 foo", 2, "unknown unit"),
        ("'abc", 0, "no place"),
        ("n ** 2", 3, "not expected"),
        ("open('x')", 0, "no function"),
        ("n.__class__.__init__(1)", 0, "no function"),
        ("'%99999999d' % n", 13, "no place"),
        ("1e999", 0, "out of range"),
        ("x" * 1001, 0, "1001 characters"),
        ("(" * 25 + "1" + ")" * 25, 24, "nested deeper"),
        ("not " * 25 + "yes", 96, "nested deeper"),
        ("-" * 25 + "1", 24, "nested deeper"),
    ],
)
def test_located_errors(text: str, offset: int, word: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert word in caught.value.message
    assert caught.value.offset == offset


def test_a_unit_is_written_without_blanks() -> None:
    assert parse("80 mm/s").names == frozenset()
    assert parse("80 mm / s").names == {"s"}
    assert parse("80 mm/speed").names == {"speed"}


def test_names_are_the_dotted_references() -> None:
    assert parse("part.good and not hand.holding or arm.joints.0 > 3 deg").names == {
        "part.good",
        "hand.holding",
        "arm.joints.0",
    }


def test_a_stale_signal_is_neither_true_nor_false() -> None:
    with pytest.raises(Stale):
        value("gone and yes")
    with pytest.raises(Stale):
        value("not gone")
    assert value("gone and no") is False  # whatever gone is
    assert value("gone or yes") is True
    assert value("no and gone") is False


@pytest.mark.parametrize("text", ["1 / 0", "1e30 * 1e30", "min(1e20, 2e20) * 1e20", "speed / (x - x)"])
def test_no_value(text: str) -> None:
    with pytest.raises(EvaluationError):
        value(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes + 1", ["wrong-type@0+3"]),
        ("x + 1", ["wrong-unit@4+1"]),
        ("x > 5", ["unit-missing@4+1"]),
        ("x > 5 s", ["wrong-unit@4+3"]),
        ("x > 5 mm and n", ["wrong-type@13+1"]),
        ("not n", ["wrong-type@4+1"]),
        ("foo > bar", ["unknown-name@0+3", "unknown-name@6+3"]),
        ("above(x, 3 mm)", ["wrong-type@6+1"]),
        ("above(part.pose, 3)", ["unit-missing@17+1"]),
        ("above(part.pose)", ["arguments@0+16"]),
        ("part.pose == part.pose", ["wrong-type@0+9"]),
        ("part.code < 'B'", ["wrong-type@0+9"]),
        ("part.code == 7", ["wrong-type@13+1"]),
        ("near(x, 3 s, 1 mm)", ["wrong-unit@8+3"]),
        ("max(x, speed)", ["wrong-unit@7+5"]),
        ("x * speed == 3 mm", ["wrong-unit@13+4"]),
        ("n / 0", ["division-by-zero@4+1"]),
        ("x / x + 1 > 0.5", []),
        ("foo + 1 s > yes", ["unknown-name@0+3"]),  # one mistake, one message
    ],
)
def test_types(text: str, expected: list[str]) -> None:
    assert problems(text) == expected


def test_constants_become_expressions() -> None:
    assert constant(0.25, "m/s").evaluate(lookup) == 0.25
    assert constant(True).evaluate(lookup) is True
    assert constant("it's").evaluate(lookup) == "it's"
    assert constant(-3).evaluate(lookup) == -3


NUMBERS = st.one_of(
    st.integers(0, 10**9).map(str),
    st.floats(0, 1e6, allow_nan=False).map(repr).filter(lambda text: "e" not in text),
    st.builds(
        lambda number, unit: f"{number} {unit}",
        st.integers(0, 999),
        st.sampled_from(["mm", "deg", "mm/s", "s", "min", "%", "m/s^2", "°"]),
    ),
)
ATOMS = st.one_of(NUMBERS, st.sampled_from([*KNOWN, "true", "false", "'text'", '"it\'s"', "gone"]))


def combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.sampled_from(["+", "-", "*", "/", "<", ">=", "==", "and", "or"])
    return st.one_of(
        st.builds(lambda left, sign, right: f"({left}) {sign} ({right})", inner, binary, inner),
        st.builds(lambda left, sign, right: f"{left} {sign} {right}", inner, binary, inner),
        st.builds(lambda each: f"not {each}", inner),
        st.builds(lambda each: f"-{each}", inner),
        st.builds(lambda each, other: f"min({each}, {other})", inner, inner),
    )


EXPRESSIONS = st.recursive(ATOMS, combined, max_leaves=12)
ANY_TEXT = st.one_of(
    st.text(max_size=80), st.text(alphabet="()+-*/<>=!., '\"0123456789eandortmxy%^°µ\t\n", max_size=80)
)


@given(EXPRESSIONS)
def test_the_normal_form_parses_to_the_same(text: str) -> None:
    try:
        expression = parse(text)
    except ExpressionError:
        return
    again = parse(str(expression))
    assert again == expression
    assert str(again) == str(expression)


@given(st.one_of(ANY_TEXT, EXPRESSIONS))
def test_any_text_is_an_expression_or_a_located_error(text: str) -> None:
    try:
        expression = parse(text)
    except ExpressionError as error:
        assert 0 <= error.offset <= len(text)
        assert error.message
        return
    assert isinstance(expression, Expr)
    problems(text)
    try:
        found = expression.evaluate(lambda name, field: KNOWN.get("n"))
    except (EvaluationError, Stale):
        return
    assert isinstance(found, bool | int | float | str | tuple)


@given(EXPRESSIONS)
def test_what_has_no_type_error_has_a_value(text: str) -> None:
    try:
        expression = parse(text)
    except ExpressionError:
        return
    if problems(text):
        return
    try:
        expression.evaluate(lookup)
    except EvaluationError as error:
        assert "zero" in error.message or "range" in error.message
