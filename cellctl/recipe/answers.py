"""Answers to faults as the Program has them, and the telling of faults that have none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cellctl.recipe.compile_heads import leave_zone
from cellctl.recipe.diagnostics import Problems
from cellctl.recipe.expressions import parse
from cellctl.recipe.place import At, Level
from cellctl.recipe.program import Address, Answer, Wait
from cellctl.recipe.recipe_file import Another, AskFor, Retry, StepEntry
from cellctl.recipe.recipe_file import Answer as AnswerEntry
from cellctl.recipe.substitute import renamed
from cellctl.recipe.yaml_nodes import YamlNode

if TYPE_CHECKING:
    from cellctl.recipe.compile import Compiler

_AT_ONCE = 0.001  # s
_FAULTS = 1_000  # sorts the steps of answers behind the step that they answer for


class Unanswered:
    """Faults without an answer: told once for all steps that lack the same."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._found: dict[tuple[str, tuple[str, ...]], tuple[list[YamlNode], list[str]]] = {}

    def add(self, what: str, call: str, faults: tuple[str, ...], node: YamlNode) -> None:
        """``what`` (an action; in the operation ``call`` of ours) has no answer to ``faults``."""
        places, calls = self._found.setdefault((what, faults), ([], []))
        if node not in places:
            places.append(node)
        if call and call not in calls:
            calls.append(call)

    def tell(self) -> None:
        """Tell of them all."""
        for (what, faults), (places, calls) in self._found.items():
            places.sort(key=lambda node: (node.source.name, node.line, node.column))
            inside = f" (in {', '.join(sorted(calls))})" if calls else ""
            more = f" ({len(places)} places)" if len(places) > 1 else ""
            answers = ", ".join(f"{fault}: hold" for fault in faults)
            self._problems.add(
                "unanswered-fault",
                f"{what}{inside} can raise {', '.join(faults)}, and nothing answers it{more}",
                places[0],
                hint=f"Write on_fault: {{{answers}}} in the step, its operation or the recipe",
            )


class AnswerCompiler:
    """Makes Answers; the steps that are written in them become steps of the program."""

    def __init__(self, compiler: Compiler) -> None:
        self.compiler = compiler

    def compile(self, found: tuple[AnswerEntry, Level, int], step: StepEntry, at: At, fault: str, index: int) -> Answer:
        """The answer that ``Place.answer`` found to a fault (number ``index``) of the step at ``at``."""
        entry, level, depth = found
        return _One(self, level, depth, step, at).compile(entry, at.inside(fault, _FAULTS + index, None))

    def next_round(self, step: StepEntry, node: YamlNode, at: At) -> Address:
        """Where ``next`` goes: the head of the innermost loop, out of every zone entered in it."""
        place = at.place
        if place.loop is None:
            self.compiler.problems.add(
                "next-outside-repeat",
                "next goes on with the next round, and there is no repeat around",
                place.call_site or node,
                hint="Answer hold, ask, leave or skip, or put it into a repeat",
            )
            return ""
        return self._out_of(place.zones[place.loop_zones :], step, at, place.loop)

    def after_call(self, step: StepEntry, node: YamlNode, at: At) -> Address:
        """Where ``leave`` goes: past the operation, out of every zone entered in it."""
        place = at.place
        if not place.leavable:
            self.compiler.problems.add(
                "leave-outside-operation",
                "leave goes on after the operation, and there is none around (in this branch)",
                place.call_site or node,
                hint="Answer hold, ask or skip, or make an operation of the steps and call it",
            )
            return ""
        target = self.compiler.some(place.after_call, step, at)
        return self._out_of(place.zones[place.call_zones :], step, at, target)

    def _out_of(self, zones: Sequence[str], step: StepEntry, at: At, target: Address) -> Address:
        for index, zone in enumerate(zones):
            target = leave_zone(self.compiler, zone, step, at.inside(f"leave_{zone}", 900 + index, target))
        return target


class _One:
    """One fault of one step; ``raising`` is that step."""

    def __init__(self, owner: AnswerCompiler, level: Level, depth: int, step: StepEntry, raising: At) -> None:
        self._owner, self._compiler = owner, owner.compiler
        self._level, self._step, self._raising = level, step, raising
        # the steps of an answer do not answer their own faults with themselves
        plain_from = min(raising.place.plain_from, depth)
        self._inside = replace(raising.place, env=level.env, part=level.part, plain_from=plain_from)

    def compile(self, entry: AnswerEntry, at: At) -> Answer:
        """The answer; its steps go below ``at``."""
        match entry:
            case Retry():
                only_while = None
                if entry.while_ is not None:
                    only_while = self._compiler.expression(entry.while_, self._inside, entry.node)
                otherwise = self.compile(entry.else_, at)
                return Answer("retry", times=entry.retry or 1, only_while=only_while, otherwise=otherwise)
            case AskFor():
                choices = {
                    label: self.compile(each, at.inside(label, index, None))
                    for index, (label, each) in enumerate(entry.ask.items())
                }
                return Answer("ask", choices={**choices, **self._offered(choices)})
            case Another():
                return self._another(entry, at)
            case _:
                return self._plain(entry, at)

    def _offered(self, choices: dict[str, Answer]) -> dict[str, Answer]:
        """What a person is offered in any case."""
        always = {"retry": Answer("goto", target=self._raising.address), "stop": Answer("stop")}
        return {label: answer for label, answer in always.items() if label not in choices}

    def _plain(self, word: str, at: At) -> Answer:
        match word:
            case "ask":
                return Answer("ask", choices=self._offered({}))
            case "next":
                node = self._compiler.user_node(self._step, "on_fault", self._raising.place)
                return Answer("goto", target=self._owner.next_round(self._step, node, at))
            case "leave":
                node = self._compiler.user_node(self._step, "on_fault", self._raising.place)
                return Answer("goto", target=self._owner.after_call(self._step, node, at))
            case "skip":
                return Answer("goto", target=self._compiler.some(self._raising.following, self._step, self._raising))
            case "suspend":
                return Answer("suspend")
            case "stop":
                return Answer("stop")
            case "abort":
                return Answer("abort")
            case _:
                return Answer("hold")

    def _another(self, entry: Another, at: At) -> Answer:
        after = at.inside("then", 500, None)
        then = self.compile(entry.then, after)
        if entry.steps:
            follows = then.target if then.then == "goto" else self._raise(then, after, entry)
            first = self._compiler.block(list(entry.steps), replace(at, place=self._inside, following=follows))
            then = Answer("goto", target=first)
        if not entry.part:
            return then
        if isinstance(entry.part, dict):
            name, outcome = next(iter(entry.part.items()))
            return replace(then, part=renamed(name, self._level.env), outcome=outcome)
        if self._level.part is None:
            self._compiler.problems.add(
                "part",
                f"which part is {entry.part}?",
                entry.place_of("part"),
                hint=f"Name it: part: {{name: {entry.part}}}",
            )
        return replace(then, part=self._level.part, outcome=entry.part)

    def _raise(self, answer: Answer, at: At, entry: Another) -> Address:
        """A wait that is over at once and in vain, so that ``answer`` follows once the steps before it are done."""
        common = self._compiler.common(self._step, at, f"then {answer.then}")
        made = Wait(**common, until=parse("false"), within=_AT_ONCE, answers={"timeout": answer})
        return self._compiler.emit(at, made, entry.node)
