"""A tree to small functions, with every name looked up before anything runs.

A variable without qualifier belongs to the function that assigns it, unless the program has a
global of that name (URScript manual, "Scoping rules"); what the program's own body assigns is
global. A call in which time passes stands alone, on the right of ``=`` or after ``return``.
"""

from __future__ import annotations

from collections.abc import Iterator

from cellctl_drivers.universal_robots.urscript import tree
from cellctl_drivers.universal_robots.urscript.expressions import ExpressionCompiler, Names
from cellctl_drivers.universal_robots.urscript.parser import parse
from cellctl_drivers.universal_robots.urscript.program import Builtins, Program, Routine, Step
from cellctl_drivers.universal_robots.urscript.statements import StatementCompiler
from cellctl_drivers.universal_robots.urscript.values import Value


def compile_program(source: str, builtins: Builtins) -> Program:
    """The program in ``source``, ready to run. Raises ScriptError in the controller's words."""
    main = parse(source)
    functions = {function.name: function for function in _all_functions(main)}
    variables: dict[str, Value] = {}
    shared = _globals(main)
    slow = _slow_names(functions, builtins)
    routines = {
        name: Routine(name, function.parameters, function.thread, name in slow) for name, function in functions.items()
    }
    for name, function in functions.items():
        assigned = set(function.parameters)
        if function is not main:
            assigned |= {a.name for a in _assignments(function.body) if _is_local(a, shared)}
        names = Names(assigned, shared, variables, routines, builtins)
        routines[name].steps = _steps(function, names)
    return Program(main.name, routines[main.name], variables)


def _steps(function: tree.Function, names: Names) -> tuple[Step, ...]:
    return StatementCompiler(ExpressionCompiler(names)).block(function.body)


def _all_functions(function: tree.Function) -> Iterator[tree.Function]:
    yield function
    for inner in function.inner:
        yield from _all_functions(inner)


def _globals(main: tree.Function) -> set[str]:
    found = {assign.name for assign in _assignments(main.body)}
    for function in _all_functions(main):
        found |= {assign.name for assign in _assignments(function.body) if assign.scope == "global"}
    return found


def _is_local(assign: tree.Assign, shared: set[str]) -> bool:
    return assign.scope == "local" or (assign.scope == "" and assign.name not in shared)


def _statements(block: tree.Block) -> Iterator[tree.Statement]:
    for statement in block:
        yield statement
        if isinstance(statement, tree.While):
            yield from _statements(statement.body)
        elif isinstance(statement, tree.If):
            for _, branch in statement.branches:
                yield from _statements(branch)
            yield from _statements(statement.otherwise)


def _assignments(block: tree.Block) -> Iterator[tree.Assign]:
    return (statement for statement in _statements(block) if isinstance(statement, tree.Assign))


def _slow_names(functions: dict[str, tree.Function], builtins: Builtins) -> set[str]:
    """Functions in which time may pass: they loop, wait, or call one that does."""
    slow = {name for name, builtin in builtins.items() if builtin.wait is not None}
    for name, function in functions.items():
        if any(isinstance(s, tree.While) or (isinstance(s, tree.Handle) and s.how == "join")
               for s in _statements(function.body)):  # fmt: skip
            slow.add(name)
    while True:
        more = {
            name
            for name, function in functions.items()
            if name not in slow and any(call.name in slow for call in _calls(function.body))
        }
        if not more:
            return slow
        slow |= more


def _calls(block: tree.Block) -> Iterator[tree.Call]:
    for statement in _statements(block):
        candidate: object = None
        if isinstance(statement, tree.Do):
            candidate = statement.what
        elif isinstance(statement, tree.Assign | tree.Return):
            candidate = statement.value
        if isinstance(candidate, tree.Call):
            yield candidate
