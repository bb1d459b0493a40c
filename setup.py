"""What is compiled. Everything else about the package is in pyproject.toml."""

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

OTG = ["audit", "axis", "blocked", "brake", "check", "curve", "inside", "phase", "plan", "simple"]

#: Each kernel's Cython file in ext/, and the C files beside it.
KERNELS = {
    "kinematics": [],
    "trajectory": ["ext/path.c", "ext/path_bounds.c"],
    "otg": ["ext/path.c", "ext/path_bounds.c", *[f"ext/otg_{name}.c" for name in OTG]],
}

#: Products and sums stay apart: a trajectory is the same on every processor.
FLAGS = ["-O3", "-ffp-contract=off", "-fno-math-errno"]

setup(
    ext_modules=cythonize(
        [
            Extension(
                f"cellctl.motion._{name}",
                [f"ext/{name}.pyx", *sources],
                include_dirs=["ext"],
                depends=[str(header) for header in Path("ext").glob("*.h")],
                extra_compile_args=["-O3"] if name == "kinematics" else FLAGS,
            )
            for name, sources in KERNELS.items()
        ],
        build_dir="build/cython",
        language_level=3,
    )
)
