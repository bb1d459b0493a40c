"""From nodes to the models of a file: quantities converted, marks kept, every problem told once.

Models are built from the inside out, each validated by pydantic on its own. One that has a wrong
field is still built from the others, with the field's name in ``broken``, so that checking goes on
around the mistake and does not tell of it again.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cellctl.errors import UsageError
from cellctl.recipe.diagnostics import Problems, near, nearest
from cellctl.recipe.expressions import Expr, ExpressionError, parse
from cellctl.recipe.file_model import UNKNOWN_EXPR, FileModel
from cellctl.recipe.hints import bare, choices, is_model, kind_of, neutral, plans_of, suits, union_keys
from cellctl.recipe.nodes import Items
from cellctl.recipe.value_types import Type, describe, mismatch, unit_hint
from cellctl.recipe.yaml_nodes import ListNode, MapNode, ScalarNode, YamlNode
from cellctl.units import KINDS, NUMBER, parse_quantity, show

MAX_TARGETS = 100  # in one list


class _Broken:
    """What could not be built."""


BROKEN = _Broken()
Converter = Callable[[YamlNode], Any]


class Builder:
    """Builds values by their type hints. ``special`` converts the hints ``Annotated[…, "name"]`` that
    are no quantity (``tool``); it returns BROKEN for what it has told of."""

    def __init__(self, problems: Problems, special: Mapping[str, Converter] | None = None) -> None:
        self.problems = problems
        self._special = dict(special or {})

    def build(self, node: YamlNode, hint: Any, kind: str = "", what: str = "this") -> Any:
        """The value of ``node``, or BROKEN."""
        if hasattr(hint, "__metadata__"):
            kind = next((each for each in hint.__metadata__ if isinstance(each, str)), kind)
            return self.build(node, get_args(hint)[0], kind, what)
        origin = get_origin(hint)
        if kind in self._special:
            return self._special[kind](node)
        if origin in {Union, types.UnionType}:
            return self._union(node, get_args(hint), kind, what)
        if hint is Expr:
            return self._expression(node, what)
        if kind in KINDS and hint is float:
            return self._quantity(node, kind, what)
        if isinstance(hint, type) and issubclass(hint, BaseModel):
            return self.model(node, hint, what)
        if origin is list or (origin is tuple and get_args(hint)[-1] is Ellipsis):
            return self._list(node, get_args(hint)[0], kind, what)
        if origin is tuple:
            return self._tuple(node, get_args(hint), kind, what)
        if origin in {dict, Mapping} or (isinstance(origin, type) and issubclass(origin, Mapping)):
            return self._dict(node, get_args(hint)[1], kind, what)
        return self._plain(node, hint, what)

    # -- models ------------------------------------------------------------------------------

    def model(self, node: YamlNode, model: type[BaseModel], what: str = "this") -> Any:
        """An instance of ``model``, or BROKEN where ``node`` is not even a mapping."""
        short = model.SCALAR if issubclass(model, FileModel) else ""
        if not isinstance(node, MapNode):
            if not short:
                return self._wrong(node, f"{what} must be a mapping, not {node.described}", _keys_hint(model))
            plan = plans_of(model)[short]
            return self._finish(model, node, {short: self.build(node, plan.hint, plan.kind, what)})
        plans = plans_of(model)
        extra = model.model_config.get("extra") == "allow"
        values: dict[str, Any] = {}
        meant: set[str | None] = set()  # keys that are there, misspelt
        for key, value in node.values.items():
            if key in plans:
                plan = plans[key]
                values[key] = self.build(value, plan.hint, plan.kind, key)
            elif extra:
                values[key] = self._targets(value, key) if isinstance(value, ListNode) else self._expression(value, key)
            else:
                self.problems.add("unknown-key", f"there is no key {key!r} here", node.keys[key], hint=near(key, plans))
                self.problems.suspects.update(value.texts())
                meant.add(nearest(key, plans))
        return self._finish(model, node, values, meant)

    def _finish(
        self, model: type[BaseModel], node: YamlNode, values: dict[str, Any], meant: Collection[str | None] = ()
    ) -> Any:
        plans = plans_of(model)
        broken = {key for key, value in values.items() if value is BROKEN}
        for key, plan in plans.items():
            if plan.required and key not in values:
                if key not in meant:
                    self.problems.add("missing-key", f"the key {key!r} is missing", node, hint=_example(model, key))
                broken.add(key)
        good = {key: value for key, value in values.items() if key not in broken}
        made: BaseModel | None = None
        if not broken:
            try:
                made = model.model_validate(good)
            except ValidationError as error:
                broken |= self._tell_all(model, node, error)
        if made is None:
            rest = {key: value for key, value in good.items() if key not in broken}
            names = {info.alias or name: name for name, info in model.model_fields.items()}
            defaults = {
                names[key]: neutral(plan.hint) if plan.required else plan.default
                for key, plan in plans.items()
                if key not in rest
            }
            made = model.model_construct(**defaults, **{names.get(key, key): value for key, value in rest.items()})
        if isinstance(made, FileModel):
            made.written(node, broken)
            if broken:
                self.problems.suspects.update(node.texts())
        elif broken:
            return BROKEN
        return made

    def _tell_all(self, model: type[BaseModel], node: YamlNode, error: ValidationError) -> set[str]:
        broken: set[str] = set()
        for each in error.errors(include_url=False):
            key = str(each["loc"][0]) if each["loc"] else ""
            place = node
            for step in each["loc"]:
                place = _below(place, step)
            plan = plans_of(model).get(key)
            message, hint = _words(each, key, kind_of(plan) if plan else "")
            self.problems.add("bounds" if each["type"] in _BOUNDS else "value", message, place, hint=hint)
            broken.add(key)
        return broken

    # -- values ------------------------------------------------------------------------------

    def _wrong(self, node: YamlNode, message: str, hint: str = "") -> _Broken:
        self.problems.add("wrong-type", message, node, hint=hint)
        self.problems.suspects.update(node.texts())
        return BROKEN

    def _union(self, node: YamlNode, hints: tuple[Any, ...], kind: str, what: str) -> Any:
        if type(None) in hints:
            if isinstance(node, ScalarNode) and node.value is None:
                return None
            hints = tuple(hint for hint in hints if hint is not type(None))
        if len(hints) == 1:
            return self.build(node, hints[0], kind, what)
        chosen = next((hint for hint in hints if suits(node, hint)), None)
        if (
            isinstance(node, MapNode)
            and node.values
            and is_model(chosen)
            and not union_keys(hints) & node.values.keys()
        ):
            key = next(iter(node.values), "")
            self.problems.add(
                "unknown-key", f"there is no key {key!r} here", node.key_at(key), hint=near(key, union_keys(hints))
            )
            self.problems.suspects.update(node.texts())
            return BROKEN
        if chosen is None:
            return self._wrong(node, f"{what} cannot be {node.described}", choices(node, hints))
        return self.build(node, chosen, kind, what)

    def _quantity(self, node: YamlNode, kind: str, what: str) -> Any:
        dimension, unit = KINDS[kind]
        wanted = Type("number", dimension)
        if not isinstance(node, ScalarNode) or isinstance(node.value, bool) or node.value is None:
            return self._wrong(node, f"{what} must be {describe(wanted)}, not {node.described}", unit_hint(wanted))
        try:
            found = parse_quantity(node.text)
        except UsageError as error:
            self.problems.add("quantity", f"{what}: {error.message}", node, hint=error.hint)
            return BROKEN
        if found.dimension != dimension:
            code, message, hint = mismatch(Type("number", found.dimension), wanted)
            if found.dimension == NUMBER and unit and "%" not in node.text:
                hint = unit_hint(wanted, node.text.strip())
            self.problems.add(code, f"{what} must be {message}", node, hint=hint)
            return BROKEN
        return found.value

    def _expression(self, node: YamlNode, what: str) -> Expr:
        if not isinstance(node, ScalarNode) or node.value is None:
            self._wrong(node, f"{what} must be an expression, not {node.described}")
            return UNKNOWN_EXPR
        try:
            return parse(node.text if isinstance(node.value, str) else str(node.text).lower())
        except ExpressionError as error:
            self.problems.add("expression", error.message, node, hint=error.hint, offset=error.offset)
            self.problems.suspects.update(node.texts())
            return UNKNOWN_EXPR

    def _targets(self, node: ListNode, what: str) -> Expr:
        """A list of expressions as one; each item keeps its own place in ``node``."""
        if not 0 < len(node.items) <= MAX_TARGETS:
            self._wrong(node, f"{what} has {len(node.items)} items, and must have 1 to {MAX_TARGETS}")
            return UNKNOWN_EXPR
        texts = [item.text if isinstance(item, ScalarNode) and item.plain else "" for item in node.items]
        for item, text in zip(node.items, texts, strict=True):
            if text.count("(") > text.count(")"):  # YAML has cut [above(ready, 30 mm)] at its comma
                hint = 'Put it in quotes: ["above(ready, 30 mm)"]'
                self.problems.add("yaml-syntax", "in brackets the comma ends the item", item, hint=hint)
                return UNKNOWN_EXPR
        items = [self._expression(item, f"an item of {what}") for item in node.items]
        if UNKNOWN_EXPR in items:
            return UNKNOWN_EXPR
        root = Items(items=tuple(item.root for item in items))
        return Expr(root, root.write())

    def _list(self, node: YamlNode, hint: Any, kind: str, what: str) -> Any:
        if not isinstance(node, ListNode):
            return self._wrong(node, f"{what} must be a list, not {node.described}", "Begin each item with - ")
        built = [self.build(item, hint, kind, f"an item of {what}") for item in node.items]
        items = [item for item in built if item is not BROKEN]
        return (
            items
            if len(items) == len(built)
            or (isinstance(bare(hint), type) and issubclass(cast(type, bare(hint)), FileModel))
            or get_origin(bare(hint)) in {Union, types.UnionType}
            else BROKEN
        )

    def _tuple(self, node: YamlNode, hints: tuple[Any, ...], kind: str, what: str) -> Any:
        if not isinstance(node, ListNode) or len(node.items) != len(hints):
            given = f"{len(node.items)} of them" if isinstance(node, ListNode) else node.described
            return self._wrong(node, f"{what} must be a list of {len(hints)} values, not {given}")
        items = [
            self.build(item, hint, kind, f"an item of {what}") for item, hint in zip(node.items, hints, strict=True)
        ]
        return BROKEN if BROKEN in items else tuple(items)

    def _dict(self, node: YamlNode, hint: Any, kind: str, what: str) -> Any:
        if not isinstance(node, MapNode):
            return self._wrong(node, f"{what} must be a mapping, not {node.described}", "Write name: value")
        built = {key: self.build(value, hint, kind, key) for key, value in node.values.items()}
        for key, value in built.items():
            if value is BROKEN or (isinstance(value, FileModel) and value.broken):
                self.problems.suspects.add(key)
        return {key: value for key, value in built.items() if value is not BROKEN}

    def _plain(self, node: YamlNode, hint: Any, what: str) -> Any:
        if hint is str:
            if isinstance(node, ScalarNode) and node.value is not None:
                return node.text
            return self._wrong(node, f"{what} must be a text, not {node.described}")
        value = node.data()
        if hint in {int, bool, float} and (
            not isinstance(value, hint) or (hint is not bool and isinstance(value, bool))
        ):
            if hint is float and isinstance(value, int) and not isinstance(value, bool):
                return float(value)
            words = {int: "a whole number", bool: "true or false", float: "a number"}[hint]
            return self._wrong(node, f"{what} must be {words}, not {node.described}")
        if get_origin(hint) is Literal and value not in get_args(hint):
            known = [str(each) for each in get_args(hint)]
            self.problems.add(
                "value",
                f"{what} cannot be {node.described}",
                node,
                hint=near(str(value), known, f"It is one of {', '.join(known)}"),
            )
            return BROKEN
        return value


def _below(node: YamlNode, step: int | str) -> YamlNode:
    if isinstance(node, MapNode):
        return node.values.get(str(step), node)
    if isinstance(node, ListNode) and isinstance(step, int) and step < len(node.items):
        return node.items[step]
    return node


_BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
}


def _words(error: ErrorDetails, key: str, kind: str) -> tuple[str, str]:
    context: dict[str, Any] = error.get("ctx", {})
    if error["type"] in _BOUNDS:
        words, limit = _BOUNDS[error["type"]]
        value = error["input"]
        if kind in KINDS and isinstance(value, int | float):
            return f"{key} must be {words} {show(float(context[limit]), kind)}, not {show(float(value), kind)}", ""
        return f"{key} must be {words} {context[limit]}, not {value}", ""
    if error["type"] == "literal_error":
        return f"{key} cannot be {error['input']!r}", f"It is one of {context['expected']}"
    message = error["msg"].removeprefix("Value error, ")
    return f"{key}: {message[:1].lower()}{message[1:]}" if key else message, ""


def _keys_hint(model: type[BaseModel]) -> str:
    return f"Its keys are {', '.join(list(plans_of(model))[:8])}"


def _example(model: type[BaseModel], key: str) -> str:
    info = next((each for name, each in model.model_fields.items() if (each.alias or name) == key), None)
    if info is None:
        return ""
    example = (info.examples or [""])[0]
    return f"Write {key}: {example}" if example else (info.description or "")
