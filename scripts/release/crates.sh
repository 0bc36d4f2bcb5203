#!/bin/sh
# crates.sh OUT - pack the crates, and build each from its archive.
set -eu
out=$1
rm -f target/package/*.crate
# shellcheck disable=SC2046
cargo package --locked $(scripts/release/crate-names.sh | sed 's/^/-p /') >&2
mkdir -p "$out/crates"
cp target/package/*.crate "$out/crates/"
