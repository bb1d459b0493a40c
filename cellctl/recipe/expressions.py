"""Expressions: a small language of our own, bounded in time and memory.

    handled >= batch
    part.good and not (part.code == 'B7' or hand.width > 40 mm)
    above(part.pose, 80 mm)
    min(belt_speed * 0.5, 200 mm/s)

Numbers with units, ``true``/``false``, texts in quotes, known names, ``+ - * /``, comparison,
``and or not``, lists of targets in ``[ ]``, and the functions abs, min, max, above(pose, length),
near(a, b, tolerance), ptp(pose). A unit
is written right after its number and without blanks inside (``80 mm/s`` is a speed, ``80 mm / s``
divides by ``s``). There is nothing else: no attributes, no powers, no text building.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from cellctl.errors import CellError, UsageError
from cellctl.recipe.nodes import (
    FUNCTIONS,
    LARGEST,
    Call,
    Chain,
    Comparison,
    EvaluationError,
    Items,
    Logic,
    Lookup,
    Name,
    Node,
    Number,
    Prefix,
    Stale,
    Text,
    Truth,
)
from cellctl.units import NUMBER, parse_unit

__all__ = ["EvaluationError", "Expr", "ExpressionError", "Stale", "constant", "parse"]

MAX_LENGTH = 1000
MAX_DEPTH = 24

_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_ATOM = r"(?:[A-Za-zµ]+|[°%])"
_POWER = r"(?:\^?[1-3](?!\w)|[²³])?"
_UNIT = re.compile(rf"[ \t]*({_ATOM}){_POWER}")
_NEXT_UNIT = re.compile(rf"[/*·]({_ATOM}){_POWER}(?![\w.(])")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")
_TEXT = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_SIGN = re.compile(r"<=|>=|==|!=|[-+*/<>(),×÷\[\]]")
_WORDS = frozenset({"and", "or", "not", "true", "false"})
_SAME = {"×": "*", "÷": "/"}


class ExpressionError(CellError):
    """A text is not an expression; ``offset`` counts characters from its start."""

    def __init__(self, message: str, offset: int, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Expr:
    """A parsed expression. ``text`` is as it was written; ``str()`` is the normal form and parses to the same."""

    root: Node
    text: str = field(default="", compare=False)

    @property
    def names(self) -> frozenset[str]:
        """Every dotted reference in it."""
        return frozenset(node.reference for node in self.root.walk() if isinstance(node, Name))

    def evaluate(self, lookup: Lookup) -> Any:
        """The value; ``lookup(name, field)`` gives that of a reference (``("part", "pose")``, ``("batch", None)``).

        ``lookup`` raises Stale for a signal that is not good. Raises Stale and EvaluationError.
        """
        try:
            return self.root.evaluate(lookup)
        except (CellError, RecursionError):
            raise
        except (TypeError, ValueError, ArithmeticError, AttributeError) as error:
            raise EvaluationError(f"{self} has no value: {error}") from error

    def __str__(self) -> str:
        return self.root.write()


def parse(text: str) -> Expr:
    """Read an expression. Raises ExpressionError (with the offset) for anything that is none."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the expression has {len(text)} characters, the limit is {MAX_LENGTH}", 0)
    return Expr(_Parser(text).whole(), text)


def constant(value: float | bool | int | str, unit: str = "") -> Expr:
    """The expression of one value, given in ``unit``."""
    if isinstance(value, str):
        return parse(f'"{value}"' if "'" in value else f"'{value}'")
    if isinstance(value, bool):
        return parse("true" if value else "false")
    return parse(f"{value!r} {unit}".strip())


class _Token(NamedTuple):
    kind: str  # number, name, word, text, sign, end
    text: str
    offset: int


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif match := _NUMBER.match(text, at):
            end = _unit_end(text, match.end())
            yield _Token("number", text[at:end], at)
            at = end
        elif match := _NAME.match(text, at):
            yield _Token("word" if match[0] in _WORDS else "name", match[0], at)
            at = match.end()
        elif match := _TEXT.match(text, at):
            yield _Token("text", match[0], at)
            at = match.end()
        elif match := _SIGN.match(text, at):
            yield _Token("sign", _SAME.get(match[0], match[0]), at)
            at = match.end()
        else:
            raise ExpressionError(f"{text[at]!r} has no place in an expression", at, hint=_foreign(text[at:]))
    yield _Token("end", "", len(text))


def _unit_end(text: str, at: int) -> int:
    """Where the unit that begins at ``at`` ends: the first word, and what is multiplied or divided if it is a unit."""
    found = _UNIT.match(text, at)
    if found is None or found[1] in _WORDS:
        return at
    at = found.end()
    while (found := _NEXT_UNIT.match(text, at)) is not None and _is_unit(found[1]):
        at = found.end()
    return at


@lru_cache(maxsize=256)
def _is_unit(text: str) -> bool:
    try:
        parse_unit(text)
    except UsageError:
        return False
    return True


_FOREIGN: Mapping[str, str] = {
    "=": "Compare with ==",
    "!": "Write not",
    "&": "Write and",
    "|": "Write or",
    "'": "The text has no closing quote",
    '"': "The text has no closing quote",
    "%": "There is no remainder; a percentage follows its number: 50 %",
    "^": "There are no powers",
}


