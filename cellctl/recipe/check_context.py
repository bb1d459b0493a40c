"""What the checks of steps share: where they are, and conditions and constants."""

from __future__ import annotations

from dataclasses import dataclass

from cellctl.recipe.diagnostics import Problems
from cellctl.recipe.expressions import EvaluationError, Expr
from cellctl.recipe.recipe_build import Recipe
from cellctl.recipe.recipe_file import DEVICE_NEEDS
from cellctl.recipe.scope import Names, Scope
from cellctl.recipe.value_types import BOOL
from cellctl.recipe.yaml_nodes import MapNode, YamlNode
from cellctl.units import KINDS, show

_POSITIVE = {"speed", "acceleration", "angular_speed", "angular_acceleration", "force", "mass"}


@dataclass
class Context:
    """A recipe under check. ``scope`` is that of the operation that is looked at."""

    names: Names
    scope: Scope
    watched: frozenset[str]  # faults that a watch somewhere makes

    @property
    def problems(self) -> Problems:
        """Where everything wrong goes."""
        return self.names.problems

    @property
    def recipe(self) -> Recipe:
        """The recipe."""
        return self.names.recipe

    def tell(self, code: str, message: str, node: YamlNode, *, hint: str = "") -> None:
        """Tell of a problem."""
        self.problems.add(code, message, node, hint=hint)

    def kinds(self) -> set[str]:
        """The kinds of everything that steps here can command; any, where a need's kind has been told of."""
        written = self.recipe.file.place_of("needs")
        if (
            self.recipe.file.says("needs")
            and isinstance(written, MapNode)
            and written.values.keys() - self.recipe.file.needs.keys()
        ):
            return {*DEVICE_NEEDS}
        return {*self.scope.params.values(), *(str(kind) for kind in self.recipe.file.needs.values())}


def bounds(context: Context, name: str, expression: Expr, kind: str, node: YamlNode) -> None:
    """A constant that can never be right: a speed of zero, a negative width, a division by zero."""
    if expression.names:
        return
    try:
        value = expression.evaluate(lambda name, field: 0)
    except EvaluationError as error:
        context.tell("expression", error.message, node, hint=error.hint)
        return
    if isinstance(value, int | float) and not isinstance(value, bool) and kind in KINDS:
        if kind in _POSITIVE and value <= 0:
            context.tell("bounds", f"{name} must be above {show(0, kind)}, not {show(value, kind)}", node)
        elif kind in {"length", "time"} and value < 0:
            context.tell("bounds", f"{name} must be at least {show(0, kind)}, not {show(value, kind)}", node)


def condition(context: Context, expression: Expr, node: YamlNode, what: str) -> None:
    """Look at a condition: true or false, and able to change."""
    found = context.scope.check(expression, node, BOOL, what)
    if found == BOOL and not expression.names:
        context.tell("constant-condition", f"{what} never changes", node, hint="Name something in it, or remove it")
