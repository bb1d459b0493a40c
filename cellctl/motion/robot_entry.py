"""The entries of a robot file: every value knows where it is written, every number has its unit."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, cast

from cellctl.errors import UsageError
from cellctl.units import Dimension, parse_quantity, parse_unit

Node = Any  # ruamel has no types

MOST_BYTES: Final = 256 * 1024
_VECTOR = re.compile(r"\(([^()]{1,200})\)\s*(\S.{0,30})?")


class Entry:
    """A value in a robot file and the place where it is written."""

    def __init__(self, node: Node, file: str, mark: Node = None) -> None:
        self._node = node
        self._mark = mark or node.start_mark
        self.file = file

    def wrong(self, message: str, hint: str = "") -> UsageError:
        """The error to raise about this value."""
        where = f"{self.file}:{self._mark.line + 1}:{self._mark.column + 1}"
        return UsageError(message, where=where, hint=hint)

    def text(self) -> str:
        """The value as it is written."""
        if not isinstance(self._node.value, str) or not self._node.value.strip():
            raise self.wrong("a text is missing here")
        return self._node.value.strip()

    def one_of(self, known: Iterable[str]) -> str:
        """The value, which must be one of these words."""
        word, known = self.text(), list(known)
        if word not in known:
            raise self.wrong(f"{word!r} is not known here", hint=meant(word, known))
        return word

    def entries(self) -> list[Entry]:
        """The items of a list."""
        if self._node.id != "sequence":
            raise self.wrong("a list is missing here")
        return [Entry(node, self.file) for node in self._node.value]

    def fields(self, known: Iterable[str] | None = None) -> dict[str, Entry]:
        """The values of a mapping by their names; ``known`` are the names it may have, any where it is not given."""
        if self._node.id != "mapping":
            raise self.wrong("a mapping (name: value) is missing here")
        found: dict[str, Entry] = {}
        for key, value in self._node.value:
            entry = Entry(key, self.file)
            name = entry.text() if known is None else entry.one_of(known)
            if name in found:
                raise entry.wrong(f"{name!r} is written twice")
            found[name] = Entry(value, self.file, value.start_mark if value.value else key.start_mark)
        return found

    def quantity(self, dimension: Dimension, example: str) -> float:
        """One number in SI units. ``example`` is a unit that fits."""
        try:
            value, found = parse_quantity(self.text())
        except UsageError as error:
            raise self.wrong(error.message, error.hint) from None
        self._check(found, dimension, example)
        return value

    def vector(self, dimension: Dimension, example: str, count: int = 3) -> tuple[float, ...]:
        """``(x, y, z) unit`` in SI units; one unit for all. ``example`` is a unit that fits."""
        text = self.text()
        match = _VECTOR.fullmatch(text)
        parts = match[1].split(",") if match else []
        if match is None or len(parts) != count:
            raise self.wrong(f"{text[:60]!r} is not {count} numbers with a unit", f"Write it like (0, …) {example}")
        try:
            factor, found = parse_unit(match[2]) if match[2] else (1.0, Dimension())
            numbers = [parse_quantity(part) for part in parts]
        except UsageError as error:
            raise self.wrong(error.message, error.hint) from None
        self._check(found, dimension, example)
        if any(number.dimension != Dimension() for number in numbers):
            raise self.wrong(f"{text[:60]!r} has units inside the brackets", "One unit follows the brackets.")
        return tuple(number.value * factor for number in numbers)

    def _check(self, found: Dimension, dimension: Dimension, example: str) -> None:
        if found != dimension:
            lacks = "has no unit" if found == Dimension() else "has another unit"
            raise self.wrong(f"{self.text()!r} {lacks}", f"It needs one like {example}." if example else "")


def meant(word: str, known: Iterable[str]) -> str:
    """What a word that is not known may stand for."""
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known)}"


def document(path: Path) -> Entry:
    """The whole of a file. Raises UsageError where it cannot be read or is no YAML."""
    from ruamel.yaml import YAML

    file = str(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(f"more than {MOST_BYTES // 1024} KiB", where=file, hint="A robot file is a few KiB.")
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot be read: {getattr(error, 'strerror', None) or error}", where=file) from None
    try:
        node: Node = cast(Any, YAML(typ="safe", pure=True)).compose(text)
    except Exception as error:  # the scanner lets some of Python's own errors through on broken text
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        raise UsageError(
            f"is no YAML: {getattr(error, 'problem', None) or type(error).__name__}", where=where
        ) from None
    if node is None:
        raise UsageError("is empty", where=file)
    return Entry(node, file)
