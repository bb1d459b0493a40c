"""Tokens to a tree: recursive descent, one method a rule. Errors read as the controller writes them."""

from __future__ import annotations

from typing import Literal, cast

from cellctl_drivers.universal_robots.urscript import tree
from cellctl_drivers.universal_robots.urscript.errors import ScriptError, syntax_error
from cellctl_drivers.universal_robots.urscript.lexer import Token, tokens_of

_LEVELS: tuple[tuple[str, ...], ...] = (
    ("or",),
    ("and",),
    ("==", "!=", "<", "<=", ">", ">="),
    ("+", "-"),
    ("*", "/", "%"),
)
_DEEPEST = 40


def parse(source: str) -> tree.Function:
    """The program in ``source``: one ``def``, or a single line without one. Raises ScriptError."""
    parser = _Parser(source)
    return parser.program()


class _Parser:
    def __init__(self, source: str) -> None:
        self._lines = source.split("\n")
        self._tokens = tokens_of(source)
        self._at = 0
        self._depth = 0

    # -- tokens ------------------------------------------------------------------------------

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _error(self, token: Token) -> ScriptError:
        line = min(token.line, len(self._lines))
        return syntax_error(line, self._lines[line - 1], token.column)

    def _is(self, *texts: str) -> bool:
        return self._token.kind in ("keyword", "operator") and self._token.text in texts

    def _take(self, *texts: str) -> Token | None:
        if not self._is(*texts):
            return None
        self._at += 1
        return self._tokens[self._at - 1]

    def _need(self, text: str) -> Token:
        token = self._take(text)
        if token is None:
            raise self._error(self._token)
        return token

    def _name(self) -> Token:
        token = self._token
        if token.kind != "name":
            raise self._error(token)
        self._at += 1
        return token

    def _line_end(self) -> None:
        if self._token.kind != "newline":
            raise self._error(self._token)
        self._blank_lines()

    def _blank_lines(self) -> None:
        while self._token.kind == "newline":
            self._at += 1

    # -- functions and blocks ----------------------------------------------------------------

    def program(self) -> tree.Function:
        self._blank_lines()
        if self._is("def"):
            program = self._function()
        else:
            body = (self._statement(),)
            self._line_end()
            program = tree.Function(1, 1, "unnamed", (), body, False, ())
        if self._token.kind != "end":
            raise self._error(self._token)
        return program

    def _function(self) -> tree.Function:
        head = self._take("def", "thread")
        assert head is not None, "called only where one of them stands"
        name = self._name()
        self._need("(")
        parameters: list[str] = []
        while not self._is(")"):
            parameters.append(self._name().text)
            if not self._is(")"):
                self._need(",")
        self._need(")")
        if head.text == "thread" and parameters:
            raise self._error(head)
        self._need(":")
        self._line_end()
        inner: list[tree.Function] = []
        body = self._block(inner)
        self._need("end")
        self._line_end()
        return tree.Function(
            head.line, head.column, name.text, tuple(parameters), body, head.text == "thread", tuple(inner)
        )

    def _block(self, inner: list[tree.Function] | None = None) -> tree.Block:
        """Statements up to ``end``, ``elif`` or ``else``; functions are only defined in functions' own bodies."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(self._token)
        statements: list[tree.Statement] = []
        while not self._is("end", "elif", "else"):
            if inner is not None and self._is("def", "thread"):
                inner.append(self._function())
                continue
            statements.append(self._statement())
            if not isinstance(statements[-1], tree.If | tree.While):
                self._line_end()
        self._depth -= 1
        return tuple(statements)

    # -- statements --------------------------------------------------------------------------

    def _statement(self) -> tree.Statement:
        token = self._token
        if self._take("if"):
            return self._if(token)
        if self._take("while"):
            condition = self._condition()
            body = self._block()
            self._need("end")
            self._line_end()
            return tree.While(token.line, token.column, condition, body)
        if self._take("return"):
            value = None if self._token.kind == "newline" else self._expression()
            return tree.Return(token.line, token.column, value)
        if self._take("break", "continue"):
            return tree.Leave(token.line, token.column, cast(Literal["break", "continue"], token.text))
        if self._take("join", "kill"):
            return tree.Handle(token.line, token.column, cast(Literal["join", "kill"], token.text), self._expression())
        if self._take("local", "global"):
            return self._assign(cast(Literal["local", "global"], token.text))
        return self._plain()

    def _plain(self) -> tree.Statement:
        token = self._token
        if token.kind == "name" and self._tokens[self._at + 1].text in ("=", "[") and token.text != "p":
            return self._assign("")
        expression = self._expression()
        if not isinstance(expression, tree.Call | tree.Run):
            raise self._error(token)
        return tree.Do(token.line, token.column, expression)

    def _assign(self, scope: Literal["", "local", "global"]) -> tree.Assign:
        name = self._name()
        index = None
        if scope == "" and self._take("["):
            index = self._expression()
            self._need("]")
        self._need("=")
        return tree.Assign(name.line, name.column, name.text, self._expression(), scope, index)

    def _condition(self) -> tree.Expression:
        condition = self._expression()
        self._need(":")
        self._line_end()
        return condition

    def _if(self, token: Token) -> tree.If:
        condition = self._condition()
        branches = [(condition, self._block())]
        otherwise: tree.Block = ()
        while self._take("elif"):
            condition = self._condition()
            branches.append((condition, self._block()))
        if self._take("else"):
            self._need(":")
            self._line_end()
            otherwise = self._block()
        self._need("end")
        self._line_end()
        return tree.If(token.line, token.column, tuple(branches), otherwise)

    # -- expressions -------------------------------------------------------------------------

    def _expression(self) -> tree.Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(self._token)
        found = self._binary(0)
        self._depth -= 1
        return found

    def _binary(self, level: int) -> tree.Expression:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while token := self._take(*_LEVELS[level]):
            left = tree.Binary(token.line, token.column, token.text, left, self._binary(level + 1))
        return left

    def _unary(self) -> tree.Expression:
        if token := self._take("not", "-"):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise self._error(token)
            operand = self._binary(2) if token.text == "not" else self._unary()
            self._depth -= 1
            return tree.Unary(token.line, token.column, token.text, operand)
        found = self._atom()
        while token := self._take("["):
            found = tree.Index(token.line, token.column, found, self._expression())
            self._need("]")
        return found

    def _atom(self) -> tree.Expression:
        token = self._token
        self._at += 1
        if token.kind == "number":
            whole = token.text.isdigit()
            return tree.Constant(token.line, token.column, int(token.text) if whole else float(token.text))
        if token.kind == "string":
            return tree.Constant(token.line, token.column, token.text[1:-1])
        if token.kind == "name":
            return self._named(token)
        if token.text in ("True", "False"):
            return tree.Constant(token.line, token.column, token.text == "True")
        if token.text == "run":
            name = self._name()
            self._need("(")
            self._need(")")
            return tree.Run(token.line, token.column, name.text)
        if token.text == "(":
            inside = self._expression()
            self._need(")")
            return inside
        if token.text == "[":
            return tree.ListOf(token.line, token.column, self._items("]"), False)
        self._at -= 1
        raise self._error(token)

    def _named(self, token: Token) -> tree.Expression:
        if token.text == "p" and self._take("["):
            items = self._items("]")
            if len(items) != 6:
                raise self._error(token)
            return tree.ListOf(token.line, token.column, items, True)
        if not self._take("("):
            return tree.Name(token.line, token.column, token.text)
        arguments: list[tree.Expression] = []
        named: list[tuple[str, tree.Expression]] = []
        while not self._is(")"):
            if self._token.kind == "name" and self._tokens[self._at + 1].text == "=":
                key = self._name().text
                self._need("=")
                named.append((key, self._expression()))
            elif named:
                raise self._error(self._token)
            else:
                arguments.append(self._expression())
            if not self._is(")"):
                self._need(",")
        self._need(")")
        return tree.Call(token.line, token.column, token.text, tuple(arguments), tuple(named))

    def _items(self, closing: str) -> tuple[tree.Expression, ...]:
        items: list[tree.Expression] = []
        while not self._is(closing):
            items.append(self._expression())
            if not self._is(closing):
                self._need(",")
        self._need(closing)
        return tuple(items)
