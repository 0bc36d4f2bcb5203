#!/bin/sh
# release.sh - build and pack a release, or publish the one that is packed.
#
#   scripts/release.sh [VERSION]            build everything for x86_64 and arm64, and pack it into dist/release;
#                                           VERSION must be the workspace's
#   ... --binaries DIR                      pack the executables in DIR/x86_64 and DIR/arm64 instead of building
#                                           any: bootstream, bootstream-compile, bootstrap, bootstrap-wasi-p3
#   ... --out DIR                           another folder than dist/release
#   ... --twice                             do it once more in a clone in another folder, and compare
#   ... --advisories                          first ask for known vulnerabilities of dependencies, by cargo-deny
#   ... --no-verify                         do not build each crate from its archive
#   scripts/release.sh --publish [--dry-run]
#                                           publish dist/release: crates.io, PyPI, npm, then the release on GitHub.
#                                           What is there already is skipped, so this can be run again. With
#                                           --dry-run, print the commands
#
# The same commit gives the same bytes, whatever the folder, the time, the time zone and the umask. Prints the
# paths of the results on standard output, everything else on standard error.
set -eu
cd "$(dirname "$0")/.."
unset CARGO_TARGET_DIR
umask 022
export LC_ALL=C TZ=UTC

say() { echo "release: $*" >&2; }
die() { say "$*"; exit 1; }

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
out=dist/release binaries='' verify='' action=pack dry='' twice=0 advisories=0
while [ $# -gt 0 ]; do
    case $1 in
        --binaries) binaries=${2:?--binaries needs a folder}; shift ;;
        --out) out=${2:?--out needs a folder}; shift ;;
        --no-verify) verify=--no-verify ;;
        --twice) twice=1 ;;
        --advisories) advisories=1 ;;
        --publish) action=publish ;;
        --dry-run) dry=--dry-run ;;
        -h | --help) sed -n '2,/^set -eu/{/^set/d;s/^# \{0,1\}//;p;}' "$0"; exit 0 ;;
        -*) say "unknown option $1: see --help"; exit 2 ;;
        *) [ "$1" = "$version" ] || die "this checkout is of version $version, not $1: change Cargo.toml first" ;;
    esac
    shift
done
export VERSION="$version"
[ "$action" = pack ] || exec scripts/release/publish.sh "$out" $dry

if [ $advisories = 1 ]; then
    PATH=$PWD/target/tools/bin:$PATH
    cargo install --quiet --locked --debug --root target/tools "cargo-deny@$(sed -n 's/^CARGO_DENY_VERSION=//p' .ci/run)"
    cargo deny --log-level error check advisories >&2
fi
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
if [ -z "$binaries" ]; then
    binaries=dist/binaries
    scripts/release/build.sh "$binaries" "$out"
else
    scripts/release/host-archives.sh "$binaries" "$out"
fi
for arch in x86_64 arm64; do
    for name in bootstream bootstream-compile bootstrap bootstrap-wasi-p3; do
        [ -x "$binaries/$arch/$name" ] || die "there is no executable $binaries/$arch/$name"
    done
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "packing"
scripts/release/sboms.sh "$work/sbom"
scripts/release/layout.sh "$binaries" "$work"
scripts/release/archives.sh "$work" "$out"
scripts/release/wheels.sh "$work" "$out"
scripts/release/npm.sh "$work" "$out"
scripts/release/layers.sh "$binaries" "$out"
# shellcheck disable=SC2086
scripts/release/crates.sh "$out" $verify
cp "$work"/sbom/*.json "$out/"
(cd "$out" && rm -f SHA256SUMS && find . -type f ! -name '*.sha256' ! -name SHA256SUMS -printf '%P\n' | sort |
    xargs sha256sum >"$work/SHA256SUMS" && mv "$work/SHA256SUMS" SHA256SUMS)
if [ $twice = 1 ]; then
    say "once more, in another folder"
    git clone --quiet --no-hardlinks . "$work/clone"
    "$work/clone/scripts/release.sh" >/dev/null
    diff -u "$out/SHA256SUMS" "$work/clone/dist/release/SHA256SUMS" >&2 || die "the second build differs"
fi
find "$out" -type f | sort
