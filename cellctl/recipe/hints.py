"""Reading the type hints of models: which of several suits a node, and what a field is without a value."""

from __future__ import annotations

import types
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from cellctl.recipe.diagnostics import near
from cellctl.recipe.expressions import Expr
from cellctl.recipe.file_model import UNKNOWN_EXPR, FileModel
from cellctl.recipe.yaml_nodes import ListNode, MapNode, ScalarNode, YamlNode


class Plan(NamedTuple):
    """What a field of a model takes: ``kind`` is the text among its annotations, empty for none."""

    hint: Any
    kind: str
    default: Any
    required: bool


@lru_cache(maxsize=256)
def plans_of(model: type[BaseModel]) -> dict[str, Plan]:
    """The fields of a model by the keys that files use."""
    made: dict[str, Plan] = {}
    for name, info in model.model_fields.items():
        kind = next((each for each in info.metadata if isinstance(each, str)), "")
        default = None if info.is_required() else info.get_default(call_default_factory=True)
        made[info.alias or name] = Plan(info.annotation, kind, default, info.is_required())
    return made


def kind_of(plan: Plan) -> str:
    """The kind of a field, of one that may be missing too."""
    inner = (each for option in get_args(plan.hint) for each in getattr(option, "__metadata__", ()))
    return plan.kind or next((each for each in inner if isinstance(each, str)), "")


def bare(hint: Any) -> Any:
    """The type below an annotation."""
    return get_args(hint)[0] if hasattr(hint, "__metadata__") else hint


def suits(node: YamlNode, hint: Any) -> bool:
    """Whether a node has the shape of a type."""
    hint = bare(hint)
    if isinstance(hint, type) and issubclass(hint, FileModel):
        if isinstance(node, MapNode):
            return not hint.HEAD or hint.HEAD in node.values
        return bool(hint.SCALAR)
    if isinstance(node, MapNode):
        return get_origin(hint) in {dict, Mapping}
    if isinstance(node, ListNode):
        return get_origin(hint) in {list, tuple}
    assert isinstance(node, ScalarNode), "a node is a mapping, a list or a scalar"
    if get_origin(hint) is Literal:
        return node.value in get_args(hint)
    if hint in {bool, int}:
        return type(node.value) is hint
    return hint in {str, float, Expr} and node.value is not None


def neutral(hint: Any) -> Any:
    """A value of a type, for a field that is wrong and has no default: checking goes on around it."""
    hint = bare(hint)
    origin, options = get_origin(hint), get_args(hint)
    if hint is Expr or Expr in options:
        return UNKNOWN_EXPR
    if origin is Literal:
        return options[0]
    if origin in {Union, types.UnionType}:
        return None if type(None) in options else neutral(options[0])
    if origin is tuple:
        return tuple(neutral(each) for each in options)
    return (origin or hint)() if (origin or hint) in {str, int, float, bool, list, dict} else None


def is_model(hint: Any) -> bool:
    """Whether a type is a model of a file's part."""
    return isinstance(bare(hint), type) and issubclass(bare(hint), FileModel)


def union_keys(hints: tuple[Any, ...]) -> set[str]:
    """Every key of the models among the types."""
    models = [bare(hint) for hint in hints]
    return {
        key for model in models if isinstance(model, type) and issubclass(model, BaseModel) for key in plans_of(model)
    }


def choices(node: YamlNode, hints: tuple[Any, ...]) -> str:
    """A hint at what can stand where a node suits none of the types."""
    heads = [head for hint in hints if (head := getattr(bare(hint), "HEAD", ""))]
    words = [str(each) for hint in hints if get_origin(bare(hint)) is Literal for each in get_args(bare(hint))]
    if isinstance(node, ScalarNode) and words:
        return near(node.text, words, f"It is one of {', '.join(words)}")
    return f"It has one of the keys {', '.join(heads)}" if heads else ""
