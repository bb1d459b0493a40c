"""Reading a journal beside its writer: a read-only connection that never holds the writer up."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from cellctl.errors import JournalError
from cellctl.journal.record import Record
from cellctl.journal.sqlite_store import APPLICATION_ID, COLUMNS


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records are wanted. ``since`` and ``until`` are ISO 8601 in UTC, or the beginning of one;
    ``text`` must occur in the data; ``last`` keeps only so many at the end."""

    kinds: tuple[str, ...] = ()
    run: str = ""
    since: str = ""
    until: str = ""
    text: str = ""
    after: int = 0
    last: int | None = None

    def sql(self) -> tuple[str, list[str | int]]:
        """The condition and its arguments."""
        parts: list[tuple[str, list[str | int]]] = [('"order" > ?', [self.after])]
        if self.kinds:
            parts.append((f"kind IN ({','.join('?' * len(self.kinds))})", list(self.kinds)))
        if self.run:
            parts.append(("run = ?", [self.run]))
        if self.since:
            parts.append(("at >= ?", [self.since]))
        if self.until:
            parts.append(("at < ?", [self.until]))
        if self.text:
            parts.append(("instr(lower(data), lower(?)) > 0", [self.text]))
        return " AND ".join(part for part, _ in parts), [value for _, values in parts for value in values]


class JournalReader:
    """Reads the journal at ``path``. Raises JournalError where there is none, or it cannot be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise JournalError("there is no journal yet", where=str(path), hint="cellctl run makes one")

    def records(self, wanted: Filter | None = None) -> Iterator[Record]:
        """The wanted records, in order. One short transaction: whoever is slow reads an older state."""
        wanted = wanted or Filter()
        condition, values = wanted.sql()
        query = f'SELECT {COLUMNS} FROM record WHERE {condition} ORDER BY "order"'
        if wanted.last is not None:
            query = f'SELECT * FROM ({query} DESC LIMIT ?) ORDER BY "order"'
            values.append(wanted.last)
        try:
            with closing(sqlite3.connect(f"file:{quote(str(self.path))}?mode=ro", uri=True)) as connection:
                self._check(connection)
                for row in connection.execute(query, values):
                    yield Record(*row)
        except sqlite3.Error as error:
            raise JournalError(f"cannot be read: {error}", where=str(self.path)) from error

    def _check(self, connection: sqlite3.Connection) -> None:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise JournalError("is not a journal of cellctl", where=str(self.path))
