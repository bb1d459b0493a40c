"""How each head of a step becomes steps of the Program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from cellctl.recipe.expressions import Expr
from cellctl.recipe.fields import actions
from cellctl.recipe.place import At
from cellctl.recipe.program import Address, Ask, Choose, Do, Fork, PartEffect, Repeat, Set, Wait, Zone
from cellctl.recipe.recipe_file import (
    AskStep,
    ChooseStep,
    DoStep,
    GroupStep,
    Loop,
    ParallelStep,
    RepeatStep,
    SetStep,
    StepEntry,
    TimedStep,
    WaitStep,
    ZoneStep,
)
from cellctl.recipe.scope import Scope
from cellctl.recipe.substitute import renamed
from cellctl.recipe.value_types import BOOL

if TYPE_CHECKING:
    from cellctl.recipe.compile import Compiler

_LEAVE = 999  # sorts the leaving of a zone behind what is done in it


def compile_head(compiler: Compiler, step: StepEntry, at: At) -> Address | None:
    """Compile a step by its head (all but call); the address where it begins."""
    match step:
        case DoStep():
            return _do(compiler, step, at)
        case WaitStep():
            return _wait(compiler, step, at)
        case SetStep():
            return _set(compiler, step, at)
        case GroupStep():
            return compiler.block(step.steps, at)
        case RepeatStep():
            return _repeat(compiler, step, at)
        case ChooseStep():
            return _choose(compiler, step, at)
        case ParallelStep():
            return _parallel(compiler, step, at)
        case ZoneStep():
            return _zone(compiler, step, at)
        case AskStep():
            return _ask(compiler, step, at)
        case _:
            return at.following


def leave_zone(compiler: Compiler, zone: str, step: StepEntry, at: At) -> Address:
    """A step at ``at`` that leaves a zone."""
    return compiler.emit(at, Zone(**compiler.common(step, at, f"leave {zone}"), zone=zone, verb="leave"), step.node)


def _watched(compiler: Compiler, step: TimedStep, at: At) -> tuple[dict[str, Expr], list[str]]:
    """``watch``, and the faults that come of it and of ``within``."""
    node = step.place_of("watch")
    watch = {fault: compiler.expression(each, at.place, node) for fault, each in step.watch.items()}
    return watch, [*watch, *(["timeout"] if step.within is not None else [])]


def _do(compiler: Compiler, step: DoStep, at: At) -> Address:
    watch, faults = _watched(compiler, step, at)
    verify: Expr | None = None
    if step.verify is not None:
        verify = compiler.expression(step.verify, at.place, step.place_of("verify"))
        faults.append("unverified")
    role, _, name = (step.do or "").partition(".")
    role = renamed(role, at.place.env)
    capability = str(compiler.recipe.file.needs.get(role, ""))
    action = actions(capability).get(name)
    given: Mapping[str, Expr] = step.__pydantic_extra__ or {}
    arguments = {key: compiler.expression(each, at.place, step.place_of(key)) for key, each in given.items()}
    text = f"{role}.{name} " + ", ".join(f"{key} {value}" for key, value in arguments.items())
    faults = [*(action.faults if action else ()), *faults]
    made = Do(
        **compiler.common(step, at, text.strip()),
        within=step.within,
        verify=verify,
        watch=watch,
        answers=compiler.answered(step, at, faults, f"{role}.{name}"),
        role=role,
        device=compiler.bound(role, at.place),
        capability=capability,
        action=name,
        arguments=arguments,
        moves=action.moves if action else True,
        result=step.as_,
        effect=_effect(compiler, step, at),
    )
    return compiler.emit(at, made, compiler.user_node(step, "path" if "path" in given else "to", at.place))


def _effect(compiler: Compiler, step: DoStep, at: At) -> PartEffect | None:
    env = at.place.env
    if step.takes:
        station = compiler.bound(step.from_, at.place) if step.from_ else None
        return PartEffect(verb="takes", part=renamed(step.takes, env), station=station)
    if step.holds:
        return PartEffect(verb="holds", part=renamed(step.holds, env))
    if step.places:
        station = compiler.bound(step.at, at.place) if step.at else None
        return PartEffect(verb="places", part=renamed(step.places, env), station=station)
    return None


def _wait(compiler: Compiler, step: WaitStep, at: At) -> Address:
    watch, faults = _watched(compiler, step, at)
    condition = compiler.expression(step.wait, at.place, step.place_of("wait"))
    is_condition = Scope(compiler.names).quiet(condition) == BOOL
    made = Wait(
        **compiler.common(step, at, f"wait {condition}"),
        within=step.within,
        watch=watch,
        answers=compiler.answered(step, at, faults, "wait"),
        until=condition if is_condition else None,
        seconds=None if is_condition else condition,
    )
    return compiler.emit(at, made, compiler.user_node(step, "wait", at.place))


def _set(compiler: Compiler, step: SetStep, at: At) -> Address:
    node = step.place_of("set")
    values = {name: compiler.expression(each, at.place, node) for name, each in step.set.items()}
    text = "set " + ", ".join(f"{name} to {value}" for name, value in values.items())
    return compiler.emit(at, Set(**compiler.common(step, at, text), values=values), step.node)


def _repeat(compiler: Compiler, step: RepeatStep, at: At) -> Address:
    loop = step.repeat if isinstance(step.repeat, Loop) else None
    inner = replace(at.place, loop=at.address, loop_zones=len(at.place.zones))
    body = compiler.block(step.steps, replace(at, place=inner, following=at.address))
    until = compiler.expression(loop.until, at.place, step.node) if loop and loop.until is not None else None
    times = compiler.expression(loop.times, at.place, step.node) if loop and loop.times is not None else None
    text = f"repeat until {until}" if until else f"repeat {times} times" if times else "repeat forever"
    index = loop.index if loop else None
    made = Repeat(**compiler.common(step, at, text), body=body or at.address, until=until, times=times, index=index)
    return compiler.emit(at, made, step.node)


def _choose(compiler: Compiler, step: ChooseStep, at: At) -> Address:
    branches: list[tuple[Expr, Address]] = []
    otherwise = at.following
    for index, way in enumerate(step.choose, 1):
        steps = list(way.steps)
        if len(steps) == 1 and not way.says("steps"):  # the step stands in the way itself
            entry = compiler.step(steps[0], at.inside(steps[0].name or str(index), index, at.following))
        else:
            entry = compiler.block(steps, at.inside(str(index), index, at.following))
        if way.when is None:
            otherwise = entry
        else:
            branches.append((compiler.expression(way.when, at.place, way.node), compiler.some(entry, step, at)))
    text = "choose by " + ", ".join(str(condition) for condition, _ in branches)
    otherwise = compiler.some(otherwise, step, at)
    made = Choose(**compiler.common(step, at, text), branches=tuple(branches), otherwise=otherwise)
    return compiler.emit(at, made, step.node)


def _parallel(compiler: Compiler, step: ParallelStep, at: At) -> Address:
    inner = replace(at.place, loop=None, loop_zones=len(at.place.zones), leavable=False)
    firsts = [
        compiler.block(list(steps), at.inside(name, index, None, inner))
        for index, (name, steps) in enumerate(step.parallel.items(), 1)
    ]
    branches = tuple(first for first in firsts if first is not None)
    text = "side by side: " + ", ".join(step.parallel)
    return compiler.emit(at, Fork(**compiler.common(step, at, text), branches=branches), step.node)


def _zone(compiler: Compiler, step: ZoneStep, at: At) -> Address:
    zone = compiler.bound(step.zone or "", at.place)
    leave = leave_zone(compiler, zone, step, at.inside("leave", _LEAVE, at.following))
    inner = replace(at.place, zones=(*at.place.zones, zone))
    body = compiler.block(step.steps, replace(at, place=inner, following=leave))
    faults = ["timeout"] if step.within is not None else []
    made = Zone(
        **compiler.common(step, replace(at, following=body), f"enter {zone}"),
        within=step.within,
        answers=compiler.answered(step, at, faults, f"entering {zone}"),
        zone=zone,
        verb="enter",
    )
    return compiler.emit(at, made, compiler.user_node(step, "zone", at.place))


def _ask(compiler: Compiler, step: AskStep, at: At) -> Address:
    choices: dict[str, Address] = {}
    for index, (label, way) in enumerate(step.choices.items(), 1):
        inside = at.inside(label, index, at.following)
        if way == "next":
            target: Address | None = compiler.answers.next_round(step, step.place_of("choices"), inside)
        else:
            target = compiler.block(list(way), inside)
        choices[label] = compiler.some(target, step, at)
    question = step.ask or ""
    made = Ask(**compiler.common(step, at, f"ask: {question}"), question=question, choices=choices)
    return compiler.emit(at, made, step.node)
