"""Going through the steps of a recipe as they are written, and what they change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cellctl.recipe.nodes import Name
from cellctl.recipe.recipe_build import Recipe
from cellctl.recipe.recipe_file import (
    Another,
    Answer,
    AskFor,
    AskStep,
    CallStep,
    ChooseStep,
    DoStep,
    GroupStep,
    Loop,
    OperationEntry,
    ParallelStep,
    RepeatStep,
    Retry,
    SetStep,
    StepEntry,
    TimedStep,
    ZoneStep,
)


class Block(NamedTuple):
    """A list of steps inside a step; ``label`` is its part of the address, empty for none."""

    label: str
    steps: list[StepEntry]


def blocks(step: StepEntry) -> list[Block]:
    """The lists of steps directly inside ``step``, without those of its answers."""
    match step:
        case RepeatStep() | GroupStep() | ZoneStep():
            return [Block("", list(step.steps))]
        case ChooseStep():
            return [Block(str(at), list(way.steps)) for at, way in enumerate(step.choose, 1)]
        case ParallelStep():
            return [Block(name, list(steps)) for name, steps in step.parallel.items()]
        case AskStep():
            return [Block(label, list(steps)) for label, steps in step.choices.items() if steps != "next"]
        case _:
            return []


def answers_of(step: StepEntry) -> dict[str, Answer]:
    """The step's own answers, with ``on_timeout`` among them."""
    made: dict[str, Answer] = dict(step.on_fault)
    timeout = getattr(step, "on_timeout", None)
    if isinstance(step, TimedStep | ZoneStep) and timeout is not None:
        made["timeout"] = timeout
    return made


def answer_parts(answer: Answer) -> Iterator[Another]:
    """Every other way in an answer, from the outside in."""
    match answer:
        case Retry():
            yield from answer_parts(answer.else_)
        case AskFor():
            for each in answer.ask.values():
                yield from answer_parts(each)
        case Another():
            yield answer
            yield from answer_parts(answer.then)
        case _:
            return


def answer_steps(answers: Mapping[str, Answer]) -> Iterator[StepEntry]:
    """The steps written in answers."""
    for answer in answers.values():
        for part in answer_parts(answer):
            yield from part.steps


def every_step(steps: list[StepEntry]) -> Iterator[StepEntry]:
    """Each step and those inside it, in the order of the file, those of answers too."""
    for step in steps:
        yield step
        for block in blocks(step):
            yield from every_step(block.steps)
        yield from every_step(list(answer_steps(answers_of(step))))


def every_step_of(recipe: Recipe) -> Iterator[StepEntry]:
    """Each step that the recipe's own file has."""
    file = recipe.file
    yield from every_step(list(answer_steps(file.on_fault)))
    for operation in file.operations.values():
        yield from every_step(list(answer_steps(operation.on_fault)))
        yield from every_step(list(operation.steps))
    yield from every_step(list(file.procedure))


class Effects:
    """What steps change: variables, parts and the run's counters, through the operations that they call."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._operations: dict[str, frozenset[str]] = {}

    def of(self, steps: list[StepEntry]) -> set[str]:
        """The names that ``steps`` may change."""
        found: set[str] = set()
        for step in every_step(steps):
            found |= self._own(step)
        return found

    def of_operation(self, name: str) -> frozenset[str]:
        """The names that an operation may change, in the words of its ``with``."""
        if name not in self._operations:
            self._operations[name] = frozenset()  # one that calls itself is told of elsewhere
            operation = self._recipe.operations[name]
            found = self.of(list(operation.steps)) | self._answers(operation.on_fault)
            self._operations[name] = frozenset(found)
        return self._operations[name]

    def _own(self, step: StepEntry) -> set[str]:
        found = self._answers(answers_of(step))
        match step:
            case SetStep():
                found.update(step.set)
            case RepeatStep() if isinstance(step.repeat, Loop) and step.repeat.index:
                found.add(step.repeat.index)
            case DoStep():
                found.update(name for name in (step.as_, step.takes) if name)
                found.update({"seen"} if step.takes else ())
                found.update({"placed", "rejected", "handled"} if step.places else ())
            case CallStep() if step.call in self._recipe.operations:
                operation = self._recipe.operations[step.call]
                found |= {_renamed(step, operation, name) for name in self.of_operation(step.call)}
            case _:
                pass
        return found

    def _answers(self, answers: Mapping[str, Answer]) -> set[str]:
        found: set[str] = set()
        for answer in answers.values():
            for part in answer_parts(answer):
                outcomes = part.part.values() if isinstance(part.part, dict) else [part.part]
                found.update({*(each for each in outcomes if each), "handled"} if part.part else ())
                found |= self.of(list(part.steps))
        return found


def _renamed(step: CallStep, operation: OperationEntry, name: str) -> str:
    if name not in operation.params:
        return name
    given = (step.__pydantic_extra__ or {}).get(name)
    return given.root.name if given is not None and isinstance(given.root, Name) else name
