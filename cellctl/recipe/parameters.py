"""The values of a recipe's parameters: defaults, what was given instead, and their bounds."""

from __future__ import annotations

from collections.abc import Mapping

from cellctl.errors import CellError
from cellctl.recipe.diagnostics import Problems, near
from cellctl.recipe.expressions import Expr, parse
from cellctl.recipe.file_model import UNKNOWN_EXPR, FileModel
from cellctl.recipe.nodes import Name, Number
from cellctl.recipe.recipe_build import Recipe
from cellctl.recipe.recipe_file import ParameterEntry
from cellctl.recipe.value_types import COUNT, UNKNOWN, Inference, Type, fits, mismatch, type_of_kind, unit_hint
from cellctl.recipe.yaml_nodes import YamlNode
from cellctl.units import KINDS, show

Value = float | bool | int | str


def parameter_values(
    recipe: Recipe, given: Mapping[str, Value], problems: Problems, *, complete: bool
) -> dict[str, Value]:
    """The value of each parameter. With ``complete`` one that has neither default nor value is told of."""
    made: dict[str, Value] = {}
    entries = recipe.file.parameters
    for name in given:
        if name not in entries:
            problems.add(
                "unknown-name",
                f"the recipe has no parameter {name!r}",
                recipe.file.key_of("parameters"),
                hint=near(name, entries),
            )
    for name, entry in entries.items():
        if not entry.type:
            problems.suspects.add(name)
            continue
        value = _value(name, entry, given.get(name), problems, complete)
        if value is not None:
            made[name] = value
    return made


def _value(name: str, entry: ParameterEntry, given: Value | None, problems: Problems, complete: bool) -> Value | None:
    low = constant(entry, "min", entry.min, entry.type, problems)
    high = constant(entry, "max", entry.max, entry.type, problems)
    default = constant(entry, "default", entry.default, entry.type, problems)
    for limit, key in ((low, "min"), (high, "max")):
        if isinstance(limit, bool | str):
            problems.add("bounds", f"a {entry.type} has no {key}", entry.key_of(key), hint=f"Remove {key}")
            low = high = None
    if _number(low) and _number(high) and low > high:  # type: ignore[operator]  # both are numbers
        problems.add("bounds", f"min is above max ({_show(low, entry)}, {_show(high, entry)})", entry.place_of("min"))
        return default
    if default is not None:
        _inside((name, entry), default, (low, high), entry.place_of("default"), problems)
    if given is None:
        if default is None and complete and entry.default is None:
            problems.add(
                "missing-parameter",
                f"{name} has no default and was not given",
                entry.node,
                hint=f"Give it with --set {name}=…",
            )
        return default if default is not None else low if low is not None else _neutral(entry)
    value = _given(name, given, entry, problems)
    if value is not None:
        _inside((name, entry), value, (low, high), entry.node, problems)
    return value


def constant(entry: FileModel, key: str, expression: Expr | None, kind: str, problems: Problems) -> Value | None:
    """The value of a field that must be a constant of a kind; None where there is none or it is told of."""
    if expression is None or expression is UNKNOWN_EXPR:
        return None
    if kind == "text" and isinstance(expression.root, Name):
        return expression.text  # a bare word
    return _evaluate(key, expression, kind, entry.place_of(key), problems)


def _given(name: str, given: Value, entry: ParameterEntry, problems: Problems) -> Value | None:
    if entry.type == "text":
        return str(given)
    try:
        expression = parse(str(given).lower() if isinstance(given, bool) else str(given))
    except CellError as error:
        problems.add("expression", f"{name}={given}: {error.message}", entry.node, hint=error.hint)
        return None
    return _evaluate(f"{name}={given}:", expression, entry.type, entry.node, problems)


def _evaluate(what: str, expression: Expr, kind: str, node: YamlNode, problems: Problems) -> Value | None:
    def report(code: str, message: str, offset: int, width: int, hint: str) -> None:
        problems.add(code, message, node, hint=hint, offset=offset, width=width)

    def scope(name: Name) -> Type | None:
        report(
            "unknown-name",
            f"{name.reference!r} cannot be named here",
            name.offset,
            len(name.reference),
            "Write a plain value",
        )
        return None

    wanted = type_of_kind(kind)
    found = Inference(scope, report).type_of(expression.root)
    if found == UNKNOWN:
        return None
    if not fits(found, wanted) and not (wanted == COUNT and found == COUNT):
        code, message, hint = mismatch(found, wanted)
        if code == "unit-missing" and isinstance(expression.root, Number):
            hint = unit_hint(wanted, expression.root.text)
        problems.add(code, f"{what} must be {message}", node, hint=hint)
        return None
    try:
        value: Value = expression.evaluate(lambda name, field: 0)
    except CellError as error:
        problems.add("expression", error.message, node, hint=error.hint)
        return None
    return value


def _inside(
    what: tuple[str, ParameterEntry],
    value: Value,
    limits: tuple[Value | None, Value | None],
    node: YamlNode,
    problems: Problems,
) -> None:
    (name, entry), (low, high) = what, limits
    if isinstance(value, bool | str):
        return
    if _number(low) and value < low:  # type: ignore[operator]  # both are numbers
        problems.add("bounds", f"{name} must be at least {_show(low, entry)}, not {_show(value, entry)}", node)
    if _number(high) and value > high:  # type: ignore[operator]  # both are numbers
        problems.add("bounds", f"{name} must be at most {_show(high, entry)}, not {_show(value, entry)}", node)


def _number(value: Value | None) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _show(value: Value | None, entry: ParameterEntry) -> str:
    if entry.type in KINDS and isinstance(value, int | float):
        return show(value, entry.type)
    return str(value)


def _neutral(entry: ParameterEntry) -> Value | None:
    if entry.type in KINDS:
        return 1.0
    neutral: dict[str, Value] = {"count": 1, "bool": False, "text": ""}
    return neutral.get(entry.type)
