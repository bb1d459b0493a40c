"""The tree of an expression: how each node is evaluated and written.

Nodes are frozen and compare by what they mean; ``offset`` (where in the text) does not count.
Sums, products, ``and`` and ``or`` are flat, so the depth of a tree is the depth of its brackets.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cellctl.devices.targets import ByJoints
from cellctl.errors import CellError
from cellctl.motion.pose import Pose
from cellctl.units import NUMBER, Dimension

Lookup = Callable[[str, str | None], Any]
LARGEST = 1e30  # what any quantity of a cell stays far below


class Stale(CellError):
    """A condition stands on a signal that is not good: it is neither true nor false."""


class EvaluationError(CellError):
    """An expression has no value: division by zero, or a result out of range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node. ``strength`` says how tightly it binds, for brackets."""

    offset: int = field(default=0, compare=False)

    @property
    def strength(self) -> int:
        """6 for atoms down to 0 for ``or``."""
        return 6

    def evaluate(self, lookup: Lookup) -> Any:
        """The value under ``lookup``. Raises Stale or EvaluationError."""
        raise NotImplementedError

    def write(self) -> str:
        """The text that parses to this node again."""
        raise NotImplementedError

    def children(self) -> tuple[Node, ...]:
        """The nodes directly below."""
        return ()

    def walk(self) -> Iterator[Node]:
        """This node and every one below it."""
        yield self
        for child in self.children():
            yield from child.walk()

    def inner(self, child: Node) -> str:
        """``child`` as it is written inside this node: in brackets unless it binds more tightly."""
        return child.write() if child.strength > self.strength else f"({child.write()})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Node):
    """A number, in SI; ``text`` is how it was written, with its unit."""

    value: float | int
    dimension: Dimension = NUMBER
    text: str

    def evaluate(self, lookup: Lookup) -> Any:  # noqa: D102
        return self.value

    def write(self) -> str:  # noqa: D102
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth(Node):
    """``true`` or ``false``."""

    value: bool

    def evaluate(self, lookup: Lookup) -> Any:  # noqa: D102
        return self.value

    def write(self) -> str:  # noqa: D102
        return "true" if self.value else "false"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Node):
    """A text in single or double quotes; it holds no quote of both kinds."""

    value: str

    def evaluate(self, lookup: Lookup) -> Any:  # noqa: D102
        return self.value

    def write(self) -> str:  # noqa: D102
        quote = '"' if "'" in self.value else "'"
        return f"{quote}{self.value}{quote}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Node):
    """A known name, with a field where it has one: ``batch``, ``part.pose``, ``arm.joints.0``."""

    name: str
    field_name: str | None = None

    @property
    def reference(self) -> str:
        """The dotted form."""
        return self.name if self.field_name is None else f"{self.name}.{self.field_name}"

    def evaluate(self, lookup: Lookup) -> Any:  # noqa: D102
        return lookup(self.name, self.field_name)

    def write(self) -> str:  # noqa: D102
        return self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix(Node):
    """``not x`` or ``-x``."""

    operator: str
    operand: Node

    @property
    def strength(self) -> int:  # noqa: D102
        return 2 if self.operator == "not" else 5

    def evaluate(self, lookup: Lookup) -> Any:  # noqa: D102
        value = self.operand.evaluate(lookup)
        return not value if self.operator == "not" else -value

    def write(self) -> str:  # noqa: D102
        inside = self.operand.write()
        if self.operand.strength < self.strength:
            inside = f"({inside})"
        return f"not {inside}" if self.operator == "not" else f"-{inside}"

    def children(self) -> tuple[Node, ...]:  # noqa: D102
        return (self.operand,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain(Node):
    """``first + a - b`` or ``first * a / b``, from left to right."""

    first: Node
    rest: tuple[tuple[str, Node], ...]

    @property
    def strength(self) -> int:  # noqa: D102
        return 3 if self.rest[0][0] in "+-" else 4

    def evaluate(self, lookup: Lookup) -> Any:  # noqa: D102
        value = self.first.evaluate(lookup)
        for operator, node in self.rest:
            value = _apply(operator, value, node.evaluate(lookup))
        return value

    def write(self) -> str:  # noqa: D102
        return self.inner(self.first) + "".join(f" {operator} {self.inner(node)}" for operator, node in self.rest)

    def children(self) -> tuple[Node, ...]:  # noqa: D102
        return (self.first, *(node for _, node in self.rest))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Node):
    """``a < b`` and its kin; comparisons do not chain."""

    operator: str
    left: Node
    right: Node

    @property
    def strength(self) -> int:  # noqa: D102
        return 2

    def evaluate(self, lookup: Lookup) -> Any:  # noqa: D102
        return compare(self.operator, self.left.evaluate(lookup), self.right.evaluate(lookup))

    def write(self) -> str:  # noqa: D102
        return f"{self.inner(self.left)} {self.operator} {self.inner(self.right)}"

    def children(self) -> tuple[Node, ...]:  # noqa: D102
        return (self.left, self.right)


@dataclass(frozen=True, slots=True, kw_only=True)
class Logic(Node):
    """``a and b and c``, or with ``or``. What a stale signal cannot change is known all the same."""

    operator: str
    items: tuple[Node, ...]

    @property
    def strength(self) -> int:  # noqa: D102
        return 1 if self.operator == "and" else 0

    def evaluate(self, lookup: Lookup) -> Any:  # noqa: D102
        decides = self.operator == "or"
        stale: Stale | None = None
        for item in self.items:
            try:
                if bool(item.evaluate(lookup)) is decides:
                    return decides
            except Stale as error:
                stale = stale or error
        if stale is not None:
            raise stale
        return not decides

    def write(self) -> str:  # noqa: D102
        return f" {self.operator} ".join(self.inner(item) for item in self.items)

    def children(self) -> tuple[Node, ...]:  # noqa: D102
        return self.items


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """One of the listed functions."""

    function: str
    arguments: tuple[Node, ...]

    def evaluate(self, lookup: Lookup) -> Any:  # noqa: D102
        return FUNCTIONS[self.function](*(argument.evaluate(lookup) for argument in self.arguments))

    def write(self) -> str:  # noqa: D102
        return f"{self.function}({', '.join(argument.write() for argument in self.arguments)})"

    def children(self) -> tuple[Node, ...]:  # noqa: D102
        return self.arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Items(Node):
    """A list of targets: ``[above(part.pose, 80 mm), part.pose]``."""

    items: tuple[Node, ...]

    def evaluate(self, lookup: Lookup) -> Any:  # noqa: D102
        return tuple(item.evaluate(lookup) for item in self.items)

    def write(self) -> str:  # noqa: D102
        return f"[{', '.join(item.write() for item in self.items)}]"

    def children(self) -> tuple[Node, ...]:  # noqa: D102
        return self.items


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong(Node):
    """Stands for an expression that could not be read, so that checking goes on around it."""

    def evaluate(self, lookup: Lookup) -> Any:  # noqa: D102
        raise EvaluationError("the expression could not be read")

    def write(self) -> str:  # noqa: D102
        return "?"


def compare(operator: str, left: Any, right: Any) -> bool:
    """Compare two values of one type."""
    match operator:
        case "==":
            return bool(left == right)
        case "!=":
            return bool(left != right)
        case "<":
            return bool(left < right)
        case "<=":
            return bool(left <= right)
        case ">":
            return bool(left > right)
        case _:
            return bool(left >= right)


def _apply(operator: str, left: Any, right: Any) -> Any:
    if operator == "/" and right == 0:
        raise EvaluationError("division by zero")
    match operator:
        case "+":
            value = left + right
        case "-":
            value = left - right
        case "*":
            value = left * right
        case _:
            value = left / right
    if not abs(value) <= LARGEST:
        raise EvaluationError(f"{left!r} {operator} {right!r} is out of range (limit {LARGEST:g})")
    return value


def _above(pose: Any, height: float) -> Any:
    return pose.above(height)


def _ptp(target: Any) -> Any:
    return ByJoints(target) if isinstance(target, Pose) else target  # joints are reached so anyway


def _near(a: Any, b: Any, tolerance: float) -> bool:
    if isinstance(a, int | float):
        return bool(abs(a - b) <= tolerance)
    return bool(math.dist(a[:3], b[:3]) <= tolerance)


#: The functions that there are; the types of their arguments are in ``value_types.py``.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "min": min,
    "max": max,
    "above": _above,
    "near": _near,
    "ptp": _ptp,
}
