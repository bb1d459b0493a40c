"""Cell and recipe files: read, checked, and made into a Program. Names are imported when they are used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cellctl.recipe.api import Recipe, Report, check, check_paths, load_recipe
    from cellctl.recipe.cell import Cell
    from cellctl.recipe.diagnostics import CheckFailed, Diagnostic, render
    from cellctl.recipe.expressions import Expr, Stale, parse
    from cellctl.recipe.json_schema import schema
    from cellctl.recipe.loading import load_cell
    from cellctl.recipe.program import Mark, Program

_HOMES = {
    "CheckFailed": "diagnostics",
    "Recipe": "api",
    "Report": "api",
    "check": "api",
    "check_paths": "api",
    "load_cell": "loading",
    "load_recipe": "api",
    "Cell": "cell",
    "Diagnostic": "diagnostics",
    "render": "diagnostics",
    "Expr": "expressions",
    "Stale": "expressions",
    "parse": "expressions",
    "Mark": "program",
    "Program": "program",
    "schema": "json_schema",
}

__all__ = [
    "Cell",
    "CheckFailed",
    "Diagnostic",
    "Expr",
    "Mark",
    "Program",
    "Recipe",
    "Report",
    "Stale",
    "check",
    "check_paths",
    "load_cell",
    "load_recipe",
    "parse",
    "render",
    "schema",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
