#!/bin/sh
# python.sh - install what packs wheels and writes SBOMs into target/release-python. Prints its Python.
set -eu
list=scripts/release/requirements.txt venv=target/release-python
if ! cmp -s $list $venv/installed.txt; then
    python3 -m venv --clear $venv
    $venv/bin/pip install --quiet --disable-pip-version-check -r $list >&2
    cp $list $venv/installed.txt
fi
echo "$venv/bin/python"
