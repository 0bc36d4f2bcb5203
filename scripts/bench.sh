#!/bin/sh
# bench.sh [ARGUMENTS] - build everything that is measured, then measure it side by side.
#
# The arguments go to the driver: `compare --rounds 5` without any; `--help` has the rest.
set -eu
cd "$(dirname "$0")/.."
unset CARGO_TARGET_DIR

guest_rustc=$(scripts/setup.sh)
cargo build --profile lambda -p bootstream-host
cargo build --release -p bootstream-cli --bin bootstream-compile
cargo build --release -p bench-driver
RUSTC=$guest_rustc cargo build --release --target wasm32-wasip2 --target-dir target/guests \
    -p bench-handler
cargo build --release --manifest-path benches/peers/Cargo.toml --target-dir target/peers

[ $# -gt 0 ] || set -- compare
exec target/release/bench "$@"
