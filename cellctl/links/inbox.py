"""The receiving half of every byte stream: bytes that came, and one reader who may wait for them."""

from __future__ import annotations

import asyncio

from cellctl.errors import LinkDown


class Inbox:
    """What has come on a line and how it ended. Cancelling a waiting reader loses nothing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problem: str | None = None  # why the line went down
        self.ended = False  # the other end has closed in good order
        self.closed = False  # closed here
        self._came = bytearray()
        self._waiter: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._came)

    async def receive(self) -> bytes:
        """What has come, at least one byte; b"" once the other end has closed. Raises LinkDown."""
        while not self._came:
            if self.closed or self.problem is not None:
                raise LinkDown(self.problem or "the line is closed", where=self.name)
            if self.ended:
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self.drain()

    def drain(self) -> bytes:
        """Take, without waiting, everything that has come."""
        data = bytes(self._came)
        self._came.clear()
        return data

    def check(self) -> None:
        """Raise LinkDown where nothing can be sent any more."""
        if self.closed or self.ended or self.problem is not None:
            raise LinkDown(self.problem or "the line is closed", where=self.name)

    def put(self, data: bytes) -> None:
        """Bytes have come."""
        self._came += data
        self._wake()

    def end(self, problem: str | None = None) -> None:
        """Nothing more will come: closed in good order, or for ``problem``."""
        self.ended = True
        self.problem = self.problem or problem
        self._wake()

    def close(self) -> None:
        """Closed here."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
