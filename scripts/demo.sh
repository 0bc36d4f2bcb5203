#!/bin/sh
# demo.sh - build everything, then show a handler's response arrive chunk by chunk.
set -eu
cd "$(dirname "$0")/.."
unset CARGO_TARGET_DIR

scripts/build-bootstrap.sh >/dev/null
cargo build --release -p bootstream-cli

echo
echo '$ bootstream invoke examples/streaming-numbers --include --timing'
target/release/bootstream invoke examples/streaming-numbers --include --timing
