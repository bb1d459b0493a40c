"""YAML 1.2 as a tree of nodes that know where they are written.

ruamel.yaml scans and parses; the tree is put together here from its events, because ours is bounded
(nodes, levels, and both again with aliases expanded), refuses duplicate keys and tags, and takes
plain scalars by the core schema of YAML 1.2 (``on``, ``yes`` and ``1:30`` are texts).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from cellctl.recipe.source import Source

MAX_NODES = 20_000
MAX_LEVELS = 40
Scalar = bool | int | float | str | None

_INT = re.compile(r"[-+]?\d{1,30}|0o[0-7]{1,30}|0x[0-9a-fA-F]{1,30}")
_FLOAT = re.compile(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d{1,4})?")
_WORDS: dict[str, Scalar] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}


class YamlNode:
    """A node and its place; ``line`` and ``column`` count from 1, ``width`` is what a caret marks."""

    __slots__ = ("column", "height", "line", "size", "source", "width")

    def __init__(self, source: Source, line: int, column: int, width: int = 1) -> None:
        self.source, self.line, self.column, self.width = source, line, column, width
        self.size = 1  # nodes, with aliases expanded
        self.height = 1  # levels, with aliases expanded

    @property
    def described(self) -> str:
        """What it is, in a message."""
        return "nothing"

    def key_at(self, key: str) -> YamlNode:
        """Where a key of a mapping is written, else the node itself."""
        return self

    def value_at(self, key: str) -> YamlNode:
        """Where the value of a key is written, else the node itself."""
        return self

    def data(self) -> Any:
        """The plain value."""
        raise NotImplementedError

    def texts(self) -> Iterator[str]:
        """Every scalar and key in it."""
        raise NotImplementedError


class ScalarNode(YamlNode):
    """A scalar: its value by the core schema, and its text."""

    __slots__ = ("exact", "plain", "text", "value")

    def __init__(
        self, source: Source, line: int, column: int, *, width: int, text: str, plain: bool, exact: int
    ) -> None:
        super().__init__(source, line, column, width)
        self.text, self.plain = text, plain
        self.exact = exact  # columns from the node to its text's first character; -1: offsets do not map
        self.value: Scalar = resolve(text) if plain else text

    @property
    def described(self) -> str:  # noqa: D102
        match self.value:
            case None:
                return "nothing"
            case bool():
                return f"{self.text}"
            case int() | float():
                return f"the number {self.text[:40]}"
            case _:
                return repr(self.text if len(self.text) <= 40 else self.text[:37] + "...")

    def data(self) -> Scalar:  # noqa: D102
        return self.value

    def texts(self) -> Iterator[str]:  # noqa: D102
        yield self.text


class ListNode(YamlNode):
    """A sequence."""

    __slots__ = ("items",)

    def __init__(self, source: Source, line: int, column: int) -> None:
        super().__init__(source, line, column)
        self.items: list[YamlNode] = []

    @property
    def described(self) -> str:  # noqa: D102
        return "a list"

    def data(self) -> list[Any]:  # noqa: D102
        return [item.data() for item in self.items]

    def texts(self) -> Iterator[str]:  # noqa: D102
        for item in self.items:
            yield from item.texts()


class MapNode(YamlNode):
    """A mapping from texts; ``keys`` are the key's own nodes."""

    __slots__ = ("keys", "values")

    def __init__(self, source: Source, line: int, column: int) -> None:
        super().__init__(source, line, column)
        self.keys: dict[str, ScalarNode] = {}
        self.values: dict[str, YamlNode] = {}

    def key_at(self, key: str) -> YamlNode:  # noqa: D102
        return self.keys.get(key, self)

    def value_at(self, key: str) -> YamlNode:  # noqa: D102
        return self.values.get(key, self)

    @property
    def described(self) -> str:  # noqa: D102
        return "a mapping"

    def data(self) -> dict[str, Any]:  # noqa: D102
        return {key: value.data() for key, value in self.values.items()}

    def texts(self) -> Iterator[str]:  # noqa: D102
        for key, value in self.values.items():
            yield key
            yield from value.texts()


