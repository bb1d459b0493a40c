"""The tasks behind a listener, whatever carries its bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from cellctl.errors import LinkDown
from cellctl.links.address import Address
from cellctl.links.stream import ByteStream, Handler


class Serving:
    """A listener: one task a connection, all of them ended by ``aclose``."""

    def __init__(self, address: Address, on_close: Callable[[], object]) -> None:
        self._address = address
        self._on_close = on_close
        self._tasks: dict[asyncio.Task[None], ByteStream] = {}
        self._closed = False

    @property
    def address(self) -> Address:
        """Where clients reach it."""
        return self._address

    def serve(self, stream: ByteStream, handler: Handler) -> None:
        """Run ``handler`` for one connection in a task of its own."""
        task = asyncio.get_running_loop().create_task(self._run(stream, handler), name=f"serve {self._address}")
        self._tasks[task] = stream
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    async def _run(self, stream: ByteStream, handler: Handler) -> None:
        try:
            await handler(stream)
        except LinkDown:
            pass  # the client went away in the middle: nobody is left to tell
        except Exception as error:  # a fault of the handler must be seen, and must not stop the listener
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"the handler of {self._address} failed", "exception": error}
            )
        finally:
            await stream.aclose()

    async def aclose(self) -> None:
        """Stop serving and close every connection."""
        if not self._closed:
            self._closed = True
            self._on_close()
        tasks = dict(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for stream in tasks.values():
            await stream.aclose()  # a task that was cancelled before it began has closed nothing
