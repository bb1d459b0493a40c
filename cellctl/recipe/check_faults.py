"""Faults and their answers: only what can be raised is answered, and answers make sense."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from cellctl.devices import Action
from cellctl.recipe.check_context import Context
from cellctl.recipe.diagnostics import near, nearest
from cellctl.recipe.fields import declared_faults
from cellctl.recipe.file_model import UNKNOWN_EXPR
from cellctl.recipe.recipe_file import Another, Answer, AskFor, DoStep, Retry, StepEntry, TimedStep
from cellctl.recipe.value_types import BOOL
from cellctl.recipe.yaml_nodes import YamlNode

Steps = Callable[[Sequence[StepEntry]], None]  # looks at the steps in an answer


def check_own_answers(context: Context, step: StepEntry, action: Action | None, look: Steps) -> None:
    """Look at the answers of a step: it can raise those faults itself, or something inside it can."""
    answers, node = step.on_fault, step.place_of("on_fault")
    if not isinstance(step, TimedStep):
        check_answers(context, answers, node, look)
    else:
        faults = _faults(step, action)
        what = (step.do if isinstance(step, DoStep) else "") or step.HEAD
        for fault in answers:
            if action is not None or not isinstance(step, DoStep):
                _known(context, fault, faults, f"{what} cannot raise", node)
        for answer in answers.values():
            _answer(context, answer, look)
    timeout = getattr(step, "on_timeout", None)
    if timeout is not None:
        _answer(context, timeout, look)


def check_answers(context: Context, answers: Mapping[str, Answer], node: YamlNode, look: Steps) -> None:
    """Look at answers that what is inside inherits."""
    known = declared_faults(context.kinds()) | context.watched
    for fault, answer in answers.items():
        _known(context, fault, known, "nothing here can raise", node)
        _answer(context, answer, look)


def _faults(step: TimedStep, action: Action | None) -> set[str]:
    """What a step itself can raise."""
    found = {*(action.faults if action else ()), *step.watch}
    found.update({"timeout"} if step.within is not None or "within" in step.broken else ())
    found.update({"unverified"} if isinstance(step, DoStep) and step.says("verify") else ())
    return found


def _known(context: Context, fault: str, known: Collection[str], what: str, node: YamlNode) -> None:
    if fault in known or fault in context.problems.suspects:
        return
    if (meant := nearest(fault, known)) is not None:
        context.problems.suspects.add(meant)  # that it has no answer comes of this
    listed = f"It can raise {', '.join(sorted(known)) or 'nothing'}" if len(known) < 9 else ""
    context.tell("unknown-fault", f"{what} {fault!r}", node.key_at(fault), hint=near(fault, known, listed))


def _answer(context: Context, answer: Answer, look: Steps) -> None:
    match answer:
        case Retry():
            if answer.while_ is not None and answer.while_ is not UNKNOWN_EXPR:
                context.scope.check(answer.while_, answer.place_of("while"), BOOL, "while")
            _answer(context, answer.else_, look)
        case AskFor():
            for each in answer.ask.values():
                _answer(context, each, look)
        case Another():
            look(list(answer.steps))
            if isinstance(answer.part, dict) and len(answer.part) != 1:
                message = f"part tells the end of one part, and {len(answer.part)} are named"
                context.tell("part", message, answer.place_of("part"), hint="Write part: {name: missed}")
            if isinstance(answer.part, dict):
                for name in answer.part:
                    context.scope.role(name, ("part",), "a part", answer.place_of("part"))
            _answer(context, answer.then, look)
        case _:
            pass
