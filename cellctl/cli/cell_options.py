"""The options by which verbs name files, and what is laid over them."""

from __future__ import annotations

import argparse

from cellctl.door.options import Options
from cellctl.errors import UsageError


def add_file_options(parser: argparse.ArgumentParser, *, emulate: bool = True) -> None:
    """PATH and everything that is laid over the files there."""
    what = "directory with cell.yaml and recipe.yaml, or a recipe file beside cell.yaml"
    parser.add_argument("path", metavar="PATH", help=what)
    if emulate:
        parser.add_argument(
            "--emulate",
            nargs="?",
            const="",
            default=None,
            metavar="A,B",
            help="emulate all devices, or those named (--emulate=camera,belt)",
        )
        parser.add_argument("--seed", type=int, metavar="N", help="seed of the plant behind emulated devices")
    parser.add_argument("--overlay", action="append", default=[], metavar="FILE", help="site overlay; may be repeated")
    parser.add_argument("--bind", action="append", default=[], metavar="ROLE=NAME", help="bind a role of the recipe")
    how = "give a parameter: --set belt_speed='200 mm/s'"
    parser.add_argument("--set", action="append", default=[], metavar="PARAM=VALUE", help=how)


def to_options(arguments: argparse.Namespace) -> Options:
    """What was given. Raises UsageError for what is malformed."""
    given: str | None = getattr(arguments, "emulate", None)
    emulate: tuple[str, ...] | None = ()
    if given is not None:
        emulate = tuple(name.strip() for name in given.split(",") if name.strip()) or None
    return Options(
        path=arguments.path,
        emulate=emulate,
        overlays=tuple(arguments.overlay),
        bindings=pairs(arguments.bind, "--bind"),
        parameters=pairs(arguments.set, "--set"),
        seed=getattr(arguments, "seed", None),
    )


def pairs(texts: list[str], option: str) -> dict[str, str]:
    """``NAME=VALUE`` texts of a repeated option. Raises UsageError for what is malformed."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name.strip() and equals and value.strip()):
            raise UsageError(f"{option} {text}: not NAME=VALUE")
        if name.strip() in found:
            raise UsageError(f"{option} {name.strip()} is given twice")
        found[name.strip()] = value.strip()
    return found
