"""Types of values in expressions, and the type of an expression with everything that is wrong in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cellctl.recipe.nodes import Call, Chain, Comparison, Items, Logic, Name, Node, Number, Prefix, Text, Truth
from cellctl.units import KINDS, LENGTH, NUMBER, Dimension


class Type(NamedTuple):
    """What kind of value it is; numbers have a dimension. ``name`` is number, count, bool, text, pose,
    joints, target (pose or joints), ptp (a joint move to a pose), leg (any of these), targets (a list of legs), thing
    (a role that is no value) or unknown (already told of)."""

    name: str
    dimension: Dimension = NUMBER
    detail: str = ""  # of a thing: what it is


UNKNOWN = Type("unknown")
BOOL = Type("bool")
COUNT = Type("count")
TEXT = Type("text")
POSE = Type("pose")
JOINTS = Type("joints")
TARGET = Type("target")
PTP = Type("ptp")
LEG = Type("leg")
TARGETS = Type("targets")
NUMERIC = frozenset({"number", "count"})
_PLAIN = {"bool": BOOL, "count": COUNT, "text": TEXT, "pose": POSE, "joints": JOINTS, "target": TARGET}
_PLAIN["targets"] = TARGETS
VALUE_KINDS = (*_PLAIN, *KINDS)

Report = Callable[[str, str, int, int, str], None]  # code, message, offset, width, hint
Scope = Callable[[Name], "Type | None"]  # None: unknown, and the scope has told so


def type_of_kind(kind: str) -> Type:
    """The type of a kind's name: ``speed``, ``count``, ``pose`` …"""
    if kind in KINDS:
        return Type("number", KINDS[kind][0])
    return _PLAIN.get(kind) or Type("thing", detail=kind)


def describe(wanted: Type) -> str:
    """A type as people read it: "a speed (mm/s)"."""
    if wanted.name == "number":
        for kind, (dimension, unit) in KINDS.items():
            if dimension == wanted.dimension:
                return _article(kind.replace("_", " ")) + (f" ({unit})" if unit else "")
        return "a quantity of another dimension"
    words = {
        "bool": "true or false",
        "count": "a whole number",
        "text": "a text",
        "pose": "a pose",
        "joints": "joint angles",
        "target": "a pose or joint angles",
        "ptp": "a joint move",
        "leg": "a pose, joint angles or ptp(pose)",
        "targets": "a list of targets",
    }
    return words.get(wanted.name) or _article(wanted.detail.replace("_", " "))


def _article(word: str) -> str:
    return f"{'an' if word[:1] in 'aeiou' else 'a'} {word}"


def unit_hint(wanted: Type, number: str = "100") -> str:
    """How a value of a type is written."""
    if wanted.name == "number" and wanted.dimension != NUMBER:
        unit = next((unit for dimension, unit in KINDS.values() if dimension == wanted.dimension), "")
        other = f" or {number} ms" if unit == "s" else ""
        return f"Write it with a unit, like {number} {unit}{other}" if unit else ""
    return ""


def fits(given: Type, wanted: Type) -> bool:
    """Whether a value of one type can stand where another is wanted."""
    if UNKNOWN in (given, wanted):
        return True
    if wanted.name == "number":
        return given.name in NUMERIC and given.dimension == wanted.dimension
    if wanted.name == "target":
        return given.name in {"target", "pose", "joints"}
    if wanted.name == "leg":
        return given.name in {"target", "pose", "joints", "ptp"}
    if wanted.name in {"pose", "joints"}:
        return given.name in {wanted.name, "target"}  # a position not bound yet
    return given.name == wanted.name and given.detail == wanted.detail


def mismatch(given: Type, wanted: Type) -> tuple[str, str, str]:
    """Code, message (after "… must be") and hint for a value that does not fit."""
    if wanted.name == "number" and given.name in NUMERIC and given.dimension == NUMBER:
        return "unit-missing", f"{describe(wanted)}, and a unit is missing", unit_hint(wanted)
    if wanted == TARGETS and fits(given, LEG):
        return "wrong-type", f"{describe(wanted)}, not {describe(given)}", "Write it in brackets: [ready, part.pose]"
    if given == PTP:
        return "wrong-type", f"{describe(wanted)}, not {describe(given)}", "ptp() stands in the path of follow"
    code = "wrong-unit" if wanted.name == "number" and given.name == "number" else "wrong-type"
    return code, f"{describe(wanted)}, not {describe(given)}", unit_hint(wanted)


