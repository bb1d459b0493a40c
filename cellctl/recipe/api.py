"""The doors of the package: load a cell or a recipe, check them together, check whatever paths are given."""

from __future__ import annotations

import gc
import hashlib
import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cellctl.recipe import reach
from cellctl.recipe.cell import Cell
from cellctl.recipe.check_assigned import AssignedChecker
from cellctl.recipe.check_flow import FlowChecker
from cellctl.recipe.check_limits import check_limits
from cellctl.recipe.check_names import bind, gather
from cellctl.recipe.check_program import check_program
from cellctl.recipe.check_steps import check_steps
from cellctl.recipe.compile import Compiler
from cellctl.recipe.diagnostics import CheckFailed, Diagnostic, Problems
from cellctl.recipe.loading import Files, Overlay, cell_of, inside, is_other, load_cell
from cellctl.recipe.parameters import Value, parameter_values
from cellctl.recipe.program import PartSpec, Program
from cellctl.recipe.recipe_build import Recipe, build_recipe
from cellctl.recipe.source import Source
from cellctl.recipe.yaml_nodes import MapNode

__all__ = ["CheckFailed", "Recipe", "Report", "check", "check_paths", "load_cell", "load_recipe"]


@dataclass
class Report:
    """What ``check_paths`` found, and which files it looked at."""

    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])
    files: list[str] = field(default_factory=list[str])

    @property
    def ok(self) -> bool:
        """Whether there is no error (warnings do not count)."""
        return not any(each.severity == "error" for each in self.diagnostics)


def load_recipe(path: Path | str) -> Recipe:
    """The recipe of a file, or of a directory's ``recipe.yaml``; its schema holds. Raises CheckFailed."""
    problems = Problems()
    recipe = _recipe(inside(Path(path), "recipe.yaml"), Files(problems), problems)
    problems.raise_if_failed()
    assert recipe is not None, "there is a recipe, or a problem"
    return recipe


def check(
    cell: Cell, recipe: Recipe, bindings: Mapping[str, str] | None = None, parameters: Mapping[str, Value] | None = None
) -> Program:
    """The Program of a recipe on a cell. Raises CheckFailed with everything that is wrong."""
    problems = Problems()
    program = _check(cell, recipe, bindings or {}, parameters or {}, problems, complete=True)
    problems.raise_if_failed()
    assert program is not None, "there is a program, or a problem"
    return program


def check_paths(
    paths: Sequence[Path | str],
    *,
    overlays: Sequence[Overlay] = (),
    bindings: Mapping[str, str] | None = None,
    parameters: Mapping[str, Value] | None = None,
) -> Report:
    """Check files and directories; recipes are checked against the cell that is given, or lies beside them.

    A directory is its cell.yaml, recipe.yaml and site.yaml; one that has none of them is each of its
    directories that has. Nothing is raised for what is wrong in a file.
    """
    with _no_collection():
        return _check_paths(paths, overlays, bindings or {}, parameters or {})


