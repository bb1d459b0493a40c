"""What a controller is started with: the words between ``cellctl run`` and its controller process."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cellctl.errors import UsageError


@dataclass(frozen=True, slots=True)
class Options:
    """What to run. ``path`` is a cell's directory, or a recipe file with ``cell.yaml`` beside it.

    ``emulate``: devices to emulate, empty for none, None for all of them.
    """

    path: str
    emulate: tuple[str, ...] | None = ()
    overlays: tuple[str, ...] = ()
    bindings: dict[str, str] = field(default_factory=dict[str, str])
    parameters: dict[str, str] = field(default_factory=dict[str, str])
    seed: int | None = None

    @property
    def directory(self) -> Path:
        """Where the cell's files are."""
        path = Path(self.path)
        return path if path.is_dir() else path.parent

    @property
    def cell_file(self) -> Path:
        """The cell file. Raises UsageError where there is none."""
        return self._existing(self.directory / "cell.yaml", "cell file")

    @property
    def recipe_file(self) -> Path:
        """The recipe file. Raises UsageError where there is none."""
        path = Path(self.path)
        return self._existing(path / "recipe.yaml" if path.is_dir() else path, "recipe file")

    @property
    def overlay_files(self) -> list[Path]:
        """The site overlay of the directory, if it has one, and those that were named."""
        site = self.directory / "site.yaml"
        named = [self._existing(Path(overlay), "overlay") for overlay in self.overlays]
        return [site, *named] if site.exists() else named

    def to_text(self) -> str:
        """As one argument of a command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Options:
        """What ``to_text`` wrote."""
        found: dict[str, Any] = json.loads(text)
        emulate = found["emulate"]
        return cls(
            path=found["path"],
            emulate=None if emulate is None else tuple(emulate),
            overlays=tuple(found["overlays"]),
            bindings=found["bindings"],
            parameters=found["parameters"],
            seed=found["seed"],
        )

    def _existing(self, path: Path, what: str) -> Path:
        if not path.exists():
            raise UsageError(f"there is no {what} {path}", hint="Name a directory with cell.yaml and recipe.yaml in it")
        return path
