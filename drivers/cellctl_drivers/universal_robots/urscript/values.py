"""Values of the language and what the operators do with them.

Numbers are 32-bit integers or floats; lists and poses are values, copied when they are assigned.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TypeAlias

from cellctl_drivers.universal_robots.urscript.errors import ScriptError


class ScriptPose(list[float]):
    """``p[x, y, z, rx, ry, rz]`` in m and rad (rotation vector). Shape (6,)."""


_LEAST, _GREATEST = -(2**31), 2**31 - 1
Value: TypeAlias = "bool | int | float | str | list[Value] | ScriptPose | None"


def truth(value: Value) -> bool:
    """A condition must be a boolean."""
    if value is True or value is False:
        return value
    raise ScriptError(f"Type error: a condition must be a boolean, not {show(value)}")


def number(value: Value) -> float:
    """A value as a number. Raises ScriptError for anything else (booleans included)."""
    kind = type(value)
    if kind is int or kind is float:
        return value  # type: ignore[return-value]  # its type was just looked at
    raise ScriptError(f"Type error: a number was expected, not {show(value)}")


def whole(value: Value) -> int:
    """A value as an integer; a float counts where it is whole."""
    if type(value) is int:
        return value
    found = number(value)
    if int(found) != found:
        raise ScriptError(f"Type error: an integer was expected, not {show(value)}")
    return int(found)


def vector(value: Value, length: int = 6) -> tuple[float, ...]:
    """A list or pose of ``length`` numbers."""
    if not isinstance(value, list) or len(value) != length:
        raise ScriptError(f"Type error: a list of {length} numbers was expected, not {show(value)}")
    return tuple(float(number(item)) for item in value)


def copied(value: Value) -> Value:
    """What an assignment stores: lists and poses are values."""
    if not isinstance(value, list):
        return value
    return ScriptPose(value) if isinstance(value, ScriptPose) else list(value)


def show(value: Value) -> str:
    """A value as ``textmsg`` writes it."""
    if isinstance(value, ScriptPose):
        return "p[" + ", ".join(f"{item:g}" for item in value) + "]"
    if isinstance(value, list):
        return "[" + ", ".join(show(item) for item in value) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _arithmetic(name: str, apply: Callable[[float, float], float]) -> Callable[[Value, Value], Value]:
    def calculate(left: Value, right: Value) -> Value:
        a = left if type(left) is int else number(left)
        b = right if type(right) is int else number(right)
        try:
            result = apply(a, b)
        except ZeroDivisionError:
            raise ScriptError(f"Math error: {show(left)} {name} {show(right)}") from None
        if type(result) is int:
            if not _LEAST <= result <= _GREATEST:
                raise ScriptError(f"Math error: {show(left)} {name} {show(right)} leaves 32 bits")
        elif not math.isfinite(result):
            raise ScriptError(f"Math error: {show(left)} {name} {show(right)}")
        return result

    return calculate


def _add(left: Value, right: Value) -> Value:
    if isinstance(left, str) or isinstance(right, str):
        return (left if isinstance(left, str) else show(left)) + (right if isinstance(right, str) else show(right))
    return _plus(left, right)


def _ordered(apply: Callable[[float, float], bool]) -> Callable[[Value, Value], Value]:
    return lambda left, right: apply(number(left), number(right))


_plus = _arithmetic("+", operator.add)

#: Binary operators but ``and`` and ``or``, which look at their right side only where it matters.
OPERATORS: dict[str, Callable[[Value, Value], Value]] = {
    "+": _add,
    "-": _arithmetic("-", operator.sub),
    "*": _arithmetic("*", operator.mul),
    "/": _arithmetic("/", lambda a, b: a / b),
    "%": _arithmetic("%", operator.mod),
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "==": operator.eq,
    "!=": operator.ne,
}
