"""A PATH is a directory (its cell.yaml, recipe.yaml, and site.yaml if there is one) or a file. All findings come
in one run, each once, with file:line:column. Exit code 1 where there are errors."""

from __future__ import annotations

import argparse

from cellctl.cli import exits
from cellctl.cli.cell_options import pairs
from cellctl.cli.output import say


def configure(parser: argparse.ArgumentParser) -> None:
    """Which files, what is laid over them, and in which form findings are printed."""
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument("--overlay", action="append", default=[], metavar="FILE", help="site overlay; may be repeated")
    parser.add_argument("--bind", action="append", default=[], metavar="ROLE=NAME", help="bind a role of the recipe")
    parser.add_argument("--set", action="append", default=[], metavar="PARAM=VALUE", help="give a parameter")
    parser.add_argument("--output-format", choices=("full", "concise", "json"), default="full")


def run(arguments: argparse.Namespace) -> int:
    """Check and print."""
    from pathlib import Path

    from cellctl.recipe import check_paths, render

    report = check_paths(
        [Path(path) for path in arguments.paths],
        overlays=[Path(overlay) for overlay in arguments.overlay],
        bindings=pairs(arguments.bind, "--bind"),
        parameters=pairs(arguments.set, "--set"),
    )
    text = render(report.diagnostics, arguments.output_format).rstrip()
    if text:
        print(text)
    errors = sum(each.severity == "error" for each in report.diagnostics)
    warnings = len(report.diagnostics) - errors
    say(f"{len(arguments.paths)} checked: {errors} errors, {warnings} warnings")
    return exits.FAILED if errors else exits.OK
