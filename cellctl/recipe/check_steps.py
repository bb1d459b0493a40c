"""Each step as it is written: its names, types, units and bounds. Operations are looked at once, not at each call."""

from __future__ import annotations

from collections.abc import Sequence

from cellctl.devices import Action
from cellctl.recipe.check_context import Context, bounds, condition
from cellctl.recipe.check_do import check_call, check_do
from cellctl.recipe.check_faults import check_answers, check_own_answers
from cellctl.recipe.diagnostics import near
from cellctl.recipe.file_model import UNKNOWN_EXPR
from cellctl.recipe.recipe_file import (
    AskStep,
    CallStep,
    ChooseStep,
    DoStep,
    Loop,
    OperationEntry,
    ParallelStep,
    RepeatStep,
    SetStep,
    StepEntry,
    TimedStep,
    WaitStep,
    ZoneStep,
)
from cellctl.recipe.scope import Names, Scope
from cellctl.recipe.value_types import BOOL, COUNT, UNKNOWN, describe
from cellctl.recipe.walk import blocks, every_step_of
from cellctl.units import TIME


def check_steps(names: Names) -> None:
    """Look at every step of a recipe once; what is wrong goes to ``names.problems``."""
    timed = [step for step in every_step_of(names.recipe) if isinstance(step, TimedStep)]
    watched = {fault for step in timed for fault in step.watch}
    context = Context(names, Scope(names), frozenset(watched | {"dropped"}))  # the built-in operations watch for that
    file = names.recipe.file
    for operation in file.operations.values():
        _operation(context, operation)
    context.scope = Scope(names)
    check_answers(context, file.on_fault, file.place_of("on_fault"), lambda steps: _steps(context, steps))
    _steps(context, file.procedure)


def _operation(context: Context, operation: OperationEntry) -> None:
    context.scope = Scope(context.names, operation.params)
    check_answers(context, operation.on_fault, operation.place_of("on_fault"), lambda steps: _steps(context, steps))
    _steps(context, operation.steps)


def _steps(context: Context, steps: Sequence[StepEntry]) -> None:
    names: dict[str, StepEntry] = {}
    for step in steps:
        if step.name is not None and step.name in names:
            message = f"there is a step {step.name!r} here already, in line {names[step.name].node.line}"
            context.tell("duplicate-name", message, step.place_of("name"), hint="Give another name")
        elif step.name is not None:
            names[step.name] = step
        _step(context, step)
        for block in blocks(step):
            _steps(context, block.steps)


def _step(context: Context, step: StepEntry) -> None:
    action: Action | None = None
    if isinstance(step, TimedStep):
        _conditions(context, step)
    match step:
        case DoStep():
            action = check_do(context, step)
        case CallStep():
            check_call(context, step)
        case WaitStep():
            _wait(context, step)
        case SetStep():
            _set(context, step)
        case RepeatStep() if isinstance(step.repeat, Loop):
            _loop(context, step.repeat)
        case ChooseStep():
            _choose(context, step)
        case ParallelStep():
            _parallel(context, step)
        case ZoneStep():
            _zone(context, step)
        case AskStep() if not step.choices and "choices" not in step.broken:
            node = step.place_of("choices")
            context.tell(
                "missing-key", "a question without choices", node, hint="Write choices: {ready: [], leave: next}"
            )
        case _:
            pass
    check_own_answers(context, step, action, lambda steps: _steps(context, steps))


def _conditions(context: Context, step: TimedStep) -> None:
    if isinstance(step, DoStep) and step.verify is not None and step.verify is not UNKNOWN_EXPR:
        condition(context, step.verify, step.place_of("verify"), "verify")
    node = step.place_of("watch")
    for fault, expression in step.watch.items():
        if expression is not UNKNOWN_EXPR:
            condition(context, expression, node.value_at(fault), fault)
        if fault in {"timeout", "unverified"}:
            context.tell("reserved-name", f"{fault} is a fault of every step", node, hint="Give another name")
    if step.on_timeout is not None and step.within is None and "within" not in step.broken:
        context.tell(
            "missing-key", "on_timeout without a time limit", step.key_of("on_timeout"), hint="Write within: …"
        )


def _wait(context: Context, step: WaitStep) -> None:
    if step.wait is UNKNOWN_EXPR:
        return
    node = step.place_of("wait")
    found = context.scope.check(step.wait, node, None, "wait")
    if found in {UNKNOWN, BOOL}:
        return
    if found.name in {"number", "count"} and found.dimension == TIME:
        bounds(context, "wait", step.wait, "time", node)
        return
    hint = "Write it with a unit, like 2 s" if found.name in {"number", "count"} else ""
    code = "unit-missing" if hint else "wrong-type"
    context.tell(
        code,
        f"wait must be a condition or a time, not {describe(found)}",
        node,
        hint=hint or context.scope.fields_hint(step.wait),
    )


def _set(context: Context, step: SetStep) -> None:
    node = step.place_of("set")
    for name, expression in step.set.items():
        if expression is UNKNOWN_EXPR:
            continue
        place = node.value_at(name)
        if name in context.scope.params:
            context.tell(
                "duplicate-name",
                f"{name!r} is given by the call and cannot be set",
                place,
                hint="Give another name",
            )
            continue
        wanted = context.names.variables.get(name)
        found = context.scope.check(expression, place, wanted, name)
        if found.name in {"thing", "target"}:
            context.tell("wrong-type", f"{name} cannot be {describe(found)}", place, hint="Set it to a value")


def _loop(context: Context, loop: Loop) -> None:
    if loop.until is not None and loop.until is not UNKNOWN_EXPR:
        context.scope.check(loop.until, loop.place_of("until"), BOOL, "until")
    if loop.times is not None and loop.times is not UNKNOWN_EXPR:
        context.scope.check(loop.times, loop.place_of("times"), COUNT, "times")
    if loop.until is None and loop.times is None and not loop.broken:
        context.tell(
            "missing-key",
            "this loop does not say when it ends",
            loop.node,
            hint="Write until: or times:, or repeat: forever",
        )


def _choose(context: Context, step: ChooseStep) -> None:
    if not step.choose and "choose" not in step.broken:
        context.tell("missing-key", "a choice without ways", step.place_of("choose"), hint="- {when: …, steps: […]}")
    for way in step.choose:
        if way.when is not None and way.when is not UNKNOWN_EXPR:
            context.scope.check(way.when, way.place_of("when"), BOOL, "when")
        if (way.when is None) == (way.otherwise is None) and not way.broken:
            context.tell(
                "missing-key",
                "a way of choose has when or otherwise",
                way.node,
                hint="Write when: …, or otherwise: true",
            )


def _parallel(context: Context, step: ParallelStep) -> None:
    if len(step.parallel) < 2 and "parallel" not in step.broken:
        context.tell(
            "parallel",
            "side by side needs two branches",
            step.place_of("parallel"),
            hint="Write {left: [steps], right: [steps]}",
        )


def _zone(context: Context, step: ZoneStep) -> None:
    cell = context.names.cell
    if "zone" in step.broken or (context.scope.kind(step.zone) is None and (cell is None or step.zone in cell.zones)):
        return
    if context.scope.kind(step.zone) is None and cell is not None and step.zone not in context.problems.suspects:
        context.tell(
            "unknown-name",
            f"the cell has no zone {step.zone!r}",
            step.place_of("zone"),
            hint=near(step.zone, cell.zones, "It has no zone at all" if not cell.zones else ""),
        )
        return
    context.scope.role(step.zone, ("zone",), "a zone", step.place_of("zone"))
