"""Whether the cellctl that Python imports is the one in FOLDER, and whole: python tools/whole.py FOLDER

Every file of the sources' packages must be there (modules, stubs, .pxd, py.typed, YAML, scripts), and every kernel that
setup.py names must load from there.
"""

import runpy
import sys
from importlib import import_module
from pathlib import Path

import cellctl

SOURCES = Path(__file__).resolve().parents[1]
PACKAGES = [SOURCES / "cellctl", SOURCES / "drivers" / "cellctl_drivers"]


def missing(folder: Path) -> list[str]:
    """The files of the packages that are not in the folder."""
    files = [
        file.relative_to(package.parent)
        for package in PACKAGES
        for file in package.rglob("*")
        if file.is_file() and file.suffix not in {".so", ".pyc"}
    ]
    return [str(file) for file in files if not (folder / file).is_file()]


def main(folder: Path) -> None:
    """Say that all is well, or exit with what is not."""
    if (found := Path(cellctl.__file__).parents[1]) != folder:
        sys.exit(f"cellctl is imported from {found}, not from {folder}")
    if lacks := missing(folder):
        sys.exit(f"not in {folder}: {', '.join(lacks)}")
    kernels = runpy.run_path(str(SOURCES / "setup.py"))["KERNELS"]
    for name in kernels:
        file = Path(import_module(f"cellctl.motion._{name}").__file__ or "")
        if not file.is_relative_to(folder):
            sys.exit(f"kernel {name} is loaded from {file}, not from {folder}")
    print(f"cellctl in {folder} is whole, with {len(kernels)} kernels")


main(Path(sys.argv[1]).resolve())
