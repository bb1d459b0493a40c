"""What a parsed script is made of. Every node knows its line and column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from cellctl_drivers.universal_robots.urscript.values import Value


@dataclass(frozen=True, slots=True)
class Node:
    """Where it stands in the text, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A number, text or boolean."""

    value: Value


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A variable that is read."""

    name: str


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    """``[a, b]``, or a pose ``p[x, y, z, rx, ry, rz]``."""

    items: tuple[Expression, ...]
    pose: bool


@dataclass(frozen=True, slots=True)
class Index(Node):
    """``list[i]``."""

    of: Expression
    index: Expression


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """``-x`` or ``not x``."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Two operands and what is between them."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function called with positional and named arguments."""

    name: str
    arguments: tuple[Expression, ...]
    named: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Run(Node):
    """``run thread()``: a handle of the thread that was started."""

    name: str


Expression: TypeAlias = "Constant | Name | ListOf | Index | Unary | Binary | Call | Run"


@dataclass(frozen=True, slots=True)
class Assign(Node):
    """``name = value``, with its qualifier if it has one; ``index`` for ``name[i] = value``."""

    name: str
    value: Expression
    scope: Literal["", "local", "global"] = ""
    index: Expression | None = None


@dataclass(frozen=True, slots=True)
class Do(Node):
    """A call (or run) for what it does."""

    what: Call | Run


@dataclass(frozen=True, slots=True)
class If(Node):
    """Branches in order, each with its condition, and what is done otherwise."""

    branches: tuple[tuple[Expression, Block], ...]
    otherwise: Block


@dataclass(frozen=True, slots=True)
class While(Node):
    """Repeat while the condition holds."""

    condition: Expression
    body: Block


@dataclass(frozen=True, slots=True)
class Return(Node):
    """Leave the function."""

    value: Expression | None


@dataclass(frozen=True, slots=True)
class Leave(Node):
    """``break`` or ``continue``."""

    how: Literal["break", "continue"]


@dataclass(frozen=True, slots=True)
class Handle(Node):
    """``join thread`` or ``kill thread``."""

    how: Literal["join", "kill"]
    thread: Expression


Statement: TypeAlias = "Assign | Do | If | While | Return | Leave | Handle"
Block: TypeAlias = "tuple[Statement, ...]"


@dataclass(frozen=True, slots=True)
class Function(Node):
    """A function, or a thread (which takes no arguments); ``inner`` are those defined inside."""

    name: str
    parameters: tuple[str, ...]
    body: Block
    thread: bool
    inner: tuple[Function, ...]
