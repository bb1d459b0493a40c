"""The subset of URScript that the emulated controller compiles and runs."""

from __future__ import annotations

import asyncio

import pytest

from cellctl import clock
from cellctl.emulation.virtual_time import run_virtual
from cellctl_drivers.universal_robots.urscript import Machine, ScriptError, Value, compile_program
from cellctl_drivers.universal_robots.urscript.program import Builtin, Builtins
from cellctl_drivers.universal_robots.urscript.values import number

Said = list[tuple[float, Value]]


def builtins(said: Said) -> Builtins:
    def say(thread: object, values: list[Value]) -> Value:
        said.append((round(clock.now() - 1000.0, 6), values[0]))
        return None

    return {
        "sleep": Builtin(("t",), 1, wait=lambda thread, values: float(number(values[0]))),
        "sync": Builtin(wait=lambda thread, values: 0.002),
        "say": Builtin(("x",), 1, value=say),
        "add": Builtin(("a", "b"), 1, (10,), value=lambda thread, values: number(values[0]) + number(values[1])),
    }


def run(source: str, *, seconds: float = 10.0) -> tuple[list[Value], ScriptError | None]:
    """What a program says, and what ended it (None where it ended by itself)."""
    said, error = timed(source, seconds=seconds)
    return [value for _, value in said], error


def timed(source: str, *, seconds: float = 10.0) -> tuple[Said, ScriptError | None]:
    said: Said = []

    async def main() -> ScriptError | None:
        ended: asyncio.Future[ScriptError | None] = asyncio.get_running_loop().create_future()
        Machine(compile_program(source, builtins(said)), on_end=ended.set_result).start()
        async with asyncio.timeout(seconds):
            return await ended

    return said, run_virtual(main())


def program(body: str) -> str:
    return "def test():\n" + body + "\nend\n"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3 - 4", 3),
        ("(1 + 2) * 3", 9),
        ("-2 * -3", 6),
        ("7 % 4", 3),
        ("1.5e1 / 2", 7.5),
        ("not 1 == 2", True),
        ("1 < 2 and 2 <= 2 or False", True),
        ('"a" + 1', "a1"),
        ("[1, [2, 3]][1][0]", 2),
        ("p[1, 2, 3, 4, 5, 6][2]", 3.0),
        ("add(1)", 11),
        ("add(1, b=2)", 3),
        ("[\n 1,\n 2\n][1]", 2),
    ],
)
def test_expressions(expression: str, value: Value) -> None:
    assert run(program(f"  say({expression})")) == ([value], None)


def test_flow_functions_and_scopes() -> None:
    said, error = run(
        program(
            """
  global total = 0
  def count(n):
    local i = 0
    while True:
      i = i + 1
      if i == 2:
        continue
      elif i > n:
        break
      else:
        total = total + i
      end
    end
    return total
  end
  def square(x):
    return x * x
  end
  result = count(4)
  say(result)
  say(total)
  say(square(square(2)))
  i = 7
  total = count(2)
  say(i)
  list = [1, 2]
  other = list
  other[0] = 9
  say(list[0])
"""
        )
    )
    assert error is None
    assert said == [8, 8, 16, 7, 1], "functions see globals, keep their locals, and lists are values"


def test_threads_run_beside_each_other_and_are_joined_and_killed() -> None:
    said, error = timed(
        program(
            """
  thread quick():
    sleep(0.1)
    say("quick")
  end
  thread endless():
    thread child():
      while True:
        say("child")
        sleep(0.2)
      end
    end
    run child()
    while True:
      sync()
    end
  end
  first = run quick()
  second = run endless()
  join first
  say("joined")
  join first
  sleep(0.2)
  kill second
  sleep(1)
  say("over")
"""
        )
    )
    assert error is None
    assert [value for _, value in said] == ["child", "quick", "joined", "child", "over"], "a child dies with its parent"
    assert said[-1][0] == pytest.approx(1.3)


