#!/bin/sh
# Compile the lock files from requirements/*.in and pyproject.toml.
#
#   scripts/lock.sh            keep the pinned versions where they still fit
#   scripts/lock.sh --upgrade  take the newest versions
#   scripts/lock.sh --check    fail if a lock does not follow from its sources
#
# The check compares names, versions and markers, not hashes: a wheel that is uploaded later to a
# pinned release must not fail it. No lock names an index or a place on a disk.
set -eu
cd "$(dirname "$0")/../requirements"

# In this order: each is held to the versions of the ones before it, but for the last, which has old ones.
locks="demo dev fuzz bench docs oldest"

compile() { # compile LOCK OPTION...: writes LOCK.txt in the current directory
    lock=$1
    shift
    uv pip compile --quiet --universal --python-version 3.11 \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
        "$@" ../pyproject.toml "$lock.in" --output-file "$lock.txt"
}

pins() { # pins FILE: its requirements, one a line, without hashes and comments
    sed -n 's/^\([a-z0-9][^#\\]*==[^#\\]*[^#\\ ]\) *\\\{0,1\}$/\1/p' "$1"
}

places() { # places FILE: the lines that name an index, a link or an absolute path
    grep -nE '://|^ *--?(index|extra-index|find-links|trusted-host|i |f )|(^|[ "=(])(/|~|[A-Za-z]:\\)' "$1"
}

if [ "${1-}" != --check ]; then
    for lock in $locks; do
        compile "$lock" --generate-hashes "$@"
    done
    exit
fi

copy=$(mktemp -d)
trap 'rm -r "$copy"' EXIT
mkdir "$copy/requirements"
cp ../pyproject.toml "$copy"
cp ./*.in ./*.txt "$copy/requirements"
status=0
for lock in $locks; do
    (cd "$copy/requirements" && compile "$lock" --no-annotate)
    pins "$lock.txt" >"$copy/committed"
    pins "$copy/requirements/$lock.txt" >"$copy/compiled"
    [ -s "$copy/committed" ] || { echo "requirements/$lock.txt pins nothing: run make lock" >&2; status=1; }
    if ! diff -u --label "requirements/$lock.txt" --label "what its sources ask for" \
        "$copy/committed" "$copy/compiled" >&2; then
        echo "requirements/$lock.txt is stale: run make lock" >&2
        status=1
    fi
    if places "$lock.txt" >&2; then
        echo "requirements/$lock.txt names an index or a path: nothing but names, versions and hashes belongs there" >&2
        status=1
    fi
done
exit $status