@contextmanager
def _no_collection() -> Generator[None]:
    """No garbage collection meanwhile: a check makes many small objects that all stay, within known bounds."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _check_paths(
    paths: Sequence[Path | str],
    overlays: Sequence[Overlay],
    bindings: Mapping[str, str],
    parameters: Mapping[str, Value],
) -> Report:
    report, problems = Report(), Problems()
    files = Files(problems)
    cells, recipes, sites = _sort(paths, files, problems)
    report.files = [str(each) for each in (*cells, *recipes, *sites)]
    made: dict[Path, Cell | None] = {}

    def cell_at(path: Path) -> Cell | None:
        if path not in made:
            own = [site for site in sites if site.parent == path.parent or len(cells) == 1]
            made[path] = cell_of(path, [*own, *overlays], files, problems)
        return made[path]

    for path in cells:
        cell_at(path)
    for path in recipes:
        recipe = _recipe(path, files, problems)
        beside = path.parent / "cell.yaml"
        home = beside if beside in cells or (not cells and beside.is_file()) else cells[0] if len(cells) == 1 else None
        cell = cell_at(home) if home is not None else None
        if recipe is not None and (home is None or cell is not None):
            _check(cell, recipe, bindings, parameters, problems, complete=False)
    report.diagnostics = problems.diagnostics
    return report


def _sort(paths: Sequence[Path | str], files: Files, problems: Problems) -> tuple[list[Path], list[Path], list[Path]]:
    """Cells, recipes and overlays among the paths."""
    cells: list[Path] = []
    recipes: list[Path] = []
    sites: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            homes = (
                [path]
                if _is_home(path)
                else [each for each in sorted(path.iterdir()) if each.is_dir() and _is_home(each)]
            )
            if not homes:
                problems.place(
                    "nothing-to-check",
                    "there is no cell.yaml and no recipe.yaml here",
                    Source(str(path)),
                    1,
                    1,
                    hint="Give a directory that has them, or a file",
                )
            for home in homes:
                for name, found in (("cell.yaml", cells), ("recipe.yaml", recipes), ("site.yaml", sites)):
                    if _is_named(home / name):
                        found.append(home / name)
            if len(paths) == 1 and homes == [path]:
                _tell_missing(path, problems)
            continue
        tree = files.tree(path)
        if tree is None:
            continue
        root = tree[1]
        keys = root.values if isinstance(root, MapNode) else {}
        if "recipe" in keys or "procedure" in keys:
            recipes.append(path)
        elif "site" in keys:
            sites.append(path)
        elif "cell" in keys or "devices" in keys:
            cells.append(path)
        else:
            problems.add(
                "unknown-file",
                "this is neither a cell file nor a recipe",
                root,
                hint="A cell file begins with cell:, a recipe with recipe:, an overlay with site:",
            )
    return cells, recipes, sites


def _is_home(path: Path) -> bool:
    return _is_named(path / "cell.yaml") or _is_named(path / "recipe.yaml")


def _is_named(path: Path) -> bool:
    """Whether a directory has an entry of that name: reading a link that leads nowhere tells what is wrong with it."""
    return path.exists() or path.is_symlink()


def _tell_missing(home: Path, problems: Problems) -> None:
    """Say where a directory that is checked alone lacks one of the two files: the other is checked without it."""
    for name, other in (("cell.yaml", "recipe.yaml"), ("recipe.yaml", "cell.yaml")):
        if (home / other).is_file() and not _is_named(home / name):
            message = f"there is no {name} here, beside {other}"
            hint = f"Put it there, or give the file: {other} is checked without it then"
            problems.place("file-missing", message, Source(str(home)), 1, 1, hint=hint, severity="warning")


def _recipe(path: Path, files: Files, problems: Problems) -> Recipe | None:
    found = files.tree(path)
    if found is None or is_other(found[1], "a recipe", ("cell", "devices"), ("recipe", "procedure"), problems):
        return None
    return build_recipe(*found, problems)


def _check(
    cell: Cell | None,
    recipe: Recipe,
    bindings: Mapping[str, str],
    parameters: Mapping[str, Value],
    problems: Problems,
    *,
    complete: bool,
) -> Program | None:
    values = parameter_values(recipe, parameters, problems, complete=complete)
    bound = bind(recipe, cell, bindings, problems)
    names = gather(recipe, cell, bound, problems)
    check_steps(names)
    names.tell_missing()
    FlowChecker(names).check()
    AssignedChecker(names).check()
    compiler = Compiler(names)
    first, steps = compiler.compile()
    part = recipe.file.part
    spec = PartSpec(part.mass, part.width, part.tolerance) if part is not None and not part.broken else None
    digest = hashlib.sha256(
        "\0".join([recipe.digest, cell.digest if cell else "", json.dumps(bound, sort_keys=True)]).encode()
    ).hexdigest()
    program = Program(recipe.name, recipe.version, digest, first, steps, compiler.regions, values, bound, spec)
    if cell is not None:
        check_program(program, cell, compiler.nodes, problems)
        reach.check_program(program, cell, compiler.nodes, problems)
        check_limits(program, cell, compiler.nodes, part, problems)
    return program
