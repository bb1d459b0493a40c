"""XML as elements that know their line: bounded in every way, and without any document type or entity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from cellctl.errors import UsageError

MOST_BYTES: Final = 16 * 2**20
MOST_ELEMENTS: Final = 200_000
MOST_LEVELS: Final = 100


@dataclass(slots=True)
class Element:
    """An element: its tag, attributes, elements inside, and the line where it begins (from 1)."""

    tag: str
    attributes: dict[str, str]
    line: int
    inside: list[Element] = field(default_factory=list["Element"])

    def all(self, tag: str) -> Iterator[Element]:
        """The elements directly inside that have this tag."""
        return (element for element in self.inside if element.tag == tag)

    def first(self, tag: str) -> Element | None:
        """The first element directly inside that has this tag."""
        return next(self.all(tag), None)


class _Builder:
    def __init__(self, name: str, encoding: str | None) -> None:
        self.name = name
        self.parser = expat.ParserCreate(encoding)
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.open = [Element("", {}, 0)]
        self.count = 0

    def wrong(self, message: str, hint: str = "") -> UsageError:
        return UsageError(message, where=f"{self.name}:{self.parser.CurrentLineNumber}", hint=hint)

    def doctype(self, *_: object) -> None:
        raise self.wrong("a document type (<!DOCTYPE …>) is not taken", "Remove it, and the entities it declares.")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > MOST_ELEMENTS or len(self.open) > MOST_LEVELS:
            raise self.wrong(f"more than {MOST_ELEMENTS} elements or {MOST_LEVELS} levels")
        element = Element(tag, attributes, self.parser.CurrentLineNumber)
        self.open[-1].inside.append(element)
        self.open.append(element)

    def end(self, _: str) -> None:
        self.open.pop()


def parse(text: str | bytes, name: str) -> Element:
    """The root element of a text. ``name`` is told in errors. Raises UsageError with the line."""
    if len(text) > MOST_BYTES:
        raise UsageError(f"more than {MOST_BYTES // 2**20} MiB", where=name)
    builder = _Builder(name, "utf-8" if isinstance(text, str) else None)
    try:
        builder.parser.Parse(text.encode("utf-8") if isinstance(text, str) else text, True)
    except expat.ExpatError as error:
        where = f"{name}:{error.lineno}"
        raise UsageError(f"is no XML: {expat.ErrorString(error.code)}", where=where) from None
    except (ValueError, LookupError) as error:  # an encoding that nobody knows, a lone surrogate
        raise UsageError(f"cannot be read: {error}", where=name) from None
    return builder.open[0].inside[0]
