"""The door for cells alone: whoever runs or emulates devices needs nothing of recipes, and starts sooner for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cellctl.recipe import reach
from cellctl.recipe.build import Builder
from cellctl.recipe.cell import Cell
from cellctl.recipe.cell_build import build_cell
from cellctl.recipe.cell_file import CellFile
from cellctl.recipe.diagnostics import Problems
from cellctl.recipe.overlay import lay
from cellctl.recipe.source import Source, SourceError, from_data, read_source
from cellctl.recipe.yaml_nodes import MapNode, YamlNode, YamlProblem, compose, from_value

Overlay = Path | Mapping[str, Any]


def load_cell(path: Path | str, overlays: Sequence[Overlay] = ()) -> Cell:
    """The cell of a file, or of a directory's ``cell.yaml``, with overlays laid on in order. Raises CheckFailed."""
    problems = Problems()
    cell = cell_of(inside(Path(path), "cell.yaml"), overlays, Files(problems), problems)
    problems.raise_if_failed()
    assert cell is not None, "there is a cell, or a problem"
    return cell


def inside(path: Path, name: str) -> Path:
    """The file of that name in a directory, or the file itself."""
    return path / name if path.is_dir() else path


class Files:
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


def is_other(root: YamlNode, wanted: str, other: Sequence[str], own: Sequence[str], problems: Problems) -> bool:
    """Whether a file is of the other kind, by the keys at its top; told of."""
    if not isinstance(root, MapNode) or any(key in root.values for key in own):
        return False
    found = next((key for key in other if key in root.values), None)
    if found is None:
        return False
    is_a = "a cell file" if "cell" in other else "a recipe"
    problems.add(
        "unknown-file",
        f"this is {is_a}, not {wanted}",
        root.keys[found],
        hint="A cell file begins with cell:, a recipe with recipe:",
    )
    return True


def cell_of(path: Path, overlays: Sequence[Overlay], files: Files, problems: Problems) -> Cell | None:
    """The cell of a file with overlays laid on in order; None is told of."""
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
    if root is None or is_other(root, "a cell file", ("recipe", "procedure"), ("cell", "devices"), problems):
        return None
    builder = Builder(problems, {"devices": lambda node: dict(node.values) if isinstance(node, MapNode) else {}})
    file = builder.model(root, CellFile, "a cell file")
    if not isinstance(file, CellFile):
        return None
    cell = build_cell(file, problems, digest.hexdigest())
    reach.check_cell(cell, file, problems)
    return cell
