"""Questions that the cell asks a person, and their answers."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cellctl.controller.bulletin import Bulletin
from cellctl.controller.interrupts import Fault
from cellctl.errors import CellError, CommandRefused
from cellctl.events import Question

WITHDRAWN = "withdrawn"


class Questions:
    """The open questions by number."""

    def __init__(self, bulletin: Bulletin) -> None:
        self._bulletin = bulletin
        self._open: dict[int, tuple[Question, Callable[[str], None]]] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._open)

    def ask(self, text: str, choices: tuple[str, ...], then: Callable[[str], None]) -> int:
        """Ask; ``then`` is called with the choice. Returns the question's number."""
        self._last += 1
        question = self._bulletin.tell(Question(id=self._last, text=text, choices=choices))
        self._open[question.id] = (question, then)
        return question.id

    async def wait_for(self, text: str, choices: tuple[str, ...]) -> str:
        """Ask, and wait for the choice. Cancelled, the question is withdrawn."""
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        number = self.ask(text, choices, lambda choice: None if answer.done() else answer.set_result(choice))
        try:
            return await answer
        finally:
            self.withdraw(number)

    def answer(self, number: int, choice: str, by: str) -> Question:
        """Take a person's answer. Raises CommandRefused for a question or a choice that there is not."""
        if number not in self._open:
            numbers = ", ".join(map(str, self._open)) or "none"
            raise CommandRefused(f"there is no open question {number}", hint=f"Open questions: {numbers}")
        question, then = self._open[number]
        if choice not in question.choices:
            near = difflib.get_close_matches(choice, question.choices, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Choices: {', '.join(question.choices)}"
            raise CommandRefused(f"{choice!r} is no answer to question {number}", hint=hint)
        try:
            then(choice)
        except (Fault, CellError) as error:  # the question stays: it can be answered otherwise
            raise CommandRefused(f"{choice!r} cannot be: {error.message}", hint=error.hint) from error
        self._open.pop(number, None)
        return self._bulletin.tell(replace(question, answer=choice, by=by))

    def withdraw(self, number: int) -> None:
        """The question has no meaning any more; nothing happens if it is not open."""
        question, _ = self._open.pop(number, (None, None))
        if question is not None:
            self._bulletin.tell(replace(question, answer=WITHDRAWN))

    def withdraw_all(self) -> None:
        """None of them has a meaning any more."""
        for number in list(self._open):
            self.withdraw(number)

    def to_json(self) -> tuple[dict[str, Any], ...]:
        """The open ones, for the status."""
        return tuple(question.to_json() for question, _ in self._open.values())
