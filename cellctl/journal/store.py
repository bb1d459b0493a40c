"""Where records are kept. The journal only knows this, so that faults can be wrapped in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cellctl.journal.record import Record


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

    def last_run(self) -> list[Record]:
        """The records from the last ``run`` record that began a run, in order; empty where none did."""
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

    def last_run(self) -> list[Record]:
        """The records from the start of the last run."""
        for index in range(len(self.records) - 1, -1, -1):
            record = self.records[index]
            if record.kind == "run" and not record.fields().get("result"):
                return self.records[index:]
        return []

    def close(self) -> None:
        """Nothing to close."""
