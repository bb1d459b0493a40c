"""Bytes that arrive when the last of them would have left the wire."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class Pacer:
    """One direction of a line. What is put first arrives first."""

    def __init__(self, deliver: Callable[[bytes], None], *, character_time: float = 0.0, latency: float = 0.0) -> None:
        """``character_time``: seconds a byte takes; ``latency``: seconds that pass beside it."""
        self._deliver = deliver
        self._character_time = character_time
        self._latency = latency
        self._underway: deque[bytes] = deque()
        self._timers: deque[asyncio.TimerHandle] = deque()
        self._free_at = 0.0

    def put(self, data: bytes) -> None:
        """Send ``data`` on its way, behind what is on the way already."""
        if not self._character_time and not self._latency:
            self._deliver(data)
            return
        loop = asyncio.get_running_loop()
        self._free_at = max(loop.time(), self._free_at) + len(data) * self._character_time
        self._underway.append(data)
        self._timers.append(loop.call_at(self._free_at + self._latency, self._arrive))

    def clear(self) -> None:
        """Forget what is on the way."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._underway.clear()

    def _arrive(self) -> None:
        # Timers due at the same instant may run in any order: the queue keeps that of the bytes.
        self._timers.popleft()
        self._deliver(self._underway.popleft())
