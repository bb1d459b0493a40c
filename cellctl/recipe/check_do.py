"""``do`` and ``call``: roles, actions and operations, their arguments, and what becomes of the part."""

from __future__ import annotations

from collections.abc import Mapping

from cellctl.devices import Action
from cellctl.recipe.check_context import Context, bounds
from cellctl.recipe.diagnostics import near, nearest
from cellctl.recipe.expressions import Expr
from cellctl.recipe.fields import actions
from cellctl.recipe.file_model import UNKNOWN_EXPR
from cellctl.recipe.nodes import Items, Name
from cellctl.recipe.recipe_file import DEVICE_NEEDS, THINGS, CallStep, DoStep
from cellctl.recipe.value_types import LEG, UNKNOWN, describe, type_of_kind
from cellctl.recipe.yaml_nodes import ListNode, YamlNode

_NAMED = (*DEVICE_NEEDS, *THINGS, "part")


def check_do(context: Context, step: DoStep) -> Action | None:
    """Look at a ``do``; the action that it names, if there is one."""
    found = action(context, step)
    meant = _arguments(context, step, found) if found is not None else set[str | None]()
    _effect(context, step, found, meant)
    return found


def action(context: Context, step: DoStep) -> Action | None:
    """The action that a step names; None is told of."""
    if "do" in step.broken or not step.do:
        return None
    node = step.place_of("do")
    role, dot, name = step.do.partition(".")
    if not dot or not name:
        context.tell("value", f"{step.do!r} names no action", node, hint="Write role.action, like arm.move")
        return None
    if not context.scope.role(role, DEVICE_NEEDS, "a device", node, 0):
        return None
    kind = context.scope.kind(role) or ""
    found = actions(kind).get(name)
    if found is None:
        context.problems.add(
            "unknown-name",
            f"a {kind.replace('_', ' ')} has no action {name!r}",
            node,
            hint=near(name, actions(kind)),
            offset=len(role) + 1,
            width=len(name),
        )
    return found


def _arguments(context: Context, step: DoStep, action: Action) -> set[str | None]:
    """Look at a step's arguments; the keys that misspelt ones seem to mean."""
    meant: set[str | None] = set()
    given: Mapping[str, Expr] = step.__pydantic_extra__ or {}
    for name, expression in given.items():
        parameter = action.parameters.get(name)
        if parameter is None:
            keys = [info.alias or key for key, info in DoStep.model_fields.items()]
            known = [*action.parameters, *keys]
            context.tell(
                "unknown-key",
                f"{step.do} takes no {name!r}",
                step.key_of(name),
                hint=near(name, known, f"It takes {', '.join(action.parameters) or 'nothing'}"),
            )
            context.problems.suspects.update(step.place_of(name).texts())
            meant.add(nearest(name, known))
            continue
        if expression is UNKNOWN_EXPR:
            continue
        _value(context, name, expression, parameter.kind, step.place_of(name))
    for name, parameter in action.parameters.items():
        if parameter.required and name not in given and name not in meant:
            context.tell(
                "missing-key",
                f"{step.do} needs {name!r}",
                step.place_of("do"),
                hint=f"Write {name}: … ({describe(type_of_kind(parameter.kind))})",
            )
    return meant


def _value(context: Context, name: str, expression: Expr, kind: str, node: YamlNode) -> None:
    """Look at the value that an argument is given; a list's items each where they are written."""
    root = expression.root
    if kind == "targets" and isinstance(root, Items) and isinstance(node, ListNode):
        for item, place in zip(root.items, node.items, strict=True):
            context.scope.check(Expr(item, item.write()), place, LEG, f"a target of {name}")
    elif context.scope.check(expression, node, type_of_kind(kind), name) != UNKNOWN:
        bounds(context, name, expression, kind, node)


