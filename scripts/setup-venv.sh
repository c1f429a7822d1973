#!/bin/sh
# Create a virtual environment if it does not exist, and install the packages of a lock file and the project into it.
#
#   scripts/setup-venv.sh demo|dev  use .venv
#   scripts/setup-venv.sh fuzz      use .venv-fuzz
#   scripts/setup-venv.sh python    use .venv-python, with the packages of dev: for another release of Python
#   scripts/setup-venv.sh oldest    use .venv-oldest, with the oldest supported frameworks
#   scripts/setup-venv.sh bench     use .venv-bench, with the compared libraries only: the benchmarks import the project
#                                   from its source tree
#   scripts/setup-venv.sh docs      use .venv-docs, with the site builder only: it reads the project from its source tree
#
# Only the versions and hashes of the lock file are accepted. The project is installed in editable mode with the build
# backend that the lock file pins, so nothing else is downloaded.
set -eu
cd "$(dirname "$0")/.."
lock=requirements/$1.txt
case $1 in
    python)
        venv=.venv-python
        lock=requirements/dev.txt
        ;;
    fuzz | bench | docs | oldest) venv=.venv-$1 ;;
    *) venv=.venv ;;
esac
python=${PYTHON:-python3}

if ! command -v "$python" >/dev/null; then
    echo "$python was not found: crossorigin requires Python 3.11 or newer." >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "crossorigin requires Python 3.11 or newer, but $python is $("$python" --version 2>&1)." >&2
    echo "Choose another one, for example: make PYTHON=python3.12" >&2
    exit 1
fi

# An incomplete environment, or one whose Python no longer exists, is created again.
if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -f "$venv/.demo" "$venv/.dev" "$venv/.fuzz" "$venv/.bench" "$venv/.docs" "$venv/.oldest"
    PYTHON=$python scripts/install-system-packages.sh venv
    echo "Creating $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
fi

pip() {
    "$venv/bin/python" -m pip --disable-pip-version-check --quiet "$@"
}

echo "Installing $lock into $venv"
pip install --require-hashes --no-deps -r "$lock"
case $1 in
    bench | docs) ;;
    *) pip install --no-deps --no-build-isolation --no-index --editable . ;;
esac
