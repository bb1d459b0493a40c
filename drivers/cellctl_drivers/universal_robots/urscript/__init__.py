"""The part of URScript that the emulated controller knows: anything else is a compile error."""

from cellctl_drivers.universal_robots.urscript.compiler import compile_program
from cellctl_drivers.universal_robots.urscript.errors import ScriptError
from cellctl_drivers.universal_robots.urscript.machine import Machine, ScriptThread
from cellctl_drivers.universal_robots.urscript.values import ScriptPose, Value

__all__ = ["Machine", "ScriptError", "ScriptPose", "ScriptThread", "Value", "compile_program"]
