"""The program that runs on the arm, with the values of one session in it."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from cellctl.motion.pose import Pose

#: s between two looks of the watching thread (``sleep(0.02)`` in program.script).
PERIOD = 0.02


@cache
def template() -> str:
    """``program.script`` as it is shipped."""
    return files("cellctl_drivers.universal_robots").joinpath("program.script").read_text("utf-8")


def program_text(*, session: int, watchdog: float, tool: Pose, payload: float) -> str:
    """The program for one session. ``watchdog`` in s, ``tool`` on the flange, ``payload`` in kg."""
    text = template()
    for name, value in (
        ("session", str(session)),
        ("watchdog", str(max(round(watchdog / PERIOD), 2))),
        ("tool", "p[" + ", ".join(f"{number:.9f}" for number in tool) + "]"),
        ("payload", f"{payload:.4f}"),
    ):
        text, count = re.subn(rf"^  global {name} = .*$", f"  global {name} = {value}", text, flags=re.MULTILINE)
        assert count == 1, f"program.script sets {name} once"
    return text
