"""Options and fixtures of the hardware tests.

    pytest hil_tests --cell recipes/vision_sort [--overlay site.yaml] [--allow-motion]

Each device that answers at its address is tested as it is; for each other one its emulator stands in.
The test's id says which. Hardware is moved only with --allow-motion.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cellctl.errors import CellError
from hil_tests.bench import Bench, Unit, find

_BENCH = pytest.StashKey[Bench]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The cell to test, its overlays, and whether hardware may move."""
    group = parser.getgroup("hardware tests")
    group.addoption("--cell", default="recipes/vision_sort", help="cell file, or the folder that holds cell.yaml")
    group.addoption("--overlay", action="append", default=[], help="site overlay (several are laid on in order)")
    group.addoption("--allow-motion", action="store_true", help="hardware may move: stand clear")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each device of the cell, named after the device and what stands behind it."""
    if "unit" in metafunc.fixturenames:
        metafunc.parametrize("unit", _bench(metafunc.config).units, ids=str)


@pytest.fixture(scope="session")
def bench(pytestconfig: pytest.Config) -> Iterator[Bench]:
    """The cell under test with the emulators that it needs."""
    made = _bench(pytestconfig)
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def may_move(unit: Unit, pytestconfig: pytest.Config) -> bool:
    """Emulators always may; hardware with --allow-motion only."""
    return unit.emulated or bool(pytestconfig.getoption("--allow-motion"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What each device was, and what it confirmed."""
    made = config.stash.get(_BENCH, None)
    if made is None:
        return
    terminalreporter.section("devices")
    for unit in made.units:
        kind = "EMULATOR" if unit.emulated else "HARDWARE"
        terminalreporter.write_line(f"{unit.name} ({unit.driver}): {kind}. {unit.why}")
        for line in made.told.get(unit.name, ()):
            terminalreporter.write_line(f"    {line}")


def _bench(config: pytest.Config) -> Bench:
    if _BENCH not in config.stash:
        cell = _path(config, config.getoption("--cell"))
        file = cell / "cell.yaml" if cell.is_dir() else cell
        if not file.is_file():
            raise pytest.UsageError(f"--cell {cell}: there is no such cell file")
        overlays = [_path(config, overlay) for overlay in config.getoption("--overlay")]
        try:
            config.stash[_BENCH] = find(file, overlays)
        except CellError as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[_BENCH]


def _path(config: pytest.Config, text: str) -> Path:
    """Where the caller means it, else in the project."""
    here = config.invocation_params.dir / text
    return here if here.exists() else config.rootpath / text