class Inference:
    """Finds the type of an expression; every problem in it goes to ``report``."""

    def __init__(self, scope: Scope, report: Report) -> None:
        self._scope, self._report = scope, report

    def type_of(self, node: Node) -> Type:
        """The type of ``node``; UNKNOWN once something in it has been told of."""
        match node:
            case Number():
                whole = isinstance(node.value, int)
                return COUNT if whole else Type("number", node.dimension)
            case Truth():
                return BOOL
            case Text():
                return TEXT
            case Name():
                return self._scope(node) or UNKNOWN
            case Prefix():
                return self._prefix(node)
            case Chain():
                return self._chain(node)
            case Comparison():
                return self._comparison(node)
            case Logic():
                for item in node.items:
                    self._want(item, BOOL, f"Beside {node.operator} there")
                return BOOL
            case Call():
                return self._call(node)
            case Items():
                return self._items(node)
            case _:
                return UNKNOWN

    def _tell(self, code: str, message: str, node: Node, hint: str = "") -> Type:
        text = node.write()
        self._report(code, message, start(node), len(text), hint)
        return UNKNOWN

    def _want(self, node: Node, wanted: Type, what: str) -> None:
        given = self.type_of(node)
        if not fits(given, wanted):
            code, message, hint = mismatch(given, wanted)
            self._tell(code, f"{what} must be {message}", node, hint)

    def _prefix(self, node: Prefix) -> Type:
        if node.operator == "not":
            self._want(node.operand, BOOL, "After not there")
            return BOOL
        given = self.type_of(node.operand)
        if given.name in NUMERIC or given == UNKNOWN:
            return given
        return self._tell("wrong-type", f"- needs a number, not {describe(given)}", node.operand)

    def _number(self, node: Node, operator: str) -> Type:
        given = self.type_of(node)
        if given.name in NUMERIC or given == UNKNOWN:
            return given
        return self._tell("wrong-type", f"{operator} needs numbers, not {describe(given)}", node)

    def _chain(self, node: Chain) -> Type:
        result = self._number(node.first, node.rest[0][0])
        for operator, part in node.rest:
            other = self._number(part, operator)
            if UNKNOWN in (result, other):
                result = UNKNOWN
            elif operator in "+-":
                if result.dimension != other.dimension:
                    self._tell(
                        "wrong-unit",
                        f"{operator} of {describe(result)} and {describe(other)}",
                        part,
                        unit_hint(result) or "Both need the same unit",
                    )
                    result = UNKNOWN
                elif result != other:
                    result = Type("number", result.dimension)
            elif operator == "*":
                whole = result == other == COUNT
                result = COUNT if whole else Type("number", result.dimension * other.dimension)
            else:
                if isinstance(part, Number) and part.value == 0:
                    self._tell("division-by-zero", "division by zero", part)
                result = Type("number", result.dimension / other.dimension)
        return result

    def _comparison(self, node: Comparison) -> Type:
        left, right = self.type_of(node.left), self.type_of(node.right)
        if UNKNOWN in (left, right):
            return BOOL
        if left.name in NUMERIC and right.name in NUMERIC:
            if left.dimension != right.dimension:
                wrong = node.right if right.dimension == NUMBER or left.dimension != NUMBER else node.left
                other = left if wrong is node.right else right
                code = "unit-missing" if NUMBER in (left.dimension, right.dimension) else "wrong-unit"
                message, hint = f"{describe(left)} is compared with {describe(right)}", unit_hint(other)
                counted = node.left if left == COUNT else node.right if right == COUNT else None
                if counted is not None and any(isinstance(each, Name) for each in counted.walk()):
                    wrong = node.right if counted is node.left else node.left
                    code, message = "wrong-unit", f"counts have no unit: {message}"
                    hint = f"Compare {counted.write()} with a whole number"
                self._tell(code, message, wrong, hint)
        elif left.name != right.name:
            self._tell("wrong-type", f"{describe(left)} is compared with {describe(right)}", node.right)
        elif left.name not in {"bool", "text"}:
            hint = "Use near(a, b, tolerance)" if left.name == "pose" else ""
            self._tell("wrong-type", f"{describe(left)} cannot be compared", node.left, hint)
        elif node.operator not in {"==", "!="}:
            self._tell("wrong-type", f"{describe(left)} has no order", node.left, "Only == and != go here")
        return BOOL

    def _call(self, node: Call) -> Type:
        wanted = {"abs": 1, "above": 2, "near": 3, "ptp": 1}.get(node.function)
        given = len(node.arguments)
        if (wanted is not None and given != wanted) or (wanted is None and given < 2):
            many = wanted if wanted is not None else "2 or more"
            return self._tell(
                "arguments",
                f"{node.function} takes {many} arguments, not {given}",
                node,
                "above(pose, length), near(a, b, tolerance), ptp(pose), abs(x), min(x, y), max(x, y)",
            )
        if node.function == "above":
            self._want(node.arguments[0], POSE, "The first argument of above")
            self._want(node.arguments[1], Type("number", LENGTH), "The second argument of above")
            return POSE
        if node.function == "near":
            return self._near(node)
        if node.function == "ptp":
            self._want(node.arguments[0], TARGET, "The argument of ptp")
            return PTP
        result = self._number(node.arguments[0], node.function)
        for argument in node.arguments[1:]:
            other = self._number(argument, node.function)
            if UNKNOWN not in (result, other) and result.dimension != other.dimension:
                self._tell(
                    "wrong-unit",
                    f"{node.function} of {describe(result)} and {describe(other)}",
                    argument,
                    unit_hint(result) or "Both need the same unit",
                )
                return UNKNOWN
            result = result if result == other else Type("number", result.dimension)
        return result

    def _items(self, node: Items) -> Type:
        if not node.items:
            return self._tell("value", "a list without targets", node, "Write at least one")
        for item in node.items:
            self._want(item, LEG, "A target in a list")
        return TARGETS

    def _near(self, node: Call) -> Type:
        first, second, tolerance = node.arguments
        given = self.type_of(first)
        if given.name in NUMERIC:
            number = Type("number", given.dimension)
            self._want(second, number, "The second argument of near")
            self._want(tolerance, number, "The tolerance of near")
        elif given == UNKNOWN or given.name in {"pose", "target"}:
            self._want(second, POSE if given != UNKNOWN else UNKNOWN, "The second argument of near")
            self._want(tolerance, Type("number", LENGTH) if given != UNKNOWN else UNKNOWN, "The tolerance of near")
        else:
            self._tell("wrong-type", f"near compares numbers or poses, not {describe(given)}", first)
        return BOOL


def start(node: Node) -> int:
    """The offset of a node's first character."""
    return min(each.offset for each in node.walk())
