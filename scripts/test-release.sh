#!/bin/sh
# test-release.sh - make a release of the last commit, use each package in a clean environment, and publish it to
# registries of this machine.
#
# The release is that of release.sh, for both architectures and with its crates verified, but its executables are not
# optimised. The first run takes half an hour on two processors. Executables for arm64 run in QEMU. What was built stays
# in target/release-test.
#
#   ... --binaries DIR    take the executables in DIR/x86_64 and DIR/arm64, such as dist/binaries of a release, and build
#                         none. As they are optimised, they also package a handler in Python
#
# Needs what `scripts/setup.sh --tests` installs.
set -eu
cd "$(dirname "$0")/.."
unset CARGO_TARGET_DIR
binaries=''
case ${1:-} in
    '') ;;
    --binaries) binaries=$(cd "${2:?--binaries needs a folder}" && pwd) ;;
    *) echo "test-release: unknown option $1: see the head of this script" >&2; exit 2 ;;
esac
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
[ -z "$binaries" ] || $tests/python-handler.sh "$work"
$tests/archive.sh "$work"
$tests/npm.sh "$work"
$tests/arm64.sh "$work"
say "crates"
$tests/crates.sh "$work"
say "publishing"
$tests/registries.sh "$work/one" "$work"
say "passed"