class YamlProblem(Exception):
    """The text is not YAML that is taken here."""

    def __init__(self, code: str, message: str, hint: str, line: int, column: int, *, width: int = 1) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint
        self.line, self.column, self.width = line, column, width


def resolve(text: str) -> Scalar:
    """The value of a plain scalar by the core schema."""
    first = text[:1]
    if first in "-+.0123456789":
        if _INT.fullmatch(text):
            return int(text, 8 if text[1:2] == "o" else 16 if text[1:2] == "x" else 10)
        if _FLOAT.fullmatch(text):
            return float(text)
        return text if text else None
    return _WORDS.get(text, text)


def compose(source: Source) -> YamlNode:
    """The tree of the one document in ``source``. Raises YamlProblem."""
    events = cast(Iterator[Any], cast(Any, YAML(typ="safe", pure=True)).parse(source.text))  # ruamel has no types
    try:
        return _Composer(source, events).document()
    except MarkedYAMLError as found:
        error = cast(Any, found)
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = " ".join(str(part) for part in (error.context, error.problem) if part)
        raise YamlProblem("yaml-syntax", message, _syntax_hint(source, line, message), line, column) from found
    except (YAMLError, ValueError, IndexError, AttributeError, TypeError, AssertionError, RecursionError) as error:
        # ruamel's scanner lets a few of Python's own errors through on broken text
        raise YamlProblem(
            "yaml-syntax", f"cannot be read as YAML: {error}", "Check the brackets and quotes", 1, 1
        ) from error


def _syntax_hint(source: Source, line: int, message: str) -> str:
    text = source.lines[line - 1] if 0 < line <= len(source.lines) else ""
    if "\t" in text[: len(text) - len(text.lstrip())] or "'\\t'" in message:
        return "Indent with blanks, not with tabs"
    if "mapping values are not allowed" in message:
        return "Put a text that has ': ' in it in quotes, or check the indentation"
    if "flow" in message:
        return "A bracket or a comma is missing, here or above"
    if "quoted scalar" in message:
        return "A closing quote is missing"
    if "alias" in message or "anchor" in message:
        return "Put a text that begins with * or & in quotes"
    return "Check the indentation, the brackets and the quotes"


