"""The journal on disk: one SQLite file, write-ahead log, synced at every commit.

``synchronous=FULL`` because with NORMAL a power cut may take back commits, and an intent that was
taken back is an action that is done twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from cellctl.errors import JournalError
from cellctl.journal.record import Record
from cellctl.journal.store import TELLING

APPLICATION_ID = 0x63656C6C  # "cell", in the file's header
SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE record (
    "order" INTEGER PRIMARY KEY,
    at TEXT NOT NULL, time REAL NOT NULL, run TEXT NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL
) STRICT;
CREATE INDEX run_record ON record ("order") WHERE kind = 'run';
"""
_MOVE_AWAY = "Move the file away and start again; it is not changed"
COLUMNS = '"order", at, time, run, kind, data'


class SqliteStore:
    """Records in the SQLite file at ``path``; its directory must exist.

    Every method is called in one thread (the journal's worker), to which the connection belongs.
    ``max_pages`` bounds the file (4 KiB each), as a full disk would.
    """

    def __init__(self, path: Path, *, max_pages: int | None = None) -> None:
        self.path = path
        self.blocks = True
        self._max_pages = max_pages
        self._connection: sqlite3.Connection | None = None

    def open(self) -> int:
        """Open or make the file; the order of its last record. Raises JournalError for a file that is none."""
        try:
            self._connection = sqlite3.connect(self.path, isolation_level=None)
            self._check_and_prepare(self._connection)
            row = self._connection.execute('SELECT max("order") FROM record').fetchone()
        except sqlite3.DatabaseError as error:
            message = f"cannot be used as a journal: {error}"
            raise JournalError(message, where=str(self.path), hint=_MOVE_AWAY) from error
        return int(row[0] or 0)

    def write(self, records: Sequence[Record]) -> None:
        """All of them in one synced commit, or none."""
        connection = self._connected()
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany(
                "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)",
                [(r.order, r.at, r.time, r.run, r.kind, r.data) for r in records],
            )
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def last_run(self) -> Iterator[Record]:
        """See Store."""
        connection = self._connected()
        query = f"SELECT {COLUMNS} FROM record WHERE kind = 'run' ORDER BY \"order\" DESC LIMIT 1"
        last = [Record(*row) for row in connection.execute(query)]
        if not last or last[0].fields().get("result"):
            return
        query = f'SELECT {COLUMNS} FROM record WHERE "order" >= ? AND kind IN {TELLING} ORDER BY "order"'
        for row in connection.execute(query, (last[0].order,)):
            yield Record(*row)

    def latest(self, kind: str) -> Record | None:
        """See Store."""
        query = f'SELECT {COLUMNS} FROM record WHERE kind = ? ORDER BY "order" DESC LIMIT 1'
        row = self._connected().execute(query, (kind,)).fetchone()
        return None if row is None else Record(*row)

    def close(self) -> None:
        """Close the connection; the log is folded into the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            raise JournalError("the journal is not open", where=str(self.path))
        return self._connection

    def _check_and_prepare(self, connection: sqlite3.Connection) -> None:
        """Look whose file it is before anything in it is changed. Raises JournalError for another's."""
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        ours = connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
        if not ours and (version or connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]):
            raise JournalError("is a database of something else", where=str(self.path), hint=_MOVE_AWAY)
        if version > SCHEMA_VERSION:
            message = f"was written by a newer cellctl (journal version {version}, this one knows {SCHEMA_VERSION})"
            raise JournalError(message, where=str(self.path), hint="Use that cellctl, or another state directory")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        if self._max_pages is not None:
            connection.execute(f"PRAGMA max_page_count={self._max_pages:d}")
        if version == 0:
            connection.executescript(
                f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA application_id={APPLICATION_ID}; "
                f"PRAGMA user_version={SCHEMA_VERSION}; COMMIT;"
            )