def test_a_sleeping_thread_costs_nothing() -> None:
    turns = 0

    async def main() -> None:
        nonlocal turns
        loop = asyncio.get_running_loop()
        select = loop._selector.select  # type: ignore[attr-defined]

        def counted(timeout: float | None = None) -> object:
            nonlocal turns
            turns += 1
            return select(timeout)

        loop._selector.select = counted  # type: ignore[attr-defined]
        ended = loop.create_future()
        Machine(compile_program(program("  sleep(3600)"), builtins([])), on_end=ended.set_result).start()
        await ended

    run_virtual(main())
    assert turns < 20


def test_a_loop_that_never_waits_lets_others_run() -> None:
    said, _ = run(
        program(
            """
  global go = True
  thread stopper():
    sleep(0.05)
    go = False
  end
  run stopper()
  while go:
  end
  say("done")
"""
        )
    )
    assert said == ["done"]


def test_pause_and_resume_keep_the_time_left() -> None:
    said: Said = []

    async def main() -> None:
        ended: asyncio.Future[ScriptError | None] = asyncio.get_running_loop().create_future()
        machine = Machine(
            compile_program(program('  sleep(1)\n  say("late")'), builtins(said)), on_end=ended.set_result
        )
        machine.start()
        await clock.sleep(0.4)
        machine.pause()
        await clock.sleep(5.0)
        assert not said
        machine.resume()
        await ended

    run_virtual(main())
    assert said == [(6.0, "late")]


@pytest.mark.parametrize(
    ("source", "text", "line"),
    [
        ("def a():\n  movej([0])\nend", "compile_error_name_not_found:movej:", 2),
        ("def a():\n  x = y + 1\nend", "compile_error_name_not_found:y:", 2),
        ("def a():\n  run nobody()\nend", "compile_error_name_not_found:nobody:", 2),
        ("def a():\n  say(add(1, (2)\nend\n", "syntax_error_on_line:3:end:", 3),
        ("def a():\n  for i in x:\n  end\nend", "syntax_error_on_line:2:  for i in x::", 2),
        ("sec a():\nend", "syntax_error_on_line:1:sec a()::", 1),
        ("def a():\n  x = 3 $ 4\nend", "syntax_error_on_line:2:  x = 3 $ 4:", 2),
        ("def a():\n  while True\n  end\nend", "syntax_error_on_line:2:  while True:", 2),
        ("def a():\n  thread t(x):\n  end\nend", "syntax_error_on_line:2:  thread t(x)::", 2),
        ("def a():\n  p[1, 2]\nend", "syntax_error_on_line:2:  p[1, 2]:", 2),
        ("def a():\n  break\nend", "compile_error_break_outside_loop:", 2),
        ("def a():\n  say(1, 2)\nend", "compile_error_wrong_number_of_arguments:say:", 2),
        ("def a():\n  x = 1 + sleep(1)\nend", "compile_error_waits_in_expression:sleep:", 2),
        ("", "syntax_error_on_line:1::", 1),
    ],
)
def test_anything_else_is_a_compile_error(source: str, text: str, line: int) -> None:
    with pytest.raises(ScriptError) as caught:
        compile_program(source, builtins([]))
    assert (caught.value.text, caught.value.line) == (text, line)


@pytest.mark.parametrize("depth", [60, 5000])
def test_nesting_is_bounded(depth: int) -> None:
    for source in (f"say({'(' * depth}1{')' * depth})", f"say({'-' * depth}1)", f"say({'not ' * depth}True)"):
        with pytest.raises(ScriptError):
            compile_program(source, builtins([]))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("  say(1 / 0)", "Math error"),
        ("  say([1][1])", "Index error"),
        ("  if 1:\n  end", "a condition must be a boolean"),
        ('  say(1 - "a")', "a number was expected"),
        ("  x = 2147483647\n  say(x + 1)", "leaves 32 bits"),
        ("  if False:\n    y = 1\n  end\n  say(y)", "not assigned yet"),
        ("  def f(n):\n    return f(n + 1)\n  end\n  say(f(0))", "Recursion error"),
        ("  thread t():\n    sleep(1)\n  end\n  while True:\n    run t()\n  end", "Too many threads"),
        ('  join "x"', "is no thread"),
    ],
)
def test_runtime_errors_end_the_program(body: str, text: str) -> None:
    said, error = run(program(body))
    assert not said
    assert error is not None
    assert text in error.text
