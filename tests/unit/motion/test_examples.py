"""The page of examples does what it says."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "motion.md"


def test_the_examples_run():
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    assert len(blocks) >= 9
