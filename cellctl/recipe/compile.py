"""From a recipe that holds its checks to the graph of steps: operations written out, roles bound, faults answered.

Lists are compiled from their end, so that each step knows where to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypedDict

from cellctl.recipe import compile_heads
from cellctl.recipe.answers import AnswerCompiler, Unanswered
from cellctl.recipe.expressions import Expr
from cellctl.recipe.file_model import UNKNOWN_EXPR
from cellctl.recipe.nodes import Name, Node
from cellctl.recipe.place import At, Level, Place, part_of
from cellctl.recipe.program import Address, Answer, Mark, Region, Set, Step
from cellctl.recipe.recipe_build import BUILTIN
from cellctl.recipe.recipe_file import (
    CallStep,
    DoStep,
    GroupStep,
    OnHold,
    OperationEntry,
    StepEntry,
    WaitStep,
    ZoneStep,
)
from cellctl.recipe.scope import Names
from cellctl.recipe.substitute import TooLarge, renamed, substitute
from cellctl.recipe.walk import answers_of
from cellctl.recipe.yaml_nodes import YamlNode

MAX_STEPS = 10_000
LAST = 9_999_999  # sorts behind everything


class TooManySteps(Exception):
    """The recipe is too large once its calls are written out."""


class Common(TypedDict):
    """The fields that every step of a program has."""

    address: Address
    text: str
    mark: Mark
    next: Address | None
    region: Address | None


class Compiler:
    """Makes the steps and regions of one recipe."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.problems = names.problems
        self.recipe = names.recipe
        self.answers = AnswerCompiler(self)
        self.regions: dict[Address, Region] = {}
        self.nodes: dict[Address, YamlNode] = {}  # where the user wrote each step
        self._steps: dict[Address, tuple[tuple[int, ...], Step]] = {}
        self._unanswered = Unanswered(names.problems)

    def compile(self) -> tuple[Address, dict[Address, Step]]:
        """The first address, and every step by its address in the order of the file."""
        file = self.recipe.file
        part = next(iter(self.names.parts)) if len(self.names.parts) == 1 else None
        at = At("", (), Place(levels=(Level(file.on_fault, {}, part),), part=part), None)
        first: Address | None = None
        try:
            first = self._held(
                file.on_hold,
                replace(at, address="/"),
                lambda place: self.block(file.procedure, at.surrounded(place)),
            )
        except TooManySteps:
            self.problems.add(
                "too-large",
                f"the recipe has more than {MAX_STEPS:,} steps once its calls are written out",
                file.key_of("procedure"),
                hint="Use loops",
            )
        self._unanswered.tell()
        ordered = sorted(self._steps.values(), key=lambda item: item[0])
        return first or "", {step.address: step for _, step in ordered}

    # -- what the heads and the answers use --------------------------------------------------

    def emit(self, at: At, step: Step, node: YamlNode) -> Address:
        """Add a step, which the user wrote at ``node``; its address."""
        if len(self._steps) >= MAX_STEPS:
            raise TooManySteps
        self._steps[step.address] = (at.path, step)
        self.nodes[step.address] = node
        return step.address

    def common(self, step: StepEntry, at: At, text: str) -> Common:
        """The fields that every step of a program has."""
        node = step.node
        mark = Mark(node.source.name, node.line, node.column)
        return {"address": at.address, "text": text, "mark": mark, "next": at.following, "region": at.place.region}

    def some(self, address: Address | None, step: StepEntry, at: At) -> Address:
        """``address``, or that of a step that does nothing, where the program (or branch) ends."""
        if address is not None:
            return address
        end = at.inside("end", LAST, None)
        return self.emit(end, Set(**self.common(step, end, "end"), values={}), step.node)

    def expression(self, expression: Expr | None, place: Place, node: YamlNode) -> Expr:
        """An expression in the words of the recipe."""
        if expression is None:
            return UNKNOWN_EXPR
        try:
            return substitute(expression, place.env)
        except TooLarge as error:
            self.problems.add("too-large", error.message, place.call_site or node, hint=error.hint)
            return UNKNOWN_EXPR

    def bound(self, name: str, place: Place) -> str:
        """The cell's name for a role."""
        role = renamed(name, place.env)
        return self.names.bindings.get(role, role)

    def user_node(self, step: StepEntry, key: str, place: Place) -> YamlNode:
        """Where a user would change a step: in it, or where its operation is called if that is not theirs."""
        if step.node.source.name == BUILTIN and place.call_site is not None:
            return place.call_site
        return step.place_of(key)

    def answered(self, step: StepEntry, at: At, faults: Sequence[str], what: str) -> dict[str, Answer]:
        """The answer to each fault that a step can raise; those that have none are told of."""
        made: dict[str, Answer] = {}
        missing: list[str] = []
        own = answers_of(step)
        for index, fault in enumerate(dict.fromkeys(faults)):
            found = at.place.answer(fault, own)
            if found is not None:
                made[fault] = self.answers.compile(found, step, at, fault, index)
            elif fault not in self.problems.suspects:  # its answer may be the one that is wrong
                missing.append(fault)
        if missing:
            call = at.place.calls[-1] if step.node.source.name == BUILTIN and at.place.calls else ""
            self._unanswered.add(what, call, tuple(missing), self.user_node(step, step.HEAD, at.place))
        return made

    # -- lists, steps and calls --------------------------------------------------------------

    def block(self, steps: Sequence[StepEntry], at: At) -> Address | None:
        """Compile a list of steps below ``at``; its first address, or what follows for an empty one."""
        head = f"{at.address}/" if at.address else ""
        following = at.following
        for index in range(len(steps), 0, -1):
            step = steps[index - 1]
            address = f"{head}{step.name or _title(step) or index}"
            following = self.step(step, At(address, (*at.path, index), at.place, following))
        return following

    def step(self, step: StepEntry, at: At) -> Address | None:
        """Compile one step; the address where it begins."""
        if isinstance(step, CallStep):
            return self._call(step, at)
        if step.on_fault and not isinstance(step, DoStep | WaitStep | ZoneStep):
            level = Level(step.on_fault, at.place.env, at.place.part)
            at = at.surrounded(replace(at.place, levels=(*at.place.levels, level)))
        return self._held(step.on_hold, at, lambda place: compile_heads.compile_head(self, step, at.surrounded(place)))

    def _held(
        self, on_hold: OnHold | None, at: At, compile_inside: Callable[[Place], Address | None]
    ) -> Address | None:
        """Compile what is inside a region, if ``on_hold`` makes one."""
        if on_hold is None:
            return compile_inside(at.place)
        first = compile_inside(replace(at.place, region=at.address))
        if first is not None:
            self.regions[at.address] = Region(
                at.address, first, on_hold.before_grip, on_hold.after_grip, at.place.region
            )
        return first

    def _call(self, step: CallStep, at: At) -> Address | None:
        place = at.place
        operation = self.recipe.operations.get(step.call or "")
        if operation is None:
            return at.following
        if step.call in place.calls:
            circle = " → ".join([*place.calls[place.calls.index(step.call) :], step.call])
            self.problems.add(
                "recursive", f"the operation calls itself: {circle}", step.place_of("call"), hint="Use repeat"
            )
            return at.following
        env = {name: self._given(name, operation, step, place) for name in operation.params}
        part = part_of(operation, env, place.part)
        levels = (
            *place.levels,
            Level(step.on_fault, place.env, place.part),
            Level(operation.on_fault, env, part),
        )
        site = place.call_site if step.node.source.name == BUILTIN and place.call_site else step.place_of("call")
        calls = (*place.calls, step.call)
        inner = replace(place, env=env, part=part, levels=levels, calls=calls, call_site=site)
        inner = replace(inner, after_call=at.following, call_zones=len(place.zones), leavable=True)
        return self._held(
            step.on_hold or operation.on_hold,
            at.surrounded(inner),
            lambda held: self.block(operation.steps, at.surrounded(held)),
        )

    def _given(self, name: str, operation: OperationEntry, step: CallStep, place: Place) -> Node:
        """What stands for a name of ``with``: what the call says, its default, or the caller's own of that name."""
        given: Mapping[str, Expr] = step.__pydantic_extra__ or {}
        default = operation.with_[name].default
        if name in given:
            return self.expression(given[name], place, step.place_of(name)).root
        return default.root if default is not None else place.env.get(name, Name(name=name))


def _title(step: StepEntry) -> str:
    return step.title if isinstance(step, GroupStep) and step.HEAD not in step.broken else ""
