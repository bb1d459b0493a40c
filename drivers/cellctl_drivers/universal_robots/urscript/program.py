"""What a compiled script is made of: small Python functions, and generators where time passes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from cellctl_drivers.universal_robots.urscript.values import Value

if TYPE_CHECKING:
    from cellctl_drivers.universal_robots.urscript.machine import ScriptThread

Cancel: TypeAlias = Callable[[], None]
#: What a thread waits for: seconds, or something that calls back and can be told to forget it.
Wait: TypeAlias = "float | Callable[[Callable[[], None]], Cancel]"
#: None: go on; else ("return", value), ("break", None) or ("continue", None).
Flow: TypeAlias = tuple[str, Value] | None

#: One period of the controller, s: sleep and sync take at least this (500 Hz, URScript manual, "Thread scheduling").
FRAME = 0.002
#: Loop turns that a thread can make in one frame before it must wait for the next.
TURNS_A_FRAME = 500
DEEPEST_CALL = 50


@dataclass(slots=True)
class Frame:
    """One call of a function: its thread, its local variables, how deep it is."""

    thread: ScriptThread
    depth: int = 0
    locals: dict[str, Value] = field(default_factory=dict[str, Value])


Evaluate: TypeAlias = Callable[[Frame], Value]
Quick: TypeAlias = Callable[[Frame], Flow]
Slow: TypeAlias = Callable[[Frame], Generator[Wait, None, Flow]]
Store: TypeAlias = Callable[[Frame, Value], None]


@dataclass(frozen=True, slots=True)
class Step:
    """A compiled statement: ``quick`` where no time passes in it, else ``slow``."""

    quick: Quick | None
    slow: Slow | None


@dataclass(slots=True)
class Routine:
    """A compiled function or thread. ``slow``: time may pass in it."""

    name: str
    parameters: tuple[str, ...]
    thread: bool
    slow: bool
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Builtin:
    """A function of the controller: the first ``required`` parameters have no default.

    It has either ``value`` (gets the thread and one value a parameter, gives a value), or ``wait``
    (gives what the thread then waits for, None for nothing).
    """

    parameters: tuple[str, ...] = ()
    required: int = 0
    defaults: tuple[Value, ...] = ()
    value: Callable[[ScriptThread, list[Value]], Value] | None = None
    wait: Callable[[ScriptThread, list[Value]], Wait | None] | None = None


Builtins: TypeAlias = Mapping[str, Builtin]


@dataclass(slots=True)
class Program:
    """A program that compiled: its main routine and its global variables."""

    name: str
    main: Routine
    variables: dict[str, Value]
