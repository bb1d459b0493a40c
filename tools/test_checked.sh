#!/usr/bin/env bash
# Builds every kernel with bounds checks and sanitizers, in a folder of its own, and runs tests on them:
# tools/test_checked.sh PYTHON -m pytest ...
set -euo pipefail
cd "$(dirname "$0")/.."
checked=$PWD/build/checked
export CC=gcc # its sanitizers' run-time is a library that can be loaded before python
runtime=$($CC -print-file-name=libasan.so)
[ -e "$runtime" ] || { echo "the checked build needs gcc's libasan: apt install gcc" >&2; exit 1; }
rm -f "$checked"/report.*

CELLCTL_CHECKED=1 "$1" setup.py -q build --build-lib "$checked/lib"
echo "checked kernels: built in $SECONDS s"

# PYTHONMALLOC shows the sanitizer each block, libstdc++ is there before peers that throw, a peer in C++ deletes by another type than
# it made (the kernels are C), and CPython leaks by design.
# A worker that dies takes its words with it: they go to a file.
run() {
    env PYTHONPATH="$checked/lib:$PWD" PYTHONSAFEPATH=1 PYTHONMALLOC=malloc \
        ASAN_OPTIONS="detect_leaks=0:new_delete_type_mismatch=0:log_path=$checked/report" UBSAN_OPTIONS=print_stacktrace=1 \
        LD_PRELOAD="$runtime $($CC -print-file-name=libstdc++.so.6)" "$@"
}
run "$1" tools/whole.py "$checked/lib"
status=0
run "$@" || status=$?
for report in "$checked"/report.*; do
    [ -e "$report" ] || continue
    head -n 30 "$report"
    status=1
done
exit "$status"
