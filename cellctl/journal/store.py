"""Where records are kept. The journal only knows this, so that faults can be wrapped in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from cellctl.journal.record import Record

#: The kinds of record that tell what a run left behind.
TELLING = ("run", "step", "part")


class Store(Protocol):
    """Keeps records in order. Every call comes from one thread, which is the store's alone if it ``blocks``.

    Any call may raise OSError, sqlite3.Error or JournalError; the journal makes one JournalError of them.
    """

    #: True where calls wait for a disk, and so belong in a helper thread.
    blocks: bool

    def open(self) -> int:
        """Make it ready; the order of the last record that it holds, 0 for none."""
        ...

    def write(self, records: Sequence[Record]) -> None:
        """Keep all of them or none; durable on return."""
        ...

    def last_run(self) -> Iterator[Record]:
        """The records of the kinds in ``TELLING``, in order, from the one that began the last run.

        One by one, as a run may have a million of them. None where that run has ended, or where there is no run.
        """
        ...

    def latest(self, kind: str) -> Record | None:
        """The last record of a kind, None where there is none."""
        ...

    def close(self) -> None:
        """Close; harmless when closed or never opened."""
        ...


class MemoryStore:
    """Records in a list: for virtual time and for tests. Nothing survives the process."""

    def __init__(self) -> None:
        self.blocks = False
        self.records: list[Record] = []

    def open(self) -> int:
        """The order of the last record."""
        return self.records[-1].order if self.records else 0

    def write(self, records: Sequence[Record]) -> None:
        """Append them."""
        self.records.extend(records)

    def last_run(self) -> Iterator[Record]:
        """See Store."""
        last = next((at for at in range(len(self.records) - 1, -1, -1) if self.records[at].kind == "run"), None)
        if last is not None and not self.records[last].fields().get("result"):
            yield from (record for record in self.records[last:] if record.kind in TELLING)

    def latest(self, kind: str) -> Record | None:
        """See Store."""
        return next((record for record in reversed(self.records) if record.kind == kind), None)

    def close(self) -> None:
        """Nothing to close."""