def _effect(context: Context, step: DoStep, action: Action | None, meant: set[str | None]) -> None:
    for verb, place in (("takes", "from"), ("places", "at")):
        field = "from_" if place == "from" else "at"
        if getattr(step, verb) and not getattr(step, field) and field not in step.broken and place not in meant:
            context.tell("missing-key", f"{verb} needs {place}: a station", step.key_of(verb), hint=f"Write {place}: …")
        if getattr(step, field) and not getattr(step, verb) and verb not in meant:
            context.tell(
                "missing-key",
                f"{place} says a station, and {verb} names no part",
                step.key_of(place),
                hint=f"Write {verb}: part",
            )
    for verb in ("holds", "places"):
        if (part := getattr(step, verb)) is not None:
            context.scope.role(part, ("part",), "a part", step.place_of(verb))
    if context.recipe.file.part is None and step.takes and "part" not in context.recipe.file.broken:
        context.tell(
            "missing-key",
            "the recipe does not say what a part is",
            step.place_of("takes"),
            hint="Write part: {mass: …, width: …, tolerance: …} at the top",
        )
    _stations(context, step)
    if action is None:
        return
    if step.takes and "pose" not in action.result:
        context.tell("effect", f"{step.do} sees no part", step.key_of("takes"), hint="A vision_station's inspect does")
    if step.as_ and not action.result:
        context.tell("effect", f"{step.do} gives no result", step.key_of("as"), hint="Remove as")
    for verb, wanted in (("holds", "grip"), ("places", "release")):
        if getattr(step, verb) and action.name != wanted:
            context.tell(
                "effect",
                f"{step.do} does not decide whether a part is held",
                step.key_of(verb),
                hint=f"A gripper's {wanted} does",
            )


def _stations(context: Context, step: DoStep) -> None:
    cell = context.names.cell
    for field, key, on_belt in (("from_", "from", True), ("at", "at", False)):
        role = getattr(step, field)
        if role is None or not context.scope.role(role, ("station",), "a station", step.place_of(key)):
            continue
        station = cell.stations.get(context.names.bindings.get(role, "")) if cell else None
        if station is None or role in context.scope.params:
            continue
        if on_belt and station.on is None:
            context.tell("station", f"{station.name} is not on a belt, so no part is seen there", step.place_of(key))
        elif not on_belt and not station.slots:
            context.tell(
                "station",
                f"{station.name} has no slots to put a part into",
                step.place_of(key),
                hint="Give it at: and grid: in the cell file",
            )


def check_call(context: Context, step: CallStep) -> None:
    """Look at a ``call``: its operation, and what it gives it."""
    if "call" in step.broken:
        return
    operation = context.recipe.operations.get(step.call)
    if operation is None:
        if (meant := nearest(step.call, context.recipe.operations)) is not None:
            context.problems.suspects.add(meant)  # that it is not called comes of this
        if step.call not in context.problems.suspects:
            context.tell(
                "unknown-name",
                f"there is no operation {step.call!r}",
                step.place_of("call"),
                hint=near(step.call, context.recipe.operations),
            )
        return
    given: Mapping[str, Expr] = step.__pydantic_extra__ or {}
    wanted = operation.params
    for name in given:
        if name not in wanted:
            context.tell(
                "unknown-key",
                f"{step.call} takes no {name!r}",
                step.key_of(name),
                hint=near(name, [*wanted, "on_fault", "on_hold", "name"]),
            )
    for name, kind in wanted.items():
        if name in given:
            _argument(context, step, name, kind, given[name])
        elif name in context.problems.suspects and context.scope.kind(name) is None:
            continue  # the need of that name has been told of
        elif operation.with_[name].default is None and (kind not in _NAMED or context.scope.kind(name) != kind):
            context.tell(
                "missing-key",
                f"{step.call} needs {name!r} ({kind.replace('_', ' ')})",
                step.place_of("call"),
                hint=f"Write {name}: …",
            )


def _argument(context: Context, step: CallStep, name: str, kind: str, expression: Expr) -> None:
    if expression is UNKNOWN_EXPR:
        return
    node = step.place_of(name)
    if kind not in _NAMED:
        _value(context, name, expression, kind, node)
        return
    root = expression.root
    what = describe(type_of_kind(kind))
    if not isinstance(root, Name) or root.field_name is not None:
        context.tell("wrong-type", f"{name} must be the name of {what}", node)
        return
    context.scope.role(root.name, (kind,), what, node, 0)
