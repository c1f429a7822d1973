#!/bin/sh
# Compile the lock files from requirements/*.in and pyproject.toml.
#
#   scripts/lock.sh            keep the pinned versions that still satisfy the requirements
#   scripts/lock.sh --upgrade  use the newest versions
#   scripts/lock.sh --check    fail if a lock file does not match its sources
#
# The check compares names, versions and markers but not hashes, because a wheel that is uploaded later to a pinned
# release must not make it fail. No lock file contains an index URL or a path.
set -eu
cd "$(dirname "$0")/../requirements"

# The order matters: each lock file uses the versions of the earlier ones, except for the last, which pins old versions.
locks="demo dev extras fuzz bench docs oldest"

compile() { # compile LOCK OPTION...: write LOCK.txt in the current directory
    lock=$1
    shift
    [ "$lock" != extras ] || set -- --all-extras "$@"
    uv pip compile --quiet --universal --python-version 3.11 \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
        "$@" ../pyproject.toml "$lock.in" --output-file "$lock.txt"
}

pins() { # pins FILE: print its requirements, one per line, without hashes and comments
    sed -n 's/^\([a-z0-9][^#\\]*==[^#\\]*[^#\\ ]\) *\\\{0,1\}$/\1/p' "$1"
}

locations() { # locations FILE: print the lines that contain an index URL, a link or an absolute path
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
    if ! diff -u --label "requirements/$lock.txt" --label "compiled from its sources" \
        "$copy/committed" "$copy/compiled" >&2; then
        echo "requirements/$lock.txt is stale: run make lock" >&2
        status=1
    fi
    if locations "$lock.txt" >&2; then
        echo "requirements/$lock.txt contains an index URL or a path: it must contain only names, versions and hashes" >&2
        status=1
    fi
done
exit $status
