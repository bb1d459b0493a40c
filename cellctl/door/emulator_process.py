"""The emulated devices' process, as its parent sees it: started, asked, and gone when the parent goes.

It speaks JSON lines on its stdin and stdout (see ``cellctl.emulation.__main__``): first one line with
the site overlay that tells where everything listens, then an answer to each line that it is sent.
When its stdin closes it ends, so it never outlives its parent.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from cellctl.errors import CellError, NoAnswer

log = logging.getLogger("emulation")
START_WITHIN = 20.0  # s, on a machine that is busy with something else
ANSWER_WITHIN = 5.0
END_WITHIN = 3.0
MOST_WORDS = 20  # lines of its stderr that are kept
_LIMIT = 1 << 22  # bytes in one line of a report


def emulator_command(
    cell: Path, only: Sequence[str] | None, seed: int | None, overlays: Sequence[str] = ()
) -> list[str]:
    """The command line of the emulated devices' process."""
    command = [sys.executable, "-P", "-m", "cellctl.emulation", str(cell)]
    command += [] if only is None else ["--only", ",".join(only)]
    command += [] if seed is None else ["--seed", str(seed)]
    return command + [word for overlay in overlays for word in ("--overlay", overlay)]


class EmulatorProcess:
    """Emulated devices in a process of their own. Made by ``start``."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._asking = asyncio.Lock()
        self._unanswered = 0  # lines that it was sent; it answers each with one, in order
        self._words: list[str] = []
        self._serving = False
        self._errors = asyncio.create_task(self._listen(), name="emulator's stderr")
        self.overlay: dict[str, Any] = {}
        self.addresses: dict[str, str] = {}

    @classmethod
    async def start(
        cls, cell: Path, only: Sequence[str] | None, seed: int | None, overlays: Sequence[str] = ()
    ) -> EmulatorProcess:
        """Start the process for the cell in directory ``cell``; ``only`` names devices, None for all."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *emulator_command(cell, only, seed, overlays), stdin=pipe, stdout=pipe, stderr=pipe, limit=_LIMIT
        )
        return cls(process)

    async def ready(self) -> None:
        """Wait until it serves; then ``overlay`` and ``addresses`` are known. Raises CellError with its last words."""
        async with _patience(START_WITHIN):
            found = _decoded(await self._line())
        self._serving = True
        for text in self._words:  # what it said before it served
            log.warning("%s", text)
        self.overlay, self.addresses = found.get("overlay", {}), found.get("addresses", {})

    async def ask(self, line: str | Mapping[str, Any]) -> dict[str, Any]:
        """Send it a line and wait for the answer. Raises CellError where it has ended, NoAnswer where it is silent."""
        text = line if isinstance(line, str) else json.dumps(line)
        async with self._asking, _patience(ANSWER_WITHIN):
            assert self._process.stdin is not None
            self._unanswered += 1
            with contextlib.suppress(ConnectionError):
                self._process.stdin.write(text.encode() + b"\n")
                await self._process.stdin.drain()
            while self._unanswered > 1:  # the answers that nobody waits for any more
                await self._line()
                self._unanswered -= 1
            said = await self._line()
            self._unanswered -= 1
            return _decoded(said)

    async def ended(self) -> str:
        """Wait for the end of the process; gives the word that says so."""
        code = await self._process.wait()
        how = f"with exit code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
        return f"the emulated devices' process (pid {self._process.pid}) has ended {how}"

    async def aclose(self) -> None:
        """Close its stdin and wait for its end; kill it where it does not."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        for last_resort in (signal.SIGTERM, signal.SIGKILL, None):
            try:
                async with asyncio.timeout(END_WITHIN):
                    await self._process.wait()
                break
            except TimeoutError:
                if last_resort is not None:
                    self._process.send_signal(last_resort)
        await self._errors

    async def _line(self) -> bytes:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            await self._errors
            words = self._words[-1] if self._words else "without a word"
            raise CellError(f"the emulated devices' process has ended: {words}", where="emulation")
        return line

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        with contextlib.suppress(ValueError):  # a line over the limit: nothing more is read
            async for line in self._process.stderr:
                text = line.decode(errors="replace").rstrip()
                self._words = [*self._words[-MOST_WORDS:], text]
                if self._serving:  # before that, its last word is in the error that the start fails with
                    log.warning("%s", text)


@contextlib.asynccontextmanager
async def _patience(within: float) -> AsyncGenerator[None, None]:
    try:
        async with asyncio.timeout(within):
            yield
    except TimeoutError:
        raise NoAnswer(f"the emulated devices do not answer within {within:g} s", where="emulation") from None


def _decoded(line: bytes) -> dict[str, Any]:
    try:
        found: object = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise CellError(f"the emulated devices' process said {line[:80]!r}", where="emulation")
    return cast("dict[str, Any]", found)
