"""The journal: an append-only log of decisions (commands, states, step intents and results, causes).

Records are of these kinds, with an event's JSON (``events.py``) as data where there is one:
``run`` (RunChanged: ``result`` empty at its begin, set at its end), ``step`` (StepChanged),
``state``, ``part``, ``signal``, ``device``, ``cause``, ``question``, ``note``; ``command``
(command, arguments, by, refused).
"""

from cellctl.journal.journal import Journal, WriterJournal, open_journal
from cellctl.journal.reader import Filter, JournalReader
from cellctl.journal.record import Record
from cellctl.journal.sqlite_store import SqliteStore
from cellctl.journal.store import MemoryStore, Store

__all__ = [
    "Filter",
    "Journal",
    "JournalReader",
    "MemoryStore",
    "Record",
    "SqliteStore",
    "Store",
    "WriterJournal",
    "open_journal",
]
