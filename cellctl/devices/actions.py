"""How a capability says what it can do: one decorator, and the signature tells the rest."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

F = TypeVar("F", bound=Callable[..., Any])
_MARK = "__cellctl_action__"
_PLAIN = {bool: "bool", int: "count", str: "text", float: "number"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of an action. ``kind`` is a name from ``units.KINDS``, bool, count, text, pose, target, targets."""

    name: str
    kind: str
    required: bool
    default: Any = None


@dataclass(frozen=True, slots=True)
class Action:
    """What a recipe can ask of a capability.

    ``moves``: something moves, so it needs the permit and is named before it happens.
    ``faults``: outcomes that a recipe must have an answer to.
    ``result``: field name -> kind of the record it gives, empty for none.
    """

    name: str
    parameters: dict[str, Parameter]
    faults: tuple[str, ...]
    moves: bool
    result: dict[str, str]
    doc: str


def action(*, faults: tuple[str, ...] = (), moves: bool, result: dict[str, str] | None = None) -> Callable[[F], F]:
    """Mark a method of a capability as something that a recipe may do."""

    def mark(method: F) -> F:
        setattr(method, _MARK, (faults, moves, result or {}))
        return method

    return mark


def actions_of(capability: type) -> dict[str, Action]:
    """Every action of a capability class, read from its marked methods and their annotations."""
    found: dict[str, Action] = {}
    for name, method in inspect.getmembers(capability, inspect.isfunction):
        if (marked := getattr(method, _MARK, None)) is not None:
            faults, moves, result = marked
            doc = (inspect.getdoc(method) or "").partition("\n")[0]
            found[name] = Action(name, _parameters(method), faults, moves, result, doc)
    return found


def _parameters(method: Callable[..., Any]) -> dict[str, Parameter]:
    hints = get_type_hints(method, include_extras=True)
    parameters: dict[str, Parameter] = {}
    for name, parameter in inspect.signature(method).parameters.items():
        if name == "self":
            continue
        required = parameter.default is inspect.Parameter.empty
        parameters[name] = Parameter(name, _kind(hints[name]), required, None if required else parameter.default)
    return parameters


def _kind(hint: Any) -> str:
    for candidate in (hint, *get_args(hint)):  # Length, or Length | None
        if hasattr(candidate, "__metadata__"):
            return str(candidate.__metadata__[0])
        if get_origin(candidate) is None and candidate in _PLAIN:
            return _PLAIN[candidate]
    raise TypeError(f"an action's argument needs a kind, and {hint!r} names none")
