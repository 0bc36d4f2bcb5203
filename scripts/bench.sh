#!/bin/sh
# bench.sh [ARGUMENTS] - build what is measured, then measure it.
#
# `micro` times the host's pieces alone; what follows it goes to divan. Everything else goes to the
# driver: `compare --rounds 5` without any, which measures side by side; `--help` has the rest.
set -eu
cd "$(dirname "$0")/.."
unset CARGO_TARGET_DIR

guest_rustc=$(scripts/setup.sh)
scripts/build-bootstrap.sh >/dev/null
cargo build --release -p bootstream-cli --bin bootstream-compile
RUSTC=$guest_rustc cargo build --profile lambda --target wasm32-wasip2 --target-dir target/guests \
    -p bench-handler
if [ "${1:-}" = micro ]; then
    shift
    exec cargo bench -p bench-driver --bench host -- "$@"
fi
cargo build --release -p bench-driver
if [ "${1:-}" = instructions ]; then
    # As the tests build it.
    BOOTSTREAM_PROFILE=release scripts/build-bootstrap.sh --arch arm64 >/dev/null
else
    cargo build --release --manifest-path benches/peers/Cargo.toml --target-dir target/peers
fi

[ $# -gt 0 ] || set -- compare
exec target/release/bench "$@"
