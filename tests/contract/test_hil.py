"""The hardware tests run from a plain checkout: on what answers, else on emulators, and move only what they may."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CELL = ROOT / "recipes" / "vision_sort"
#: Nothing answers there, and the refusal comes at once.
NOBODY = {
    "arm": {"link": "tcp 127.0.0.1:9", "dashboard_port": 9},
    "camera": {"link": "tcp 127.0.0.1:9"},
}


def hil(overlay: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "hil_tests", "--cell", str(CELL), "--overlay", str(overlay), "-v"]
    return subprocess.run(
        [*command, "-p", "no:cacheprovider", "-p", "no:randomly", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip


def write(folder: Path, devices: dict[str, Any]) -> Path:
    file = folder / "overlay.yaml"
    file.write_text(json.dumps({"devices": devices}))  # JSON is YAML
    return file


@contextmanager
def served() -> Iterator[dict[str, Any]]:
    """The cell's devices in another process, as the overlay's entries."""
    command = [sys.executable, "-m", "cellctl.emulation", str(CELL)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["overlay"]["devices"]
        finally:
            process.communicate(timeout=20)


def test_emulators_stand_in_where_nothing_answers(tmp_path: Path) -> None:
    done = hil(write(tmp_path, NOBODY), "-k", "identity or (camera and command)")
    assert done.returncode == 0, done.stdout + done.stderr
    for unit in ("arm-universal_robots", "belt-altivar", "camera-cognex", "hand-robotiq"):
        assert f"test_identity[{unit}-emulator] PASSED" in done.stdout
    assert "camera (cognex): EMULATOR" in done.stdout


def test_hardware_is_found_and_not_moved(tmp_path: Path) -> None:
    with served() as devices:
        for entry in devices.values():  # as if they were the real ones
            entry["emulated"] = False
        done = hil(write(tmp_path, devices))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "emulator]" not in done.stdout
    for unit in ("arm-universal_robots", "hand-robotiq"):
        assert f"test_command_and_confirmation[{unit}-hardware] SKIPPED" in done.stdout
    for unit in ("belt-altivar", "camera-cognex"):
        assert f"test_command_and_confirmation[{unit}-hardware] PASSED" in done.stdout


@pytest.mark.parametrize("what", ["missing", "broken"])
def test_a_cell_file_that_cannot_be_read_is_said_at_once(tmp_path: Path, what: str) -> None:
    cell = tmp_path / "cell.yaml"
    if what == "broken":
        cell.write_text("cell: [")
    command = [sys.executable, "-m", "pytest", "hil_tests", "--cell", str(cell), "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "cell.yaml" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
