#!/bin/sh
# test-release.sh - make a release of the last commit, use each package in a clean environment, and publish it to
# registries of this machine.
#
# The release is that of release.sh, for both architectures and with its crates verified, but its executables are not
# optimised. The first run takes half an hour on two processors. Executables for arm64 run in QEMU. What was built stays
# in target/release-test.
#
#   ... --binaries DIR    take the executables in DIR/x86_64 and DIR/arm64, such as dist/binaries of a release, and build
#                         none
#   ... --handlers        also make, serve and package a handler in Python. Its component has 18 MB, which only an optimised
#                         command compiles in seconds
#
# Needs what `scripts/setup.sh --tests` installs.
set -eu
cd "$(dirname "$0")/.."
unset CARGO_TARGET_DIR
binaries='' handlers=0
while [ $# -gt 0 ]; do
    case $1 in
        --binaries) binaries=$(cd "${2:?--binaries needs a folder}" && pwd); shift ;;
        --handlers) handlers=1 ;;
        *) echo "test-release: unknown option $1: see the head of this script" >&2; exit 2 ;;
    esac
    shift
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
tests=scripts/release/tests
. $tests/lib.sh

say "workflows"
$tests/workflows.sh "$work"
say "a release, twice"
$tests/build.sh "$work" "$binaries"
say "executables and their bills of materials"
$tests/executables.sh "$work"
say "completions and manual pages"
$tests/manual.sh "$work"
say "packages"
$tests/python-packages.sh "$work"
[ $handlers = 0 ] || $tests/python-handler.sh "$work"
$tests/archive.sh "$work"
$tests/npm.sh "$work"
$tests/arm64.sh "$work"
say "crates"
$tests/crates.sh "$work"
say "publishing"
$tests/registries.sh "$work/one" "$work"
say "passed"
