"""What is wrong in a file: located, with the excerpt and what to write instead; and three ways to print it."""

from __future__ import annotations

import difflib
import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

from cellctl.errors import FileError
from cellctl.recipe.program import Mark
from cellctl.recipe.source import Source, SourceError
from cellctl.recipe.yaml_nodes import ScalarNode, YamlNode, YamlProblem

Severity = Literal["error", "warning"]
Format = Literal["full", "concise", "json"]
MANY = 60  # names that are all looked at for a suggestion
EXCERPT = 110  # columns of a line that are shown


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One finding. ``excerpt`` is the line and below it the caret, empty where there is no line to show."""

    mark: Mark = field(compare=False)
    code: str
    message: str
    hint: str = ""
    excerpt: str = field(default="", compare=False)
    severity: Severity = "error"

    @property
    def place(self) -> tuple[str, int, int]:
        """By what they are sorted."""
        return (self.mark.file, self.mark.line, self.mark.column)


class CheckFailed(FileError):
    """Files are wrong; ``diagnostics`` holds everything that was found in one run."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        errors = [each for each in diagnostics if each.severity == "error"]
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        where = f"{first.mark.file}:{first.mark.line}:{first.mark.column}"
        super().__init__(f"{first.message}{more}", where=where, hint=first.hint)
        self.diagnostics = list(diagnostics)


class Problems:
    """Gathers findings, each once. Names in ``suspects`` stand in parts that are wrong already, so a
    name that is missing for that reason is not told again."""

    def __init__(self) -> None:
        self._found: dict[tuple[object, ...], Diagnostic] = {}
        self.suspects: set[str] = set()

    def add(
        self,
        code: str,
        message: str,
        node: YamlNode,
        *,
        hint: str = "",
        offset: int | None = None,
        width: int = 1,
        severity: Severity = "error",
    ) -> None:
        """Tell of ``node``; ``offset`` counts characters into the text of a scalar."""
        column, marked = node.column, node.width
        if offset is not None and isinstance(node, ScalarNode) and node.exact >= 0:
            column, marked = node.column + node.exact + offset, width
        self.place(code, message, node.source, node.line, column, hint=hint, width=marked, severity=severity)

    def place(
        self,
        code: str,
        message: str,
        source: Source,
        line: int,
        column: int,
        *,
        hint: str = "",
        width: int = 1,
        severity: Severity = "error",
    ) -> None:
        """Tell of a place in a source."""
        made = Diagnostic(
            Mark(source.name, line, column),
            code,
            clean(message),
            clean(hint),
            excerpt(source, line, column, width),
            severity,
        )
        self._found.setdefault((made.place, made.code, made.message), made)

    def add_source_error(self, error: SourceError) -> None:
        """Tell of a file that cannot be read."""
        self.place(error.code, error.message, error.source, error.line, error.column, hint=error.hint)

    def add_yaml_problem(self, source: Source, error: YamlProblem) -> None:
        """Tell of a text that is not YAML."""
        self.place(error.code, error.message, source, error.line, error.column, hint=error.hint, width=error.width)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Take findings of another run."""
        for each in diagnostics:
            self._found.setdefault((each.place, each.code, each.message), each)

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """Everything found, in the order of the files."""
        return sorted(self._found.values(), key=lambda each: (each.place, each))

    @property
    def failed(self) -> bool:
        """Whether there is an error among them."""
        return any(each.severity == "error" for each in self._found.values())

    def raise_if_failed(self) -> None:
        """Raise CheckFailed with everything found if there is an error."""
        if self.failed:
            raise CheckFailed(self.diagnostics)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like ``name``, None where none is."""
    name = name[:80]
    names = set(known)
    if len(names) > MANY:  # of so many only the likely ones, so that a thousand typos take no minute
        likely = (each for each in names if each[:1] == name[:1] and abs(len(each) - len(name)) <= 1)
        names = set(itertools.islice(likely, MANY))
    found = difflib.get_close_matches(name, sorted(names), n=4, cutoff=0.6)

    def closeness(each: str) -> float:
        return difflib.SequenceMatcher(None, name, each).ratio() - 0.05 * abs(len(each) - len(name))

    return max(found, key=closeness, default=None)


def near(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint: the known name that is most like ``name``, else all of them if they are few."""
    names = sorted(set(known))
    if (found := nearest(name, names)) is not None:
        return f"Did you mean {found}?"
    if otherwise:
        return otherwise
    return f"There are: {', '.join(names)}" if 0 < len(names) <= 12 else ""


def clean(text: str) -> str:
    """Text without control characters, so that a file cannot steer the terminal."""
    return "".join(char if char.isprintable() else " " if char in "\n\t" else "\ufffd" for char in text)


def excerpt(source: Source, line: int, column: int, width: int) -> str:
    """The line and the caret below it, cut to what fits a terminal."""
    if not 0 < line <= len(source.lines):
        return ""
    text = clean(source.lines[line - 1])
    start = max(0, column - EXCERPT * 2 // 3) if len(text) > EXCERPT else 0
    shown = text[start : start + EXCERPT].rstrip() + ("…" if len(text) > start + EXCERPT else "")
    at = min(max(column - 1 - start, 0), EXCERPT)
    carets = "^" * max(1, min(width, len(shown) - at))
    return f"{shown}\n{' ' * at}{carets}"


def render(diagnostics: Sequence[Diagnostic], output_format: Format = "full") -> str:
    """Print them: ``full`` with excerpts, ``concise`` one a line, ``json`` one array. No newline at the end."""
    if output_format == "json":
        return json.dumps([_flat(each) for each in diagnostics], indent=2, ensure_ascii=False)
    one = _concise if output_format == "concise" else _full
    return ("\n" if output_format == "concise" else "\n\n").join(one(each) for each in diagnostics)


def _flat(each: Diagnostic) -> dict[str, object]:
    return {**asdict(each.mark), **{key: value for key, value in asdict(each).items() if key != "mark"}}


def _head(each: Diagnostic) -> str:
    return f"{each.mark.file}:{each.mark.line}:{each.mark.column}: {each.severity}[{each.code}]: {each.message}"


def _concise(each: Diagnostic) -> str:
    return _head(each) + (f" ({each.hint})" if each.hint else "")


def _full(each: Diagnostic) -> str:
    parts = [_head(each)]
    if each.excerpt:
        text, _, caret = each.excerpt.partition("\n")
        number = str(each.mark.line)
        blank = " " * len(number)
        parts += [f"  {blank} |", f"  {number} | {text}", f"  {blank} | {caret}"]
    if each.hint:
        parts.append(f"  help: {each.hint}")
    return "\n".join(parts)
