#!/usr/bin/env bash
# Builds the sdist and from it the wheel, then runs the tests on the installed wheel, where no source of cellctl is:
# tools/test_wheel.sh PYTHON -m pytest ...
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(realpath --no-symlinks "$1")
root=$PWD
work=$root/build/wheel
rm -rf "$work"
mkdir -p "$work/clean"

# A clean copy: what git knows and what it would add, nothing that was built.
git ls-files -z --cached --others --exclude-standard |
    tar --create --null --ignore-failed-read --files-from=- | tar --extract --directory "$work/clean"
cp -r "$work/clean" "$work/alone"
rm -r "$work"/alone/{cellctl,drivers,ext,setup.py}

"$python" -m build --outdir "$work/dist" "$work/clean" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
"$python" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$(ls "$work"/dist/*.whl)[test]"

cd "$work/alone"
site=$("$work/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
"$work/venv/bin/python" "$root/tools/whole.py" "$site"
"$work/venv/bin/cellctl" --help >/dev/null
echo "sdist and wheel: built and installed in $SECONDS s"
shift
exec "$work/venv/bin/python" "$@"
