"""What the pages show about the motion core does what it says."""

import doctest
import re
from pathlib import Path

import cellctl.motion

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "motion.md"


def test_the_examples_run():
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    assert len(blocks) >= 16


def test_the_example_of_the_readme_runs():
    assert doctest.testfile(str(ROOT / "README.md"), module_relative=False, encoding="utf-8") == (0, 3)


def test_everything_the_package_names_is_there():
    for name in cellctl.motion.__all__:
        assert getattr(cellctl.motion, name).__module__.startswith("cellctl.motion.")
    assert set(cellctl.motion.__all__) <= set(dir(cellctl.motion))
