"""What is compiled. Everything else about the package is in pyproject.toml."""

from pathlib import Path

import numpy as np
from Cython.Build import cythonize
from setuptools import Extension, setup

OTG = ["audit", "axis", "blocked", "brake", "check", "curve", "inside", "phase", "plan", "simple"]
KINEMATICS = ["kernel", "kernel_scalar", "kernel_baseline", "kernel_avx2", "rotation", "inverse", "numeric",
              "parallel"]

#: Each kernel's Cython file in ext/, and the C files beside it.
KERNELS = {
    "kinematics": [f"ext/{name}.c" for name in KINEMATICS],
    "trajectory": ["ext/path.c", "ext/path_bounds.c"],
    "otg": ["ext/path.c", "ext/path_bounds.c", *[f"ext/otg_{name}.c" for name in OTG]],
    "wrist": [f"ext/wrist_{name}.c" for name in ("arm", "conic", "place", "polish", "rows", "settle")],
    "delta": ["ext/delta_arm.c"],
    "flat": ["ext/flat_arm.c"],
}

#: Products and sums stay apart: a motion is the same on every processor.
FLAGS = ["-O3", "-ffp-contract=off", "-fno-math-errno", "-Wno-psabi"]

setup(
    ext_modules=cythonize(
        [
            Extension(
                f"cellctl.motion._{name}",
                [f"ext/{name}.pyx", *sources],
                include_dirs=["ext", np.get_include()],
                define_macros=[("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")],
                depends=[str(header) for header in Path("ext").glob("*.h")],
                extra_compile_args=FLAGS,
            )
            for name, sources in KERNELS.items()
        ],
        build_dir="build/cython",
        language_level=3,
    )
)
