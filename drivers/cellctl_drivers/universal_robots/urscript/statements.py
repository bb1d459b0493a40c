"""Statements to steps: plain functions, or generators that yield what they wait for."""

from __future__ import annotations

from collections.abc import Generator
from typing import cast

from cellctl_drivers.universal_robots.urscript import tree
from cellctl_drivers.universal_robots.urscript.errors import ScriptError
from cellctl_drivers.universal_robots.urscript.expressions import ExpressionCompiler, inner_frame, run_quick
from cellctl_drivers.universal_robots.urscript.program import (
    FRAME,
    TURNS_A_FRAME,
    Builtin,
    Evaluate,
    Flow,
    Frame,
    Routine,
    Slow,
    Step,
    Store,
    Wait,
)
from cellctl_drivers.universal_robots.urscript.values import Value, copied, truth, whole


class StatementCompiler:
    """Compiles the statements of one function."""

    def __init__(self, expressions: ExpressionCompiler) -> None:
        self._expressions = expressions
        self._loops = 0

    def block(self, statements: tree.Block) -> tuple[Step, ...]:
        """The steps of a block, in order."""
        return tuple(self._step(statement) for statement in statements)

    def _step(self, node: tree.Statement) -> Step:
        match node:
            case tree.Assign():
                return self._assign(node)
            case tree.Do():
                return self._do(node)
            case tree.If():
                return self._if(node)
            case tree.While():
                return self._while(node)
            case tree.Return():
                return self._return(node)
            case tree.Leave():
                if self._loops == 0:
                    raise ScriptError(f"compile_error_{node.how}_outside_loop:", node.line, node.column)
                flow = (node.how, None)
                return Step(lambda frame: flow, None)
            case tree.Handle():
                return self._handle(node)

    # -- calls -------------------------------------------------------------------------------

    def _slow_call(self, node: tree.Expression | None) -> Slow | None:
        """The call if time passes in it."""
        if not isinstance(node, tree.Call):
            return None
        target, arguments = self._expressions.called(node)
        if isinstance(target, Builtin):
            return _waiting(target, arguments) if target.wait is not None else None
        return _running(target, arguments) if target.slow else None

    def _do(self, node: tree.Do) -> Step:
        if (slow := self._slow_call(node.what)) is not None:
            call = slow

            def do(frame: Frame) -> Generator[Wait, None, Flow]:
                yield from call(frame)
                return None

            return Step(None, do)
        evaluate = self._expressions.compile(node.what)

        def quick(frame: Frame) -> Flow:
            evaluate(frame)
            return None

        return Step(quick, None)

    def _return(self, node: tree.Return) -> Step:
        if (slow := self._slow_call(node.value)) is not None:
            return Step(None, slow)
        if node.value is None:
            return Step(lambda frame: ("return", None), None)
        evaluate = self._expressions.compile(node.value)
        return Step(lambda frame: ("return", evaluate(frame)), None)

    # -- variables ---------------------------------------------------------------------------

    def _assign(self, node: tree.Assign) -> Step:
        store = self._store(node)
        if (slow := self._slow_call(node.value)) is not None:
            call = slow

            def wait_and_store(frame: Frame) -> Generator[Wait, None, Flow]:
                flow = yield from call(frame)
                store(frame, flow[1] if flow is not None else None)
                return None

            return Step(None, wait_and_store)
        evaluate = self._expressions.compile(node.value)

        def quick(frame: Frame) -> Flow:
            store(frame, evaluate(frame))
            return None

        return Step(quick, None)

    def _store(self, node: tree.Assign) -> Store:
        names, name = self._expressions.names, node.name
        shared = names.variables if node.scope == "global" or name not in names.local else None
        if node.index is not None:
            return _store_item(shared, node, self._expressions.compile(node.index))
        if shared is None:

            def store_local(frame: Frame, value: Value) -> None:
                frame.locals[name] = copied(value) if isinstance(value, list) else value

            return store_local
        variables = shared

        def store_shared(frame: Frame, value: Value) -> None:
            variables[name] = copied(value) if isinstance(value, list) else value

        return store_shared

    # -- flow --------------------------------------------------------------------------------

    def _if(self, node: tree.If) -> Step:
        branches = [(self._expressions.compile(test), self.block(body)) for test, body in node.branches]
        otherwise = self.block(node.otherwise)

        def chosen(frame: Frame) -> tuple[Step, ...]:
            for test, steps in branches:
                if (value := test(frame)) is True or (value is not False and truth(value)):
                    return steps
            return otherwise

        if any(step.slow for _, steps in [*branches, (None, otherwise)] for step in steps):
            return Step(None, lambda frame: run_steps(chosen(frame), frame))

        def quick(frame: Frame) -> Flow:
            return run_quick(steps, frame) if (steps := chosen(frame)) else None

        return Step(quick, None)

    def _while(self, node: tree.While) -> Step:
        condition = self._expressions.compile(node.condition)
        self._loops += 1
        steps = self.block(node.body)
        self._loops -= 1

        def loop(frame: Frame) -> Generator[Wait, None, Flow]:
            while truth(condition(frame)):
                flow = yield from run_steps(steps, frame)
                if flow is not None and flow[0] == "return":
                    return flow
                if flow is not None and flow[0] == "break":
                    return None
                frame.thread.turns += 1
                if frame.thread.turns > TURNS_A_FRAME:
                    yield FRAME
            return None

        return Step(None, loop)

    def _handle(self, node: tree.Handle) -> Step:
        thread = self._expressions.compile(node.thread)
        if node.how == "kill":

            def kill(frame: Frame) -> Flow:
                if (found := frame.thread.machine.thread(thread(frame))) is not None:
                    found.kill()
                return None

            return Step(kill, None)

        def join(frame: Frame) -> Generator[Wait, None, Flow]:
            if (found := frame.thread.machine.thread(thread(frame))) is not None:
                yield found.when_ended
            return None

        return Step(None, join)


def run_steps(steps: tuple[Step, ...], frame: Frame) -> Generator[Wait, None, Flow]:
    """Do steps in which time may pass."""
    for step in steps:
        if step.quick is not None:
            flow = step.quick(frame)
        else:
            flow = yield from cast(Slow, step.slow)(frame)
        if flow is not None:
            return flow
    return None


def _waiting(builtin: Builtin, arguments: tuple[Evaluate, ...]) -> Slow:
    def call(frame: Frame) -> Generator[Wait, None, Flow]:
        assert builtin.wait is not None, "called only for functions that wait"
        wait = builtin.wait(frame.thread, [argument(frame) for argument in arguments])
        if wait is not None:
            yield wait
        return ("return", None)

    return call


def _running(routine: Routine, arguments: tuple[Evaluate, ...]) -> Slow:
    def call(frame: Frame) -> Generator[Wait, None, Flow]:
        flow = yield from run_steps(routine.steps, inner_frame(routine, arguments, frame))
        return flow if flow is not None else ("return", None)

    return call


def _store_item(shared: dict[str, Value] | None, node: tree.Assign, index: Evaluate) -> Store:
    def store(frame: Frame, value: Value) -> None:
        found = (frame.locals if shared is None else shared).get(node.name)
        at = whole(index(frame))
        if not isinstance(found, list) or not 0 <= at < len(found):
            raise ScriptError(f"Index error: no item {at}", node.line, node.column)
        cast("list[Value]", found)[at] = copied(value)

    return store
