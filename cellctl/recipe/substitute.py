"""Putting what a call gives into the expressions of an operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cellctl.errors import CellError
from cellctl.recipe.expressions import Expr
from cellctl.recipe.nodes import Call, Chain, Comparison, Items, Logic, Name, Node, Prefix

MAX_NODES = 400

Env = Mapping[str, Node]  # a name of ``with`` -> what stands for it, in the words of the recipe


class TooLarge(CellError):
    """An expression has grown beyond bounds by being put into others."""


def substitute(expression: Expr, env: Env) -> Expr:
    """The expression with every name of ``env`` replaced. Raises TooLarge."""
    if not env or not any(isinstance(node, Name) and node.name in env for node in expression.root.walk()):
        return expression
    root = _replaced(expression.root, env)
    if sum(1 for _ in zip(root.walk(), range(MAX_NODES + 1), strict=False)) > MAX_NODES:
        raise TooLarge(
            f"this expression has more than {MAX_NODES} parts once all calls are written out",
            hint="Keep a part of it in a variable, with set",
        )
    return Expr(root, root.write())


def renamed(name: str, env: Env) -> str:
    """The recipe's own name for a role, part or variable that an operation names."""
    node = env.get(name)
    return node.name if isinstance(node, Name) else name


def _replaced(node: Node, env: Env) -> Node:
    match node:
        case Name() if node.name in env:
            given = env[node.name]
            if node.field_name is None:
                return given
            return replace(given, field_name=node.field_name) if isinstance(given, Name) else node
        case Prefix():
            return replace(node, operand=_replaced(node.operand, env))
        case Chain():
            rest = tuple((operator, _replaced(part, env)) for operator, part in node.rest)
            return replace(node, first=_replaced(node.first, env), rest=rest)
        case Comparison():
            return replace(node, left=_replaced(node.left, env), right=_replaced(node.right, env))
        case Logic():
            return replace(node, items=tuple(_replaced(item, env) for item in node.items))
        case Items():
            return replace(node, items=tuple(_replaced(item, env) for item in node.items))
        case Call():
            return replace(node, arguments=tuple(_replaced(each, env) for each in node.arguments))
        case _:
            return node
