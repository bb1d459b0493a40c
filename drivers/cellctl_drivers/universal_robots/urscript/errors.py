"""What goes wrong with a script, in the words of the controller."""

from __future__ import annotations


class ScriptError(Exception):
    """A program that does not compile or cannot go on. ``line`` and ``column`` count from 1.

    The texts are those that the controller sends in its runtime-exception message, such as
    ``compile_error_name_not_found:foo:`` (seen in UniversalRobots/Universal_Robots_Client_Library,
    tests/test_primary_client.cpp) and ``syntax_error_on_line:3:end:`` (pharmbio/robotlab, notes.md).
    """

    def __init__(self, text: str, line: int = 0, column: int = 0) -> None:
        super().__init__(text)
        self.text = text
        self.line = line
        self.column = column


def syntax_error(line: int, source: str, column: int = 0) -> ScriptError:
    """The line could not be read; ``source`` is its text."""
    return ScriptError(f"syntax_error_on_line:{line}:{source}:", line, column)


def name_not_found(name: str, line: int, column: int) -> ScriptError:
    """The program uses a name that nobody defines."""
    return ScriptError(f"compile_error_name_not_found:{name}:", line, column)
