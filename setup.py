"""What is compiled. Everything else about the package is in pyproject.toml."""

from Cython.Build import cythonize
from setuptools import Extension, setup

KERNELS = ["kinematics"]

setup(
    ext_modules=cythonize(
        [Extension(f"cellctl.motion._{name}", [f"ext/{name}.pyx"], extra_compile_args=["-O3"]) for name in KERNELS],
        build_dir="build/cython",
        language_level=3,
    )
)
