#!/bin/sh
# Make .venv, if there is none, and install into it what a lock file pins, and the project itself.
#
#   scripts/setup-venv.sh demo|dev
#   scripts/setup-venv.sh fuzz      the same in .venv-fuzz, an environment of its own
#   scripts/setup-venv.sh oldest    the same in .venv-oldest, with the oldest frameworks that are supported
#   scripts/setup-venv.sh bench     makes .venv-bench: the peers alone, the project is measured where it lies
#   scripts/setup-venv.sh docs      makes .venv-docs: what builds the site, which reads the project where it lies
#
# Only versions and hashes of the lock are accepted. The project is installed in place, by the build
# backend that the lock pins, so nothing else is fetched.
set -eu
cd "$(dirname "$0")/.."
lock=requirements/$1.txt
case $1 in
    fuzz | bench | docs | oldest) venv=.venv-$1 ;;
    *) venv=.venv ;;
esac
python=${PYTHON:-python3}

if ! command -v "$python" >/dev/null; then
    echo "There is no $python here: crossorigin needs Python 3.11 or newer." >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "crossorigin needs Python 3.11 or newer, and $python is $("$python" --version 2>&1)." >&2
    echo "Name another one: make PYTHON=python3.12" >&2
    exit 1
fi

# A half-made environment, or one whose Python has gone, is made again.
if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -f "$venv/.demo" "$venv/.dev" "$venv/.fuzz" "$venv/.bench" "$venv/.docs" "$venv/.oldest"
    PYTHON=$python scripts/install-system-packages.sh venv
    echo "Making $venv with $("$python" --version)"
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
