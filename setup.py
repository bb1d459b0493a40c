"""What is compiled. Everything else about the package is in pyproject.toml."""

import os
import re
import shutil
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup

OTG = [
    *["audit", "axis", "blocked", "brake", "check", "curve", "direct", "inside", "phase", "plan", "simple"],
    *["legs", "room", "starts", "stay", "stop", "soft", "touch"],
]
TOPP = [
    *["bernstein", "bounds", "mesh", "pass", "path", "profile", "rows", "spline"],
    *["newton", "smooth", "smooth_rows", "taper"],
]
INTERCEPT = ["intercept_plan", "intercept_axis", "intercept_blame", "intercept_span"]
KINEMATICS = ["kernel", "kernel_scalar", "kernel_baseline", "kernel_avx2", "frame", "rotation", "inverse", "numeric"]

PLANNER = ["ext/path.c", "ext/path_bounds.c", *[f"ext/otg_{name}.c" for name in OTG]]

#: Each kernel's Cython file in ext/, and the C files beside it.
KERNELS = {
    "kinematics": [f"ext/{name}.c" for name in KINEMATICS],
    "trajectory": ["ext/path.c", "ext/path_bounds.c"],
    "otg": PLANNER,
    "intercept": [*PLANNER, *[f"ext/{name}.c" for name in INTERCEPT]],
    "waypoints": [*PLANNER, *[f"ext/waypoints_{name}.c" for name in ("search", "lp", "start")]],
    "wrist": [f"ext/wrist_{name}.c" for name in ("arm", "conic", "place", "polish", "rows", "settle")],
    "parallel": ["ext/parallel_arm.c"],
    "delta": ["ext/delta_arm.c"],
    "flat": ["ext/flat_arm.c"],
    "near": [f"ext/{name}.c" for name in ("near_arm", "near_curve", "near_trace", "inverse", "frame", "rotation")],
    "dynamics": ["ext/newton_euler.c"],
    "topp": [f"ext/topp_{name}.c" for name in TOPP],
}

#: Products and sums stay apart: a motion is the same on every processor.
FLAGS = ["-O3", "-ffp-contract=off", "-fno-math-errno", "-Wno-psabi"]

#: ``make test-checked`` sets it: every kernel with bounds checks and sanitizers, in a build folder of its own.
CHECKED = "CELLCTL_CHECKED" in os.environ
BUILD = Path("build/checked" if CHECKED else "build")
SANITIZE = ["-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all"]


def cython_folder() -> Path:
    """Where the Cython files are read: ext/, or for a checked build a copy in which no check is switched off.

    wraparound stays off, so that a negative index is an error too. cdivision stays on: the kernels mean a division by
    zero to give an infinity, and the sanitizer sees the one of integers.
    """
    ext = Path("ext")
    if not CHECKED:
        return ext
    copies = BUILD / "ext"
    copies.mkdir(parents=True, exist_ok=True)
    for file in [*ext.glob("*.pyx"), *ext.glob("*.px[di]")]:
        text = re.sub(r"\b(boundscheck|initializedcheck)(\s*[=(]\s*)False", r"\1\2True", file.read_text("utf-8"))
        copy = copies / file.name
        copy.write_text(text, "utf-8")
        shutil.copystat(file, copy)  # what has not changed is not compiled again
    return copies


def kernel(name: str, sources: list[str], folder: Path) -> Extension:
    return Extension(
        f"cellctl.motion._{name}",
        [str(folder / f"{name}.pyx"), *sources],
        include_dirs=["ext", numpy.get_include()],
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")],
        depends=[str(header) for header in Path("ext").glob("*.h")],
        extra_compile_args=[*FLAGS, "-O1", "-g", *SANITIZE] if CHECKED else FLAGS,
        extra_link_args=SANITIZE if CHECKED else [],
    )


if __name__ == "__main__":
    folder = cython_folder()
    setup(
        ext_modules=cythonize(
            [kernel(name, sources, folder) for name, sources in KERNELS.items()],
            build_dir=str(BUILD / "cython"),
            compiler_directives={"nonecheck": CHECKED, "show_performance_hints": not CHECKED},
            language_level=3,
        ),
        options={"build": {"build_base": str(BUILD)}},
    )
