#!/bin/sh
# demo.sh - build everything, then show a handler's answer arrive piece by piece.
set -eu
cd "$(dirname "$0")/.."
unset CARGO_TARGET_DIR

scripts/setup.sh >/dev/null
cargo build --profile lambda -p bootstream-host
cargo build --release -p bootstream-cli

echo
echo '$ bootstream invoke examples/streaming-numbers --include --timing'
target/release/bootstream invoke examples/streaming-numbers --include --timing
