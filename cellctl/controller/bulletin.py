"""Everything that happened, told once: to the journal, and to whoever listens."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from cellctl import clock
from cellctl.errors import JournalError
from cellctl.events import Event, Note
from cellctl.journal import Journal

E = TypeVar("E", bound=Event)
Listener = Callable[[Event], None]
_log = logging.getLogger(__name__)


class Bulletin:
    """Stamps events, records them and hands them out. ``run`` is set while a run is on."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.run = ""
        self._order = 0
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with each event from now on; returns the way to stop that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def tell(self, event: E, *, record: bool = True, run: str | None = None, **more: Any) -> E:
        """Something happened; gives it stamped. Its record follows in order; nobody waits for it.

        ``more`` is for the record only.
        """
        stamped = self._stamp(event)
        if record:
            self.journal.post(event.kind, {**stamped.to_json(), **more}, run=self.run if run is None else run)
        self._hand_out(stamped)
        return stamped

    async def tell_durably(self, event: Event, *, run: str | None = None, **more: Any) -> None:
        """The same, but it is on disk when this returns, and is handed out only then. Raises JournalError."""
        stamped = self._stamp(event)
        data = {**stamped.to_json(), **more}
        await self.journal.append(event.kind, data, run=self.run if run is None else run)
        self._hand_out(stamped)

    def note(self, level: str, text: str) -> None:
        """A word for the log."""
        self.tell(Note(level=level, text=text))

    async def settle(self) -> bool:
        """Wait until everything told so far is on disk; False where the journal cannot do that."""
        try:
            await self.journal.flush()
        except JournalError:
            return False
        return True

    def _stamp(self, event: E) -> E:
        self._order += 1
        return replace(event, time=clock.now(), at=clock.wall(), order=self._order)

    def _hand_out(self, event: Event) -> None:
        for listener in list(self._listeners):
            try:
                listener(event)
            except Exception:
                _log.exception("a listener failed on %s; it is told no more", event.kind)
                self._listeners.remove(listener)
