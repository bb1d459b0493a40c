"""Who wants to know of which change. Waits and interlocks hang here; nothing polls.

Keys: ``arm.di1`` and ``arm.health`` (device.signal), ``ledger``, ``variables``, ``zones``, ``interlocks``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

Look = Callable[[], None]


class Board:
    """Calls whoever watches a key, in the order they came, at once when it changes."""

    def __init__(self) -> None:
        self._looks: dict[str, list[Look]] = {}

    def watch(self, keys: Iterable[str], look: Look) -> Callable[[], None]:
        """Call ``look`` at each change of any of the keys; returns the way to stop that."""
        mine = tuple(set(keys))
        for key in mine:
            self._looks.setdefault(key, []).append(look)

        def unwatch() -> None:
            for key in mine:
                if look in self._looks.get(key, ()):
                    self._looks[key].remove(look)

        return unwatch

    def changed(self, key: str) -> None:
        """What the key names has changed."""
        if looks := self._looks.get(key):  # most changes nobody waits for
            for look in list(looks):
                look()
