"""Whether each variable and part has a value where it is read, whichever way the recipe comes there."""

from __future__ import annotations

from collections.abc import Iterator

from cellctl.recipe.expressions import Expr
from cellctl.recipe.nodes import Name
from cellctl.recipe.recipe_file import (
    AskStep,
    CallStep,
    ChooseStep,
    DoStep,
    GroupStep,
    Loop,
    ParallelStep,
    RepeatStep,
    SetStep,
    StepEntry,
    WaitStep,
    ZoneStep,
)
from cellctl.recipe.scope import Names
from cellctl.recipe.walk import blocks
from cellctl.recipe.yaml_nodes import YamlNode

Read = tuple[Expr, YamlNode]


class AssignedChecker:
    """Follows the procedure with what has been given a value so far."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._kinds = {
            **dict.fromkeys(names.variables, "variable"),
            **dict.fromkeys(names.records, "variable"),
            **dict.fromkeys(names.parts, "part"),
        }
        self._given: dict[str, frozenset[str]] = {}  # operation -> what it surely gives a value

    def check(self) -> None:
        """Everything; what is wrong goes to ``problems``."""
        if self._kinds:
            self._steps(list(self._names.recipe.file.procedure), frozenset())

    def _steps(self, steps: list[StepEntry], known: frozenset[str]) -> frozenset[str]:
        for step in steps:
            known = self._step(step, known)
        return known

    def _step(self, step: StepEntry, known: frozenset[str]) -> frozenset[str]:
        for expression, node in _reads(step):
            self._look(expression, node, known)
        match step:
            case DoStep():
                for verb in ("holds", "places"):
                    self._named(getattr(step, verb), step.place_of(verb), known)
                known |= {name for name in (step.takes, step.as_) if name}
                for expression, node in _later_reads(step):
                    self._look(expression, node, known)
                return known
            case SetStep():
                return known | set(step.set)
            case CallStep():
                return known | self._operation(step.call)
            case RepeatStep():
                index = {step.repeat.index} if isinstance(step.repeat, Loop) and step.repeat.index else set[str]()
                self._steps(list(step.steps), known | index)
                return known | index
            case GroupStep() | ZoneStep():
                return self._steps(list(step.steps), known)
            case ParallelStep():
                return known.union(*(self._steps(block.steps, known) for block in blocks(step)))
            case ChooseStep() | AskStep():
                ways = [self._steps(block.steps, known) for block in blocks(step)]
                closed = isinstance(step, AskStep) or any(way.otherwise for way in step.choose)
                return ways[0].intersection(*ways) if ways and closed else known
            case _:
                return known

    def _operation(self, name: str) -> frozenset[str]:
        """What an operation gives a value; what it reads of the recipe's own names is taken as given."""
        operation = self._names.recipe.file.operations.get(name)
        if operation is None:
            return frozenset()
        if name not in self._given:
            self._given[name] = frozenset()
            everything = frozenset(self._kinds)
            quiet = AssignedChecker(self._names)
            quiet._kinds, quiet._given = {}, self._given
            after = quiet._steps(list(operation.steps), frozenset())
            self._given[name] = frozenset(after & everything)
        return self._given[name]

    def _look(self, expression: Expr, node: YamlNode, known: frozenset[str]) -> None:
        for name in expression.root.walk():
            if isinstance(name, Name) and self._missing(name.name, known):
                self._tell(name.name, node, name.offset)

    def _named(self, name: str | None, node: YamlNode, known: frozenset[str]) -> None:
        if name is not None and self._missing(name, known):
            self._tell(name, node, 0)

    def _missing(self, name: str, known: frozenset[str]) -> bool:
        return name in self._kinds and name not in known and name not in self._names.problems.suspects

    def _tell(self, name: str, node: YamlNode, offset: int) -> None:
        kind = self._kinds[name]
        hint = "Take it before, with takes:" if kind == "part" else "Set it before, on every way that leads here"
        self._names.problems.add(
            "no-value", f"{name} may have no value here", node, hint=hint, offset=offset, width=len(name)
        )


def _reads(step: StepEntry) -> Iterator[Read]:
    """Expressions that are evaluated before a step is done."""
    if isinstance(step, DoStep | CallStep):
        for key, expression in (step.__pydantic_extra__ or {}).items():
            yield expression, step.place_of(key)
    if isinstance(step, WaitStep):
        yield step.wait, step.place_of("wait")
    if isinstance(step, SetStep):
        node = step.place_of("set")
        for key, expression in step.set.items():
            yield expression, node.value_at(key)
    if isinstance(step, RepeatStep) and isinstance(step.repeat, Loop):
        for key in ("until", "times"):
            if (expression := getattr(step.repeat, key)) is not None:
                yield expression, step.repeat.place_of(key)
    if isinstance(step, ChooseStep):
        for way in step.choose:
            if way.when is not None:
                yield way.when, way.place_of("when")


def _later_reads(step: DoStep) -> Iterator[Read]:
    if step.verify is not None:
        yield step.verify, step.place_of("verify")
    node = step.place_of("watch")
    for fault, expression in step.watch.items():
        yield expression, node.value_at(fault)
