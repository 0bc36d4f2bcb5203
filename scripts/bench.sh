#!/bin/sh
# bench.sh [ARGUMENTS] - build the measured programs, then run the benchmarks.
#
# `micro` runs the microbenchmarks of the host and passes the arguments after it to divan. Other arguments go
# to the driver. The default is `compare --rounds 5`, which measures side by side; `--help` has the rest.
set -eu
cd "$(dirname "$0")/.."
unset CARGO_TARGET_DIR

guest_rustc=$(scripts/setup.sh)
scripts/build-bootstrap.sh >/dev/null
[ "${1:-}" != worlds ] || scripts/build-bootstrap.sh --wasi-p3 >/dev/null
cargo build --release -p bootstream-cli --bin bootstream-compile
RUSTC=$guest_rustc cargo build --profile lambda --target wasm32-wasip2 --target-dir target/guests \
    -p bench-handler -p bench-proxy-handler -p bench-wasi-handler -p bench-service-handler
if [ "${1:-}" = handlers ]; then
    cargo build --release -p bootstream-cli --bin bootstream
    mkdir -p target/bench
    target/release/bootstream build examples/streaming-numbers -o target/bench/streaming-numbers.wasm
    scripts/build-language-guests.sh
fi
if [ "${1:-}" = languages ]; then
    cargo build --release -p bootstream-cli --bin bootstream
    scripts/build-language-benches.sh
    cargo build --release --manifest-path benches/peers/web-adapter/Cargo.toml --target-dir target/web-adapter
fi
if [ "${1:-}" = micro ]; then
    shift
    exec cargo bench -p bench-driver --bench host --bench signing -- "$@"
fi
cargo build --release -p bench-driver
if [ "${1:-}" = instructions ]; then
    scripts/build-bootstrap.sh --arch arm64 >/dev/null
else
    cargo build --release --manifest-path benches/peers/Cargo.toml --target-dir target/peers
fi

[ $# -gt 0 ] || set -- compare
exec target/release/bench "$@"
