"""The drivers that come with cellctl are registered, light to import, and each keeps the contract."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cellctl.devices import driver_names, find_driver
from cellctl.devices.registry import load_object
from cellctl.errors import UsageError

OURS = ["altivar", "cognex", "robotiq", "universal_robots"]


@pytest.mark.parametrize("name", OURS)
def test_registered_with_device_and_emulator(name: str) -> None:
    driver = find_driver(name)
    assert driver.name == name
    assert driver.title
    assert callable(load_object(driver.device))
    assert callable(load_object(driver.emulator))
    assert (Path(__file__).parent / f"test_driver_{name}.py").is_file()


def test_every_driver_in_this_package_is_listed_here() -> None:
    assert sorted(name for name, point in driver_names().items() if point.value.startswith("cellctl_drivers.")) == OURS


@pytest.mark.parametrize("name", OURS)
def test_naming_a_driver_imports_neither_device_nor_emulator(name: str) -> None:
    found = "[m for m in sys.modules if m.endswith(('.driver', '.emulator'))]"
    code = f"import sys, cellctl_drivers.{name}; print({found})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_misspelt_driver_gets_a_suggestion() -> None:
    with pytest.raises(UsageError, match="Did you mean cognex"):
        find_driver("cognecks")
