"""Expressions to functions of a frame. No time passes in an expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from cellctl_drivers.universal_robots.urscript import tree
from cellctl_drivers.universal_robots.urscript.errors import ScriptError, name_not_found
from cellctl_drivers.universal_robots.urscript.program import (
    DEEPEST_CALL,
    Builtin,
    Builtins,
    Evaluate,
    Flow,
    Frame,
    Routine,
    Step,
)
from cellctl_drivers.universal_robots.urscript.values import OPERATORS, ScriptPose, Value, number, truth, whole

Called: TypeAlias = tuple[Builtin | Routine, tuple[Evaluate, ...]]
_CONSTANTS: dict[str, Value] = {"pi": 3.141592653589793}


@dataclass(frozen=True, slots=True)
class Names:
    """What the names in one function mean. ``variables`` are the program's globals while it runs."""

    local: set[str]
    shared: set[str]
    variables: dict[str, Value]
    routines: dict[str, Routine]
    builtins: Builtins


class ExpressionCompiler:
    """Compiles the expressions of one function."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def compile(self, node: tree.Expression) -> Evaluate:
        """A function that gives the expression's value. Raises ScriptError for unknown names."""
        match node:
            case tree.Constant():
                value = node.value
                return lambda frame: value
            case tree.Name():
                return self._name(node)
            case tree.ListOf():
                return self._list(node)
            case tree.Index():
                return self._index(node)
            case tree.Unary():
                return self._unary(node)
            case tree.Binary():
                return self._binary(node)
            case tree.Call():
                return self._call(node)
            case tree.Run():
                return self._run(node)

    def called(self, node: tree.Call) -> Called:
        """What is called, and one compiled value a parameter."""
        if (routine := self.names.routines.get(node.name)) is not None and not routine.thread:
            if node.named or len(node.arguments) != len(routine.parameters):
                raise ScriptError(f"compile_error_wrong_number_of_arguments:{node.name}:", node.line, node.column)
            return routine, tuple(self.compile(argument) for argument in node.arguments)
        builtin = self.names.builtins.get(node.name)
        if builtin is None:
            raise name_not_found(node.name, node.line, node.column)
        given = dict(zip(builtin.parameters, node.arguments, strict=False)) | dict(node.named)
        known = len(node.arguments) <= len(builtin.parameters) and given.keys() <= set(builtin.parameters)
        if not known or not given.keys() >= set(builtin.parameters[: builtin.required]):
            raise ScriptError(f"compile_error_wrong_number_of_arguments:{node.name}:", node.line, node.column)
        defaults = dict(zip(builtin.parameters[builtin.required :], builtin.defaults, strict=True))
        return builtin, tuple(
            self.compile(given[name]) if name in given else _constant(defaults[name]) for name in builtin.parameters
        )

    # -- one kind each -----------------------------------------------------------------------

    def _name(self, node: tree.Name) -> Evaluate:
        name = node.name
        if name in self.names.local:

            def local(frame: Frame) -> Value:
                try:
                    return frame.locals[name]
                except KeyError:
                    raise _not_assigned(node) from None

            return local
        if name in self.names.shared:
            variables = self.names.variables

            def shared(frame: Frame) -> Value:
                try:
                    return variables[name]
                except KeyError:
                    raise _not_assigned(node) from None

            return shared
        if name in _CONSTANTS:
            return _constant(_CONSTANTS[name])
        raise name_not_found(name, node.line, node.column)

    def _list(self, node: tree.ListOf) -> Evaluate:
        items = tuple(self.compile(item) for item in node.items)
        if node.pose:
            return lambda frame: ScriptPose(float(number(item(frame))) for item in items)
        return lambda frame: [item(frame) for item in items]

    def _index(self, node: tree.Index) -> Evaluate:
        of, index = self.compile(node.of), self.compile(node.index)

        def item(frame: Frame) -> Value:
            found, at = of(frame), whole(index(frame))
            if not isinstance(found, list) or not 0 <= at < len(found):
                raise ScriptError(f"Index error: no item {at}", node.line, node.column)
            return found[at]

        return item

    def _unary(self, node: tree.Unary) -> Evaluate:
        operand = self.compile(node.operand)
        if node.operator == "not":
            return lambda frame: not truth(operand(frame))
        return lambda frame: -number(operand(frame))

    def _binary(self, node: tree.Binary) -> Evaluate:
        left, right = self.compile(node.left), self.compile(node.right)
        if node.operator == "and":
            return lambda frame: (value := left(frame)) is not False and truth(value) and truth(right(frame))
        if node.operator == "or":
            return lambda frame: (value := left(frame)) is True or truth(value) or truth(right(frame))
        apply = OPERATORS[node.operator]
        if isinstance(node.right, tree.Constant):
            return _with_constant(node.operator, left, node.right.value)
        return lambda frame: apply(left(frame), right(frame))

    def _call(self, node: tree.Call) -> Evaluate:
        target, arguments = self.called(node)
        if isinstance(target, Builtin) and (call := target.value) is not None:
            value = call
            fixed = [argument.value for argument in node.arguments if isinstance(argument, tree.Constant)]
            if len(fixed) == len(arguments):  # such as read_port_register(128)
                return lambda frame: value(frame.thread, fixed.copy())
            return lambda frame: value(frame.thread, [argument(frame) for argument in arguments])
        if isinstance(target, Builtin) or target.slow:
            raise ScriptError(f"compile_error_waits_in_expression:{node.name}:", node.line, node.column)
        routine = target
        return lambda frame: _call_quick(routine, inner_frame(routine, arguments, frame))

    def _run(self, node: tree.Run) -> Evaluate:
        routine = self.names.routines.get(node.name)
        if routine is None or not routine.thread:
            raise name_not_found(node.name, node.line, node.column)
        return lambda frame: frame.thread.run(routine)


def inner_frame(routine: Routine, arguments: tuple[Evaluate, ...], frame: Frame) -> Frame:
    """The frame of a call, its parameters filled. Raises ScriptError where calls nest too deep."""
    if frame.depth >= DEEPEST_CALL:
        raise ScriptError(f"Recursion error: {routine.name} is {DEEPEST_CALL} calls deep")
    values = {name: argument(frame) for name, argument in zip(routine.parameters, arguments, strict=True)}
    return Frame(frame.thread, frame.depth + 1, values)


def run_quick(steps: tuple[Step, ...], frame: Frame) -> Flow:
    """Do steps in which no time passes."""
    for step in steps:
        assert step.quick is not None, "the compiler keeps slow steps out of quick blocks"
        flow = step.quick(frame)
        if flow is not None:
            return flow
    return None


def _call_quick(routine: Routine, frame: Frame) -> Value:
    flow = run_quick(routine.steps, frame)
    return flow[1] if flow is not None else None


def _constant(value: Value) -> Evaluate:
    return lambda frame: value


def _with_constant(operator: str, left: Evaluate, value: Value) -> Evaluate:
    """``left`` and a constant: most operations of a program that polls are of this kind."""
    if operator == "==":
        return lambda frame: left(frame) == value
    if operator == "!=":
        return lambda frame: left(frame) != value
    apply = OPERATORS[operator]
    return lambda frame: apply(left(frame), value)


def _not_assigned(node: tree.Name) -> ScriptError:
    return ScriptError(f"Variable '{node.name}' is not assigned yet", node.line, node.column)
