"""The journal: decisions made durable, in order, by one writer.

``append`` is for what must be on disk before something moves (a step's intent); ``post`` is for
what must never wait (a stop). Both go through one queue, so the order on disk is the order of the
calls. Whatever has queued up while the disk was busy goes down in one commit.

When a write fails, the appends in it are told (their action must not happen) and leave no trace;
the posts stay in memory, in order, and are tried again until the disk takes them.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from cellctl import clock
from cellctl.errors import JournalError
from cellctl.journal.record import Record, encode
from cellctl.journal.store import Store
from cellctl.journal.unfinished import describe_unfinished

T = TypeVar("T")

RETRY_AFTER = 1.0  # s between attempts while the store fails and nobody appends
MOST_PENDING = 100_000  # records; a held cell posts a handful a minute
_FAILURES = (OSError, sqlite3.Error, JournalError)


class Journal(Protocol):
    """What the controller knows of the journal."""

    #: Why nothing can be made durable now; None when all is well.
    failed: JournalError | None
    #: Called once when writing begins to fail: the cell holds.
    on_failure: Callable[[JournalError], None] | None
    #: Called once when writing works again and everything kept has been written.
    on_recovery: Callable[[], None] | None

    async def append(self, kind: str, data: Mapping[str, Any], *, run: str = "") -> int:
        """Make a record durable; its order. Raises JournalError, and then there is no such record."""
        ...

    def post(self, kind: str, data: Mapping[str, Any], *, run: str = "") -> None:
        """Record something without waiting: in order, durable soon, kept in memory while the disk fails."""
        ...

    async def flush(self) -> None:
        """Wait until everything posted so far is durable. Raises JournalError where it cannot be."""
        ...

    async def unfinished(self) -> dict[str, Any] | None:
        """The run that a crash left behind (see ``describe_unfinished``), None where the last one ended."""
        ...

    async def latest(self, kind: str) -> dict[str, Any] | None:
        """What the last record of a kind says, None where there is none. Raises JournalError."""
        ...

    async def aclose(self) -> None:
        """Write what is left and close. Raises JournalError, naming how many records were lost."""
        ...


class _Entry:
    """A record on its way; ``done`` is set for appends, whose caller waits."""

    __slots__ = ("at", "data", "done", "kind", "run", "time")

    def __init__(self, kind: str, data: str, run: str, done: asyncio.Future[int] | None) -> None:
        self.kind, self.data, self.run, self.done = kind, data, run, done
        self.time, self.at = clock.now(), clock.wall()


class WriterJournal:
    """A Journal over a Store: the one writer. Made by ``open_journal``."""

    def __init__(self, store: Store) -> None:
        self.failed: JournalError | None = None
        self.on_failure: Callable[[JournalError], None] | None = None
        self.on_recovery: Callable[[], None] | None = None
        self._store = store
        self._worker = clock.Worker("journal") if store.blocks else None
        self._queue: deque[_Entry] = deque()
        self._wake = asyncio.Event()
        self._order = 0
        self._dropped = 0
        self._in_flight = False
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open the store and start to write. Raises JournalError."""
        try:
            self._order = await self._call(self._store.open)
        except _FAILURES as error:
            await self._close_store()
            raise _as_journal_error(error) from error
        self._task = asyncio.create_task(self._run(), name="journal writer")

    async def append(self, kind: str, data: Mapping[str, Any], *, run: str = "") -> int:
        """See Journal."""
        return await self._put(kind, encode(data), run)

    def post(self, kind: str, data: Mapping[str, Any], *, run: str = "") -> None:
        """See Journal. Beyond 100,000 records kept in memory further ones are only counted."""
        if len(self._queue) >= MOST_PENDING:
            self._dropped += 1
            return
        self._queue.append(_Entry(kind, encode(data), run, None))
        self._wake.set()

    async def flush(self) -> None:
        """See Journal."""
        if self._queue or self._in_flight:
            await self._put("", "", "")

    async def unfinished(self) -> dict[str, Any] | None:
        """See Journal."""
        try:
            return await self._call(lambda: describe_unfinished(self._store.last_run()))
        except _FAILURES as error:
            raise _as_journal_error(error) from error

    async def latest(self, kind: str) -> dict[str, Any] | None:
        """See Journal."""
        try:
            record = await self._call(lambda: self._store.latest(kind))
        except _FAILURES as error:
            raise _as_journal_error(error) from error
        return None if record is None else dict(record.fields())

    async def aclose(self) -> None:
        """See Journal."""
        if self._task is None:
            return
        self._closing = True
        self._wake.set()
        task, self._task = self._task, None
        await task
        await self._close_store()
        lost = len(self._queue) + self._dropped
        if lost:
            raise JournalError(f"{lost} records could not be written: {self.failed}", hint="They are in no file")

    @property
    def pending(self) -> list[Mapping[str, Any]]:
        """What is kept in memory and not on disk, oldest first: for a last word in a log."""
        return [{"at": entry.at, "kind": entry.kind, "run": entry.run, "data": entry.data} for entry in self._queue]

    # -- the writer --------------------------------------------------------------------------

    async def _put(self, kind: str, data: str, run: str) -> int:
        if self._task is None or self._closing:
            raise JournalError("the journal is closed")
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._queue.append(_Entry(kind, data, run, done))
        self._wake.set()
        return await done

    async def _run(self) -> None:
        while not (self._closing and not self._queue):
            await self._wait()
            self._wake.clear()
            while self._queue:
                await self._write_batch()
                if self.failed is not None:
                    break
            if self._closing and self.failed is not None:
                return

    async def _wait(self) -> None:
        """Until there is something to write, or while the store fails until it is time to try again."""
        try:
            async with asyncio.timeout(RETRY_AFTER if self.failed is not None and self._queue else None):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _write_batch(self) -> None:
        batch = list(self._queue)
        self._queue.clear()
        written = [entry for entry in batch if entry.kind]
        records = [
            Record(self._order + number, entry.at, entry.time, entry.run, entry.kind, entry.data)
            for number, entry in enumerate(written, 1)
        ]
        self._in_flight = True
        try:
            if records:
                await self._call(lambda: self._store.write(records))
        except Exception as error:  # whatever a store raises, nobody may be left waiting for it
            self._fail(batch, _as_journal_error(error))
        else:
            self._order += len(records)
            self._settle(batch, records)
        finally:
            self._in_flight = False

    def _settle(self, batch: list[_Entry], records: list[Record]) -> None:
        orders = iter(records)
        for entry in batch:
            order = next(orders).order if entry.kind else self._order
            if entry.done is not None and not entry.done.done():
                entry.done.set_result(order)
        if self.failed is not None and records:
            self.failed = None
            if self._dropped:
                self.post("journal", {"text": f"{self._dropped} records were not kept while the disk failed"})
                self._dropped = 0
            if self.on_recovery is not None:
                self.on_recovery()

    def _fail(self, batch: list[_Entry], error: JournalError) -> None:
        for entry in batch:
            if entry.done is not None and not entry.done.done():
                entry.done.set_exception(error)
        self._queue.extendleft(entry for entry in reversed(batch) if entry.done is None)
        first = self.failed is None
        self.failed = error
        if first and self.on_failure is not None:
            self.on_failure(error)

    async def _call(self, work: Callable[[], T]) -> T:
        return work() if self._worker is None else await self._worker.call(work)

    async def _close_store(self) -> None:
        with contextlib.suppress(*_FAILURES):  # what matters has been written or reported; closing adds nothing
            await self._call(self._store.close)
        if self._worker is not None:
            self._worker.close()


async def open_journal(store: Store) -> WriterJournal:
    """A journal over the store, ready to write. Raises JournalError."""
    journal = WriterJournal(store)
    await journal.open()
    return journal


def _as_journal_error(error: BaseException) -> JournalError:
    if isinstance(error, JournalError):
        return JournalError(error.message, where=error.where, hint=error.hint)
    hint = "Free space on the journal's disk; the records that wait are then written by themselves"
    if not _is_full(error):
        hint = "Look at the disk (dmesg, df); nothing that was acknowledged is lost"
    return JournalError(f"the journal cannot be written: {error}", hint=hint)


def _is_full(error: BaseException) -> bool:
    return getattr(error, "sqlite_errorname", "") == "SQLITE_FULL" or getattr(error, "errno", None) == 28
