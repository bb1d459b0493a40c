"""One logged-in native-mode session: commands go out in order, answers come back in that order.

An answer carries no number, so its place in the order is all that ties it to its question. A
caller who stops waiting leaves its place in the queue, and the answer is consumed there; an answer
that does not come in time, or that breaks the protocol, ends the session.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from cellctl.errors import BadAnswer, LinkDown, LinkError, NoAnswer, NotReady, Refused
from cellctl.links import ByteStream
from cellctl_drivers.cognex import registers as r
from cellctl_drivers.cognex.telnet import TelnetLine


@dataclass(slots=True)
class _Question:
    command: str
    more: int  # lines that follow a status of 1
    answer: asyncio.Future[list[str]]


class Session:
    """A telnet line to a camera. ``model`` is what the banner says; ``ended`` is set when the line is lost."""

    def __init__(self, stream: ByteStream, where: str) -> None:
        self.where = where
        self.model = ""
        self.ended = asyncio.Event()
        self._line = TelnetLine(stream, limit=r.MAX_LINE)
        self._questions: deque[_Question] = deque()
        self._writing = asyncio.Lock()
        self._error: LinkError | None = None
        self._reader: asyncio.Task[None] | None = None

    async def log_in(self, user: str, password: str) -> None:
        """Answer the prompts. Raises NotReady where the camera refuses them, LinkError for the wire."""
        try:
            self.model = _model(await self._line.until(r.ASK_USER))
            await self._line.send(f"{user}{r.TERMINATOR}")
            await self._line.until(r.ASK_PASSWORD)
            await self._line.send(f"{password}{r.TERMINATOR}")
            said = (await self._line.line()).strip()
        except LinkError as error:
            raise self._located(error) from None
        if said != r.LOGGED_IN:
            raise NotReady(
                f"the camera refused the log-in of user {user!r}: {said[:80]!r}",
                where=self.where,
                hint="Correct user and password of this device in the cell file (In-Sight Explorer: Sensor > "
                "User Access Settings)",
            )
        self._reader = asyncio.create_task(self._read(), name=f"{self.where} native mode")

    async def status(self, command: str, deadline: float) -> int:
        """The status of a Set command: 1, or why not. Raises LinkError."""
        return _whole((await self._ask(command, 0, deadline))[0], self.where)

    async def number(self, command: str, deadline: float) -> int:
        """The bare number that GO answers. Raises LinkError."""
        return await self.status(command, deadline)

    async def value(self, command: str, deadline: float) -> str:
        """What a Get command gives. Raises Refused with the status where it gives nothing, LinkError."""
        return (await self.lines(command, 1, deadline))[0]

    async def lines(self, command: str, count: int, deadline: float) -> list[str]:
        """The ``count`` lines after the status. Raises Refused with the status, LinkError."""
        status, *lines = await self._ask(command, count, deadline)
        code = _whole(status, self.where)
        if code != r.OK:
            why = r.STATUS.get(code, "a status that native mode does not know")
            raise Refused(f"{command} was answered {code}: {why}", code=code, where=self.where)
        return lines

    async def aclose(self) -> None:
        """Close the line; every question still open fails with LinkDown."""
        try:
            if self._reader is not None:
                self._reader.cancel()
                await asyncio.wait({self._reader})  # where the caller is cancelled meanwhile, it hears of it
        finally:
            self._end(LinkDown("the session was closed", where=self.where))
            await self._line.aclose()

    # -- questions and answers -----------------------------------------------------------------

    async def _ask(self, command: str, more: int, deadline: float) -> list[str]:
        question = _Question(command, more, asyncio.get_running_loop().create_future())
        try:
            async with asyncio.timeout(deadline):
                await self._put(question)
                return await question.answer
        except TimeoutError:
            self._end(NoAnswer(f"no answer to {command} within {deadline:g} s", where=self.where))
            assert self._error is not None
            raise self._error from None

    async def _put(self, question: _Question) -> None:
        async with self._writing:
            if self._error is not None:
                raise self._error
            self._questions.append(question)
            try:
                await self._line.send(f"{question.command}{r.TERMINATOR}")
            except asyncio.CancelledError:  # how much of it went out is not known
                self._end(LinkDown(f"{question.command} was cut short", where=self.where))
                raise
            except LinkError as error:
                self._end(error)
                raise

    async def _read(self) -> None:
        try:
            while True:
                first = await self._line.line()
                if not self._questions:
                    raise BadAnswer(f"{first[:40]!r} came without a question", where=self.where)
                question = self._questions[0]
                lines = [first]
                if _whole(first, self.where) == r.OK:
                    lines += [await self._line.line() for _ in range(question.more)]
                self._questions.popleft()
                if not question.answer.done():
                    question.answer.set_result(lines)
        except LinkError as error:
            self._end(error)

    def _end(self, error: LinkError) -> None:
        if self._error is None:
            self._error = self._located(error)
        while self._questions:
            answer = self._questions.popleft().answer
            if not answer.done():
                answer.set_exception(self._error)
        self.ended.set()

    def _located(self, error: LinkError) -> LinkError:
        error.where = self.where
        return error

    @property
    def error(self) -> LinkError | None:
        """Why the session ended, None while it lives."""
        return self._error


def _whole(text: str, where: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadAnswer(f"{text[:40]!r} is no native-mode status", where=where) from None


def _model(banner: str) -> str:
    """``7802`` out of ``Welcome to In-Sight(tm)  7802 Session 0``."""
    _, _, rest = banner.partition(")")
    return rest.partition("Session")[0].strip()
