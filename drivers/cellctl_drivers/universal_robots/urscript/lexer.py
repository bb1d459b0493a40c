"""Script text to tokens."""

from __future__ import annotations

import re
from typing import NamedTuple

from cellctl_drivers.universal_robots.urscript.errors import syntax_error

KEYWORDS = frozenset(
    ("def", "thread", "end", "if", "elif", "else", "while", "return", "break", "continue", "local", "global",
     "run", "join", "kill", "and", "or", "not", "True", "False")
)  # fmt: skip
#: Words of the full language that this subset refuses: they are syntax errors, not names.
RESERVED = frozenset(("sec", "for", "switch", "case", "default", "xor", "halt"))
_TOKEN = re.compile(
    r"[ \t\r]+|(?P<comment>\#[^\n]*)|(?P<newline>\n)"
    r"|(?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)"
    r'|(?P<string>"[^"\n]*")|(?P<operator><=|>=|==|!=|[-+*/%<>=()\[\],:])'
)
_DEEPEST = 40


class Token(NamedTuple):
    """One word of a script. ``kind``: name, keyword, number, string, operator, newline, end."""

    kind: str
    text: str
    line: int
    column: int


def tokens_of(source: str) -> list[Token]:
    """Every token of ``source``; line ends inside brackets do not count. Raises ScriptError."""
    found: list[Token] = []
    lines = source.split("\n")
    line, start, position, depth = 1, 0, 0, 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise syntax_error(line, lines[line - 1], position - start + 1)
        kind, text, column = match.lastgroup or "", match.group(), position - start + 1
        position = match.end()
        if kind == "newline":
            if depth == 0 and found and found[-1].kind != "newline":
                found.append(Token("newline", text, line, column))
            line, start = line + 1, position
        elif kind == "name":
            if text in RESERVED:
                raise syntax_error(line, lines[line - 1], column)
            found.append(Token("keyword" if text in KEYWORDS else "name", text, line, column))
        elif kind in ("number", "string", "operator"):
            depth += (text in "([" if kind == "operator" else 0) - (text in ")]" if kind == "operator" else 0)
            if depth > _DEEPEST:
                raise syntax_error(line, lines[line - 1], column)
            found.append(Token(kind, text, line, column))
    found.append(Token("newline", "\n", line, 1))
    found.append(Token("end", "", line, 1))
    return found
