"""A file as text, read within bounds: what is not a plain UTF-8 text file of modest size is refused at once."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAX_BYTES = 1 << 20
MAX_LINES = 50_000  # with MAX_COLUMNS, what keeps the YAML scanner's time within a second
MAX_COLUMNS = 4_000
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class SourceError(Exception):
    """A file cannot be read as text: a code, a message, a hint, and where if that is known."""

    def __init__(self, code: str, message: str, hint: str, source: Source, *, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint
        self.source, self.line, self.column = source, line, column


@dataclass(frozen=True, slots=True)
class Source:
    """One file under the name by which the user called it. ``lines`` have no ends."""

    name: str
    text: str = ""
    raw: bytes = b""
    lines: tuple[str, ...] = field(default=(), repr=False)
    is_data: bool = False  # made by a program, not read from a file


def from_text(name: str, text: str) -> Source:
    """A source of text that is already here. Raises SourceError for control characters."""
    source = Source(name, text, text.encode("utf-8", "surrogatepass"), tuple(re.split("\r\n|[\n\r]", text)))
    if len(source.lines) > MAX_LINES:
        raise SourceError(
            "too-large", f"has {len(source.lines):,} lines, the limit is {MAX_LINES:,}", "Split it", source
        )
    if (long := next((at for at, line in enumerate(source.lines, 1) if len(line) > MAX_COLUMNS), 0)) > 0:
        raise SourceError(
            "too-large",
            f"line {long} has {len(source.lines[long - 1]):,} characters, the limit is {MAX_COLUMNS:,}",
            "Break the line",
            source,
            line=long,
        )
    if (match := _UNPRINTABLE.search(text)) is not None:
        before = re.split("\r\n|[\n\r]", text[: match.start()])
        raise SourceError(
            "not-text",
            f"character U+{ord(match[0]):04X} cannot be in a YAML file",
            "It may be a binary file; write a text file in UTF-8",
            source,
            line=len(before),
            column=len(before[-1]) + 1,
        )
    return source


def from_data(name: str, data: Mapping[str, Any]) -> Source:
    """The source of an overlay that a program made; its raw bytes are canonical JSON, for the digest."""
    return Source(name, raw=json.dumps(data, sort_keys=True, default=str).encode(), is_data=True)


def read_source(path: Path) -> Source:
    """Read a file. Raises SourceError: missing, not a regular file, too large, binary, not UTF-8."""
    source = Source(str(path))
    try:
        raw = _read(path, source)
    except OSError as error:
        raise SourceError("unreadable", f"cannot be read: {_reason(error)}", _advice(path, error), source) from error
    except ValueError as error:  # a NUL in the name
        raise SourceError("unreadable", f"is no file name: {error}", "Give the path of a YAML file", source) from error
    return decode(str(path), raw)


def decode(name: str, raw: bytes) -> Source:
    """Text of the bytes of a file. Raises SourceError."""
    source = Source(name, raw=raw)
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise SourceError("encoding", "is in UTF-16", "Save it as UTF-8", source)
    if (at := raw.find(b"\0")) >= 0:
        raise SourceError(
            "not-text", f"is a binary file (a zero byte at offset {at})", "Give a text file in UTF-8", source
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        raise SourceError(
            "encoding",
            f"is not UTF-8: byte 0x{raw[error.start]:02x}",
            "Save it as UTF-8",
            source,
            line=line,
            column=column,
        ) from error
    made = from_text(name, text)
    return Source(name, text, raw, made.lines)


def _read(path: Path, source: Source) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise SourceError("not-a-file", "is a directory", "Give the YAML file in it", source)
        if not stat.S_ISREG(status.st_mode):
            raise SourceError("not-a-file", "is not a regular file", "Give a YAML file on disk", source)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            raw = file.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(raw) > MAX_BYTES:
        raise SourceError(
            "too-large",
            f"has {max(status.st_size, len(raw)):,} bytes, the limit is {MAX_BYTES:,}",
            "Split it, or check that it is the right file",
            source,
        )
    return raw


def _reason(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "its symbolic links go in a circle"
    return (error.strerror or str(error)).lower()


def _advice(path: Path, error: OSError) -> str:
    if error.errno == errno.ENOENT:
        near = [entry.name for entry in sorted(path.parent.glob("*.y*ml"))[:5]] if path.parent.is_dir() else []
        return f"There are {', '.join(near)} beside it" if near else "Check the path"
    if error.errno == errno.EACCES:
        return "Check who may read it: ls -l"
    return "Check the path"
