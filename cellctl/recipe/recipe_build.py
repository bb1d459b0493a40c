"""From the nodes of a recipe file to its models: the heads of steps, the ways of a choice, the built-in operations."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import ConfigDict

from cellctl.recipe.build import BROKEN, Builder
from cellctl.recipe.diagnostics import Problems, near
from cellctl.recipe.recipe_file import STEPS, Branch, OperationEntry, OperationsFile, RecipeFile
from cellctl.recipe.source import Source, from_text
from cellctl.recipe.value_types import VALUE_KINDS
from cellctl.recipe.yaml_nodes import ListNode, MapNode, ScalarNode, YamlNode, compose

BUILTIN = "operations.yaml"
_CONDITIONS = ("when", "otherwise")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe file that holds its schema. ``operations`` has the built-in ones too; ``digest`` is of the file."""

    name: str
    version: int
    digest: str
    source: Source
    file: RecipeFile
    operations: dict[str, OperationEntry]


class RecipeBuilder(Builder):
    """Builds steps by their head key."""

    def __init__(self, problems: Problems) -> None:
        super().__init__(problems, {"step": self._step, "branches": self._branches, "value_kind": self._value_kind})

    def _step(self, node: YamlNode) -> Any:
        if not isinstance(node, MapNode):
            self.problems.add(
                "wrong-type",
                f"a step must be a mapping, not {node.described}",
                node,
                hint="Begin it with a head key: {do: arm.move, to: ready}",
            )
            self.problems.suspects.update(node.texts())
            return BROKEN
        heads = [key for key in node.values if key in STEPS]
        if len(heads) == 1:
            return self.model(node, STEPS[heads[0]], f"the step {heads[0]}")
        self.problems.suspects.update(node.texts())
        if heads:
            self.problems.add(
                "step-head",
                f"a step has one head key, and this has {len(heads)}: {', '.join(heads)}",
                node.keys[heads[1]],
                hint="Make each of them a step of its own",
            )
        else:
            words = ", ".join(STEPS)
            odd = next((key for key in node.values if near(key, STEPS).startswith("Did")), None)
            hint = near(odd, STEPS) if odd else f"Give it one of: {words}"
            self.problems.add("step-head", "this step has no head key", node.keys[odd] if odd else node, hint=hint)
        return BROKEN

    def _branches(self, node: YamlNode) -> Any:
        if not isinstance(node, ListNode):
            self.problems.add(
                "wrong-type",
                f"choose must be a list of ways, not {node.described}",
                node,
                hint="- {when: part.good, steps: […]}",
            )
            return BROKEN
        made = [self._branch(item) for item in node.items]
        return [branch for branch in made if branch is not BROKEN]

    def _branch(self, node: YamlNode) -> Any:
        if not isinstance(node, MapNode) or not any(key in STEPS for key in node.values):
            return self.model(node, _BareBranch, "a way of choose")
        split = {
            True: MapNode(node.source, node.line, node.column),
            False: MapNode(node.source, node.line, node.column),
        }
        for key, value in node.values.items():
            part = split[key in _CONDITIONS]
            part.keys[key], part.values[key] = node.keys[key], value
        step = self._step(split[False])
        branch = self.model(split[True], _BareBranch, "a way of choose")
        branch.steps = [] if step is BROKEN else [step]
        return branch

    def _value_kind(self, node: YamlNode) -> Any:
        if isinstance(node, ScalarNode) and node.text in VALUE_KINDS:
            return node.text
        self.problems.add(
            "value",
            f"there is no type {node.described}",
            node,
            hint=near(node.text, VALUE_KINDS, f"The types are {', '.join(VALUE_KINDS)}")
            if isinstance(node, ScalarNode)
            else "",
        )
        return BROKEN


class _BareBranch(Branch):
    """A way of a choice whose step has been taken out."""

    model_config = ConfigDict(extra="forbid")


@cache
def builtin_operations() -> dict[str, OperationEntry]:
    """The operations that every recipe has."""
    text = files("cellctl.recipe").joinpath(BUILTIN).read_text(encoding="utf-8")
    problems = Problems()
    made = RecipeBuilder(problems).model(compose(from_text(BUILTIN, text)), OperationsFile)
    problems.raise_if_failed()
    assert isinstance(made, OperationsFile), "it holds its schema"
    return made.operations


def build_recipe(source: Source, root: YamlNode, problems: Problems) -> Recipe | None:
    """The recipe of a file; None where nothing can be made of it."""
    made = RecipeBuilder(problems).model(root, RecipeFile, "a recipe file")
    if not isinstance(made, RecipeFile):
        return None
    return Recipe(
        name=made.recipe or "",
        version=made.version or 0,
        digest=hashlib.sha256(source.raw).hexdigest(),
        source=source,
        file=made,
        operations={**builtin_operations(), **made.operations},
    )