def _foreign(rest: str) -> str:
    return _FOREIGN.get(rest[0], "Expressions have numbers with units, names, + - * / ( ), comparison, and, or, not")


class _Parser:
    """Recursive descent; ``_depth`` bounds it."""

    def __init__(self, text: str) -> None:
        self._list = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._logic("or")
        if self._now.kind != "end":
            raise self._unexpected(self._now)
        return node

    @property
    def _now(self) -> _Token:
        return self._list[self._at]

    def _take(self) -> _Token:
        token = self._now
        self._at += token.kind != "end"
        return token

    def _accept(self, *texts: str) -> _Token | None:
        return self._take() if self._now.kind in {"sign", "word"} and self._now.text in texts else None

    def _unexpected(self, token: _Token) -> ExpressionError:
        if token.kind == "end":
            return ExpressionError(
                "the expression ends too early", token.offset, hint="Something is missing at its end"
            )
        return ExpressionError(
            f"{token.text!r} is not expected here", token.offset, hint="An operator may be missing before it"
        )

    def _deeper(self, offset: int) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError(f"nested deeper than {MAX_DEPTH} levels", offset, hint="Split it with set")

    def _logic(self, word: str) -> Node:
        offset = self._now.offset

        def below() -> Node:
            return self._logic("and") if word == "or" else self._negation()

        items = [below()]
        while self._accept(word):
            items.append(below())
        return items[0] if len(items) == 1 else Logic(operator=word, items=tuple(items), offset=offset)

    def _negation(self) -> Node:
        if token := self._accept("not"):
            self._deeper(token.offset)
            node = Prefix(operator="not", operand=self._negation(), offset=token.offset)
            self._depth -= 1
            return node
        return self._comparison()

    def _comparison(self) -> Node:
        left = self._chain("+-")
        signs = ("<", "<=", ">", ">=", "==", "!=")
        token = self._accept(*signs)
        if token is None:
            return left
        node = Comparison(operator=token.text, left=left, right=self._chain("+-"), offset=token.offset)
        if again := self._accept(*signs):
            raise ExpressionError("comparisons do not chain", again.offset, hint="Write a < b and b < c")
        return node

    def _chain(self, signs: str) -> Node:
        offset = self._now.offset

        def below() -> Node:
            return self._chain("*/") if signs == "+-" else self._signed()

        first = below()
        rest: list[tuple[str, Node]] = []
        while token := self._accept(*signs):
            rest.append((token.text, below()))
        return Chain(first=first, rest=tuple(rest), offset=offset) if rest else first

    def _signed(self) -> Node:
        if token := self._accept("-"):
            self._deeper(token.offset)
            node = Prefix(operator="-", operand=self._signed(), offset=token.offset)
            self._depth -= 1
            return node
        return self._atom()

    def _atom(self) -> Node:
        token = self._take()
        if token.kind == "number":
            return _number(token)
        if token.kind == "text":
            return Text(value=token.text[1:-1], offset=token.offset)
        if token.kind == "word" and token.text in {"true", "false"}:
            return Truth(value=token.text == "true", offset=token.offset)
        if token.kind == "name":
            if self._accept("("):
                return self._call(token)
            name, _, rest = token.text.partition(".")
            return Name(name=name, field_name=rest or None, offset=token.offset)
        if token.text == "(" and token.kind == "sign":
            self._deeper(token.offset)
            node = self._logic("or")
            self._depth -= 1
            if not self._accept(")"):
                raise ExpressionError("this bracket is never closed", token.offset)
            return node
        if token.text == "[" and token.kind == "sign":
            self._deeper(token.offset)
            items = self._several("]", token.offset)
            self._depth -= 1
            return Items(items=items, offset=token.offset)
        raise self._unexpected(token)

    def _several(self, end: str, opened: int) -> tuple[Node, ...]:
        """What stands between commas up to ``end``; the bracket was opened at the offset ``opened``."""
        found: list[Node] = []
        if self._accept(end):
            return ()
        while True:
            found.append(self._logic("or"))
            if self._accept(end):
                return tuple(found)
            if not self._accept(","):
                if self._now.kind == "end":
                    raise ExpressionError("this bracket is never closed", opened)
                raise self._unexpected(self._now)

    def _call(self, token: _Token) -> Node:
        if token.text not in FUNCTIONS:
            raise ExpressionError(
                f"there is no function {token.text!r}", token.offset, hint=f"The functions are {', '.join(FUNCTIONS)}"
            )
        self._deeper(token.offset)
        arguments = self._several(")", token.offset + len(token.text))
        self._depth -= 1
        return Call(function=token.text, arguments=arguments, offset=token.offset)


def _number(token: _Token) -> Number:
    match = _NUMBER.match(token.text)
    assert match is not None, "the tokenizer found a number here"
    digits, unit = match[0], token.text[match.end() :].strip()
    try:
        factor, dimension = parse_unit(unit) if unit else (1.0, NUMBER)
    except UsageError as error:
        raise ExpressionError(error.message, token.offset + len(digits), hint=error.hint) from None
    whole = digits.isdigit() and not unit
    value: float | int = int(digits) if whole and len(digits) <= 30 else float(digits) * factor
    if not abs(value) <= LARGEST:
        raise ExpressionError(f"{digits} is out of range (limit {LARGEST:g})", token.offset)
    return Number(value=value, dimension=dimension, text=f"{digits} {unit}".strip(), offset=token.offset)
