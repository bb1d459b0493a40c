"""Where a recipe cannot go, or never ends: unreachable steps, waits and loops that nothing ends, zones, branches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cellctl.recipe.expressions import EvaluationError, Expr
from cellctl.recipe.fields import COUNTERS, changes_by_itself
from cellctl.recipe.file_model import UNKNOWN_EXPR
from cellctl.recipe.nodes import Name
from cellctl.recipe.recipe_file import (
    DEVICE_NEEDS,
    AskStep,
    CallStep,
    ChooseStep,
    DoStep,
    Loop,
    ParallelStep,
    RepeatStep,
    StepEntry,
    WaitStep,
    ZoneStep,
)
from cellctl.recipe.scope import Names, Scope
from cellctl.recipe.value_types import BOOL, UNKNOWN
from cellctl.recipe.walk import Effects, answer_steps, answers_of, blocks, every_step
from cellctl.recipe.yaml_nodes import YamlNode


def constant_truth(expression: Expr | None) -> bool | None:
    """True or false for a condition that names nothing; None for any other."""
    if expression is None or expression is UNKNOWN_EXPR or expression.names:
        return None
    try:
        value: Any = expression.evaluate(lambda name, field: None)
    except EvaluationError:
        return None
    return value if isinstance(value, bool) else None


class FlowChecker:
    """Follows the steps in their order, with the zones and branches that they stand in."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._problems = names.problems
        self._effects = Effects(names.recipe)
        self._scope = Scope(names)
        self._aside: list[set[str]] = []  # what the other branches beside this place change

    def check(self) -> None:
        """Everything; what is wrong goes to ``problems``."""
        file = self._names.recipe.file
        called = {step.call for step in self._reachable(list(file.procedure)) if isinstance(step, CallStep)}
        for name, operation in file.operations.items():
            self._scope = Scope(self._names, operation.params)
            self._steps(list(operation.steps), ())
            if name not in called and name not in self._problems.suspects:
                section = file.place_of("operations")
                self._problems.add(
                    "unused",
                    f"the operation {name!r} is never called",
                    section.key_at(name),
                    hint="Call it, or remove it",
                    severity="warning",
                )
        self._scope = Scope(self._names)
        self._steps(list(file.procedure), ())
        if not file.procedure and "procedure" not in file.broken:
            self._problems.add("empty", "the procedure has no steps", file.place_of("procedure"))

    def _reachable(self, steps: list[StepEntry]) -> Iterator[StepEntry]:
        """Every step, going into called operations once."""
        file = self._names.recipe.file
        waiting: list[list[StepEntry]] = [list(steps), list(answer_steps(file.on_fault))]
        seen: set[str] = set()
        while waiting:
            for step in every_step(waiting.pop()):
                yield step
                operation = file.operations.get(step.call) if isinstance(step, CallStep) else None
                if operation is not None and isinstance(step, CallStep) and step.call not in seen:
                    seen.add(step.call)
                    waiting.append(list(operation.steps))
                    waiting.append(list(answer_steps(operation.on_fault)))

    def _tell(self, code: str, message: str, node: YamlNode, hint: str = "") -> None:
        self._problems.add(code, message, node, hint=hint)

    def _steps(self, steps: list[StepEntry], zones: tuple[str, ...]) -> None:
        for index, step in enumerate(steps):
            self._step(step, zones)
            if index + 1 < len(steps) and self._never_passes(step):
                self._tell(
                    "unreachable",
                    "nothing comes here: the step before never goes on to it",
                    steps[index + 1].node,
                    "Move it, or give the step before another way",
                )

    def _never_passes(self, step: StepEntry) -> bool:
        return isinstance(step, AskStep) and bool(step.choices) and all(way == "next" for way in step.choices.values())

    def _step(self, step: StepEntry, zones: tuple[str, ...]) -> None:
        inner = zones
        match step:
            case WaitStep():
                self._wait(step)
            case RepeatStep():
                self._loop(step)
            case ChooseStep():
                self._choose(step)
            case ParallelStep():
                self._parallel(step, zones)
                return
            case ZoneStep() if "zone" not in step.broken:
                if step.zone in zones:
                    self._tell(
                        "zone",
                        f"the zone {step.zone} is entered inside itself and would wait for ever",
                        step.place_of("zone"),
                        "Remove the inner one",
                    )
                if not step.steps and not step.broken:
                    self._tell("zone", "nothing is done in this zone", step.place_of("steps"))
                inner = (*zones, step.zone)
            case _:
                pass
        for block in blocks(step):
            self._steps(block.steps, inner)
        self._steps(list(answer_steps(answers_of(step))), zones)

    # -- waits and loops ---------------------------------------------------------------------

    def _wait(self, step: WaitStep) -> None:
        node = step.place_of("wait")
        if step.wait is UNKNOWN_EXPR:
            return
        kind = self._scope.quiet(step.wait)
        if kind != BOOL:
            self._limit(step, node)
            return
        truth = constant_truth(step.wait)
        if truth is not None:
            word = "is over at once" if truth else "never ends"
            self._tell(
                "endless-wait" if not truth else "constant-condition",
                f"this wait {word}: its condition is always {str(truth).lower()}",
                node,
                "Name a signal in it",
            )
            return
        aside = set[str]().union(*self._aside)
        if not any(self._moves(name, aside) for name in self._names_in(step.wait)):
            told = ", ".join(sorted(step.wait.names))
            self._tell(
                "endless-wait",
                f"nothing changes {told} while this waits",
                node,
                "Wait for a signal of a device, or use choose",
            )

    def _limit(self, step: WaitStep, node: YamlNode) -> None:
        if step.within is None or step.wait.names:
            return
        try:
            seconds = step.wait.evaluate(lambda name, field: None)
        except EvaluationError:
            return
        if isinstance(seconds, float) and seconds > step.within:
            self._tell("bounds", f"this waits {seconds:g} s and may take {step.within:g} s", node, "Make within longer")

    def _names_in(self, expression: Expr) -> list[Name]:
        return [node for node in expression.root.walk() if isinstance(node, Name)]

    def _moves(self, name: Name, changed: set[str]) -> bool:
        """Whether what a name stands for can change while only ``changed`` is changed by steps."""
        kind = self._scope.kind(name.name)
        field = name.field_name or ""
        if kind in DEVICE_NEEDS:
            return changes_by_itself(str(kind), field) or name.name in changed
        if kind in {"signal", None}:
            return True
        if kind == "station":
            return field in {"present", "full", "count"}  # a person may empty it
        if kind in self._scope.params.values() and name.name in self._scope.params and kind != "part":
            return False
        return name.name in changed

    def _loop(self, step: RepeatStep) -> None:
        loop = step.repeat
        if not step.steps and not step.broken:
            self._tell("empty", "this loop has no steps", step.place_of("steps"))
        if not isinstance(loop, Loop):
            return
        truth = constant_truth(loop.until)
        if truth is True:
            self._tell("unreachable", "the steps of this loop never run: until is always true", loop.place_of("until"))
        elif truth is False and loop.times is None:
            self._tell(
                "endless-loop",
                "this loop never ends: until is always false",
                loop.place_of("until"),
                "Write repeat: forever if it is to end by Complete",
            )
        elif loop.until is not None and loop.until is not UNKNOWN_EXPR and loop.times is None and truth is None:
            self._until(step, loop.until, loop.place_of("until"))
        if loop.times is not None and loop.times is not UNKNOWN_EXPR and not loop.times.names:
            self._times(loop)

    def _until(self, step: RepeatStep, until: Expr, node: YamlNode) -> None:
        names = self._names_in(until)
        if self._scope.quiet(until) == UNKNOWN or any(self._scope.kind(name.name) is None for name in names):
            return
        if step.broken or any(name.name in self._problems.suspects for name in names):
            return
        changed = self._effects.of(list(step.steps)) | set[str]().union(*self._aside)
        if not any(self._moves(name, changed) for name in names):
            counters = [name.name for name in names if name.name in COUNTERS]
            hint = "Take or place a part in it" if counters else "Set it in the loop, or use times:"
            self._tell("endless-loop", f"no step in this loop changes {', '.join(sorted(until.names))}", node, hint)

    def _times(self, loop: Loop) -> None:
        assert loop.times is not None, "asked by who knows that it is there"
        try:
            times = loop.times.evaluate(lambda name, field: None)
        except EvaluationError:
            return
        if isinstance(times, int) and times <= 0:
            self._tell("unreachable", f"the steps of this loop never run: times is {times}", loop.place_of("times"))

    # -- choices and branches ----------------------------------------------------------------

    def _choose(self, step: ChooseStep) -> None:
        closed = ""
        for way in step.choose:
            if closed:
                self._tell("unreachable", f"this way is never gone: the one before {closed}", way.node, "Put it first")
                break
            truth = constant_truth(way.when)
            if way.otherwise:
                closed = "is otherwise"
            elif truth is True:
                closed = "is always true"
            elif truth is False:
                self._tell("unreachable", "this way is never gone: its condition is always false", way.place_of("when"))

    def _parallel(self, step: ParallelStep, zones: tuple[str, ...]) -> None:
        branches = blocks(step)
        changes = [self._effects.of(block.steps) for block in branches]
        used: dict[str, str] = {}
        orders: dict[tuple[str, str], str] = {}
        for index, block in enumerate(branches):
            if not block.steps and not step.broken:
                self._tell("empty", f"the branch {block.label} has no steps", step.place_of("parallel"))
            for device, node in self._devices(block.steps).items():
                if (other := used.setdefault(device, block.label)) != block.label:
                    self._tell(
                        "parallel",
                        f"{device} is commanded in the branches {other} and {block.label}",
                        node,
                        "Command a device in one branch only",
                    )
            for pair, node in self._zone_pairs(block.steps, ()):
                if (reverse := orders.get((pair[1], pair[0]))) not in {None, block.label}:
                    self._tell(
                        "zone",
                        f"{pair[1]} is entered inside {pair[0]} here and the other way round in {reverse}: "
                        "they would wait for each other",
                        node,
                        "Enter zones in the same order everywhere",
                    )
                orders.setdefault(pair, block.label)
            self._aside.append(set[str]().union(*(each for at, each in enumerate(changes) if at != index)))
            self._steps(block.steps, zones)
            self._aside.pop()
        self._steps(list(answer_steps(answers_of(step))), zones)

    def _devices(self, steps: list[StepEntry]) -> dict[str, YamlNode]:
        """Device roles that steps command, through calls, and where."""
        found: dict[str, YamlNode] = {}
        for step in every_step(steps):
            if isinstance(step, DoStep) and step.do:
                found.setdefault(step.do.partition(".")[0], step.place_of("do"))
            elif isinstance(step, CallStep) and step.call in self._names.recipe.operations:
                operation = self._names.recipe.operations[step.call]
                given = step.__pydantic_extra__ or {}
                params = operation.params
                for inner in every_step(list(operation.steps)):
                    if isinstance(inner, DoStep) and inner.do:
                        role = inner.do.partition(".")[0]
                        named = given[role].root if role in params and role in given else None
                        found.setdefault(named.name if isinstance(named, Name) else role, step.place_of("call"))
        return found

    def _zone_pairs(
        self, steps: list[StepEntry], inside: tuple[str, ...]
    ) -> Iterator[tuple[tuple[str, str], YamlNode]]:
        for step in steps:
            deeper = inside
            if isinstance(step, ZoneStep) and step.zone:
                for outer in inside:
                    yield (outer, step.zone), step.place_of("zone")
                deeper = (*inside, step.zone)
            for block in blocks(step):
                yield from self._zone_pairs(block.steps, deeper)
