"""The doors of the package: load a cell, load a recipe, check them together, check whatever paths are given."""

from __future__ import annotations

import gc
import hashlib
import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cellctl.recipe import reach
from cellctl.recipe.build import Builder
from cellctl.recipe.cell import Cell
from cellctl.recipe.cell_build import build_cell
from cellctl.recipe.cell_file import CellFile
from cellctl.recipe.check_assigned import AssignedChecker
from cellctl.recipe.check_flow import FlowChecker
from cellctl.recipe.check_names import bind, gather
from cellctl.recipe.check_program import check_program
from cellctl.recipe.check_steps import check_steps
from cellctl.recipe.compile import Compiler
from cellctl.recipe.diagnostics import CheckFailed, Diagnostic, Problems
from cellctl.recipe.overlay import lay
from cellctl.recipe.parameters import Value, parameter_values
from cellctl.recipe.program import PartSpec, Program
from cellctl.recipe.recipe_build import Recipe, build_recipe
from cellctl.recipe.source import Source, SourceError, from_data, read_source
from cellctl.recipe.yaml_nodes import MapNode, YamlNode, YamlProblem, compose, from_value

Overlay = Path | Mapping[str, Any]

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


def load_cell(path: Path | str, overlays: Sequence[Overlay] = ()) -> Cell:
    """The cell of a file, or of a directory's ``cell.yaml``, with overlays laid on in order. Raises CheckFailed."""
    problems = Problems()
    cell = _cell(_inside(Path(path), "cell.yaml"), overlays, _Files(problems), problems)
    problems.raise_if_failed()
    assert cell is not None, "there is a cell, or a problem"
    return cell


def load_recipe(path: Path | str) -> Recipe:
    """The recipe of a file, or of a directory's ``recipe.yaml``; its schema holds. Raises CheckFailed."""
    problems = Problems()
    recipe = _recipe(_inside(Path(path), "recipe.yaml"), _Files(problems), problems)
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
    files = _Files(problems)
    cells, recipes, sites = _sort(paths, files, problems)
    report.files = [str(each) for each in (*cells, *recipes, *sites)]
    made: dict[Path, Cell | None] = {}

    def cell_at(path: Path) -> Cell | None:
        if path not in made:
            own = [site for site in sites if site.parent == path.parent or len(cells) == 1]
            made[path] = _cell(path, [*own, *overlays], files, problems)
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


def _inside(path: Path, name: str) -> Path:
    return path / name if path.is_dir() else path


def _sort(paths: Sequence[Path | str], files: _Files, problems: Problems) -> tuple[list[Path], list[Path], list[Path]]:
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
                    if (home / name).exists():
                        found.append(home / name)
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
    return (path / "cell.yaml").exists() or (path / "recipe.yaml").exists()


class _Files:
    """Files as trees, each read once in a run."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._read: dict[Path, tuple[Source, YamlNode] | None] = {}

    def tree(self, path: Path) -> tuple[Source, YamlNode] | None:
        """The source and the tree of a file; None is told of."""
        if path not in self._read:
            self._read[path] = self._compose(path)
        return self._read[path]

    def _compose(self, path: Path) -> tuple[Source, YamlNode] | None:
        try:
            source = read_source(path)
        except SourceError as error:
            self._problems.add_source_error(error)
            return None
        try:
            return source, compose(source)
        except YamlProblem as error:
            self._problems.add_yaml_problem(source, error)
            return None


def _cell(path: Path, overlays: Sequence[Overlay], files: _Files, problems: Problems) -> Cell | None:
    found = files.tree(path)
    root = found[1] if found else None
    digest = hashlib.sha256(found[0].raw if found else b"")
    for index, overlay in enumerate(overlays, 1):
        if isinstance(overlay, Mapping):
            source = from_data(f"overlay {index}", overlay)
            laid: tuple[Source, YamlNode] | None = (source, from_value(source, overlay))
        else:
            laid = files.tree(overlay)
        if laid is not None:
            digest.update(b"\0overlay\0" + laid[0].raw)
            if isinstance(root, MapNode):
                root = lay(root, laid[1], problems)
    if root is None:
        return None
    builder = Builder(problems, {"devices": lambda node: dict(node.values) if isinstance(node, MapNode) else {}})
    file = builder.model(root, CellFile, "a cell file")
    if not isinstance(file, CellFile):
        return None
    cell = build_cell(file, problems, digest.hexdigest())
    reach.check_cell(cell, file, problems)
    return cell


def _recipe(path: Path, files: _Files, problems: Problems) -> Recipe | None:
    found = files.tree(path)
    return build_recipe(*found, problems) if found else None


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
    return program
