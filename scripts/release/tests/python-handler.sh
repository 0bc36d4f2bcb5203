#!/bin/sh
# python-handler.sh WORK - in a virtual environment with nothing but the wheel, make, run and package a handler in Python.
#
# Fetches componentize-py, which the handler is built with, from PyPI.
set -eu
work=$1
. scripts/release/tests/lib.sh
python=$work/python
python3 -m venv "$python"
"$python/bin/pip" install --quiet --disable-pip-version-check --no-index --find-links "$work/one" bootstream
system_path=$python/bin:$system_path

say "python: new"
mkdir -p "$python/projects"
cd "$python/projects"
clean python bootstream new hello --template python >/dev/null
cd hello
install=$(sed -n 's/^install = "\(.*\)"/\1/p' bootstream.toml)
[ -n "$install" ] || die "python: the project does not say what to install"
# With the settings of this machine for PyPI.
PATH=$system_path sh -c "$install" >"$work/python.log" 2>&1 || { cat "$work/python.log" >&2; die "python: $install"; }
say "python: dev"
serves clean python bootstream dev .
! grep -q "$alone" "$work/dev.log" || die "python: its bootstrap is not found"
for arch in x86_64 arm64; do
    say "python: package for $arch"
    clean python bootstream package --arch $arch >"$work/python.log" 2>&1 ||
        { cat "$work/python.log" >&2; die "python: package fails"; }
    cmp dist/host-layer.zip "$work/one/host-layer-$arch.zip" || die "python: another layer"
    clean python bootstream doctor --only templates -p Architecture=$arch >"$work/python.log" 2>&1 ||
        { cat "$work/python.log" >&2; die "python: doctor finds faults in a new project"; }
done