class _Composer:
    def __init__(self, source: Source, events: Iterator[Any]) -> None:
        self._source, self._events = source, events
        self._anchors: dict[str, YamlNode | None] = {}  # None while it is still open
        self._count = 0

    def document(self) -> YamlNode:
        root: YamlNode | None = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    raise self._problem(
                        event,
                        "second-document",
                        "a second document begins here",
                        "One file holds one document: remove the ---",
                    )
                version = cast(Any, event).version
                if version is not None and tuple(version) != (1, 2):
                    raise self._problem(event, "yaml-version", "only YAML 1.2 is read here", "Remove the %YAML line")
                root = self._node(next(self._events), 1)
        if root is None:
            raise YamlProblem(
                "empty", "the file is empty", "A cell file begins with cell:, a recipe with recipe:", 1, 1
            )
        return root

    def _problem(self, event: Any, code: str, message: str, hint: str) -> YamlProblem:
        return YamlProblem(code, message, hint, event.start_mark.line + 1, event.start_mark.column + 1)

    def _node(self, event: Any, level: int) -> YamlNode:
        if level > MAX_LEVELS:
            raise self._problem(event, "too-deep", f"nested deeper than {MAX_LEVELS} levels", "Use operations")
        if isinstance(event, AliasEvent):
            return self._alias(event, level)
        tag, anchor = event.tag, event.anchor
        if tag is not None and tag != "!":
            raise self._problem(event, "tag", f"the tag {tag} has no meaning here", "Remove it")
        if anchor is not None:
            self._anchors[anchor] = None
        self._add(event, 1)
        if isinstance(event, ScalarEvent):
            node: YamlNode = self._scalar(event)
        elif isinstance(event, SequenceStartEvent):
            node = self._list(event, level)
        else:
            assert isinstance(event, MappingStartEvent), "the parser gives a node here"
            node = self._map(event, level)
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _add(self, event: Any, nodes: int) -> None:
        self._count += nodes
        if self._count > MAX_NODES:
            raise self._problem(
                event, "too-many-nodes", f"more than {MAX_NODES:,} nodes, aliases expanded", "Split the file"
            )

    def _alias(self, event: Any, level: int) -> YamlNode:
        if event.anchor not in self._anchors:
            raise self._problem(
                event,
                "unknown-alias",
                f"no anchor &{event.anchor} comes before",
                "Put a text that begins with * in quotes",
            )
        node = self._anchors[event.anchor]
        if node is None:
            raise self._problem(
                event, "recursive-alias", f"*{event.anchor} stands inside &{event.anchor}", "Write it out"
            )
        self._add(event, node.size)
        if level + node.height - 1 > MAX_LEVELS:
            raise self._problem(event, "too-deep", f"nested deeper than {MAX_LEVELS} levels", "Use operations")
        return node

    def _scalar(self, event: Any) -> ScalarNode:
        start, end, plain = event.start_mark, event.end_mark, event.style is None and event.implicit[0]
        one_line = start.line == end.line
        width = max(end.column - start.column, 1) if one_line else 1
        quote = 0 if plain else 1
        exact = quote if one_line and width == len(event.value) + 2 * quote else -1
        return ScalarNode(
            self._source, start.line + 1, start.column + 1, width=width, text=event.value, plain=plain, exact=exact
        )

    def _list(self, event: Any, level: int) -> ListNode:
        node = ListNode(self._source, event.start_mark.line + 1, event.start_mark.column + 1)
        for item in self._events:
            if isinstance(item, CollectionEndEvent):
                break
            child = self._node(item, level + 1)
            node.items.append(child)
            node.size += child.size
            node.height = max(node.height, child.height + 1)
        return node

    def _map(self, event: Any, level: int) -> MapNode:
        node = MapNode(self._source, event.start_mark.line + 1, event.start_mark.column + 1)
        for item in self._events:
            if isinstance(item, CollectionEndEvent):
                break
            key = self._node(item, level + 1)
            if not isinstance(key, ScalarNode) or key.value is None:
                raise self._problem(item, "key", "a key must be a word", "Check the brackets and the ': '")
            child = self._node(next(self._events), level + 1)
            if (first := node.keys.get(key.text)) is not None:
                raise YamlProblem(
                    "duplicate-key",
                    f"the key {key.text!r} is written twice, first in line {first.line}",
                    "Remove one of them",
                    key.line,
                    key.column,
                    width=key.width,
                )
            node.keys[key.text], node.values[key.text] = key, child
            if ")" in key.text and event.flow_style:
                self._whole_call(node)
            node.size += 1 + child.size
            node.height = max(node.height, child.height + 1)
        return node

    @staticmethod
    def _whole_call(node: MapNode) -> None:
        """Refuse ``{to: above(ready, 30 mm)}``: the comma ends the value, and the rest is a key of its own."""
        rest: list[str] = []
        for key, value in reversed(node.values.items()):
            if not isinstance(value, ScalarNode) or not value.plain:
                return
            if value.text:
                whole = ", ".join([value.text, *rest])
                if rest and value.text.count("(") > value.text.count(")") and whole.count("(") == whole.count(")"):
                    raise YamlProblem(
                        "yaml-syntax",
                        f"in braces the comma ends the value of {key!r}",
                        f'Put it in quotes: {key}: "{whole}"',
                        value.line,
                        value.column,
                        width=value.width,
                    )
                return
            rest.insert(0, key)


def from_value(source: Source, value: object) -> YamlNode:
    """The tree of plain data (an overlay that a program made)."""
    if isinstance(value, Mapping):
        node = MapNode(source, 1, 1)
        for key, item in cast(Mapping[object, object], value).items():
            node.keys[str(key)] = ScalarNode(source, 1, 1, width=1, text=str(key), plain=False, exact=-1)
            node.values[str(key)] = from_value(source, item)
        return node
    if isinstance(value, Sequence) and not isinstance(value, str):
        listed = ListNode(source, 1, 1)
        listed.items = [from_value(source, item) for item in cast(Sequence[object], value)]
        return listed
    scalar = ScalarNode(source, 1, 1, width=1, text=str(value), plain=False, exact=-1)
    scalar.value = value if isinstance(value, bool | int | float | None) else str(value)
    return scalar
