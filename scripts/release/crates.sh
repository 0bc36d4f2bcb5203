#!/bin/sh
# crates.sh OUT [OPTION...] - pack the crates, and build each from its archive. The options are for `cargo package`.
set -eu
out=$1
shift
# In a folder of their own, they share what is built. Otherwise each would build its dependencies again.
packed=target/packaged
rm -f $packed/package/*.crate
# shellcheck disable=SC2046
cargo package --locked --target-dir $packed "$@" $(scripts/release/crate-names.sh | sed 's/^/-p /') >&2
mkdir -p "$out/crates"
cp $packed/package/*.crate "$out/crates/"
