# Each target does its own set-up: nothing else is typed after a clone.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
BUILT  := setup.py pyproject.toml $(wildcard ext/*.pyx ext/*.px[di] ext/*.c ext/*.h cellctl/motion/*.pxd)
PYTEST := -m pytest -n 3 --dist worksteal

.PHONY: run test test-checked test-wheel lint bench bench-motion fuzz-motion hil clean

run: $(VENV)/.installed                 ## the flagship recipe on the emulated cell
	@$(BIN)/cellctl run recipes/vision_sort --emulate

test: $(VENV)/.installed-test           ## every test, on emulated devices
	@$(BIN)/python $(PYTEST)

test-checked: fuzz-motion $(VENV)/.installed-test ## the kernels' tests with bounds checks and sanitizers
	@tools/test_checked.sh $(BIN)/python $(PYTEST) tests/unit/motion tests/unit/test_kinematics.py tests/unit/test_pose.py

# The whole suite, not a part: what a wheel may lack (a module, a schema, a driver's script) any test may be the one to miss.
test-wheel: $(VENV)/.installed-test     ## sdist and wheel, and every test on the wheel alone
	@tools/test_wheel.sh $(BIN)/python $(PYTEST)

lint: $(VENV)/.installed-test           ## style, types and layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/pyright --warnings
	@$(BIN)/lint-imports --no-cache

bench: $(VENV)/.installed-test          ## measured beside the peers; writes build/bench/cell.jsonl
	@$(BIN)/python -m benchmarks.cell

bench-motion: $(VENV)/.installed-bench  ## trajectories beside the peers; writes build/bench/motion.jsonl
	@$(BIN)/python -m benchmarks.motion

fuzz-motion:                            ## odd numbers for the planner, under the sanitizers
	@mkdir -p build
	@$(or $(CC),cc) -O1 -g -Wall -Wextra -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all -Iext tests/native/fuzz_otg.c ext/otg_*.c ext/path*.c -lm -o build/fuzz_otg
	@build/fuzz_otg 1000000

hil: $(VENV)/.installed-test            ## the same tests on hardware where it answers: make hil CELL=path
	@$(BIN)/python -m pytest hil_tests --cell $(or $(CELL),recipes/vision_sort)

$(VENV)/.installed: $(BUILT) | $(VENV)
	@echo "setting up: installing cellctl and building its kernels (about a minute)" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@$(BIN)/python -m compileall -q cellctl drivers
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo "setting up: installing what the tests need" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,lint]'
	@touch $@

$(VENV)/.installed-bench: $(VENV)/.installed-test
	@echo "setting up: installing the peers to be measured beside" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

# A missing system package is named before pip can fail with a page of text.
$(VENV):
	@command -v $(PYTHON) >/dev/null || { echo "cellctl needs Python 3.11 or newer: apt install python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "cellctl needs Python 3.11 or newer; $$($(PYTHON) --version) is too old. Try: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "cellctl needs the venv module: apt install python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' || { echo "cellctl builds a C extension and needs Python's headers: apt install python3-dev" >&2; exit 1; }
	@command -v $(or $(CC),cc) >/dev/null || { echo "cellctl builds a C extension and needs a compiler: apt install gcc" >&2; exit 1; }
	@printf '#if !__has_builtin(__builtin_shufflevector)\n#error\n#endif\n' | $(or $(CC),cc) -fsyntax-only -xc - 2>/dev/null || { echo "cellctl's kernels need gcc 12 or newer, or clang; $(or $(CC),cc) is older. Try: make CC=clang" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

clean:                                  ## forget everything that was built
	rm -rf $(VENV) build dist *.egg-info cellctl/motion/*.so
