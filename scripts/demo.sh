#!/bin/sh
# demo.sh - build the command `bootstream`, then show a handler's response arrive chunk by chunk.
#
# The command runs the handler in the host that is built into it. scripts/build-bootstrap.sh builds the one that is
# deployed.
set -eu
cd "$(dirname "$0")/.."
unset CARGO_TARGET_DIR

say() { printf '\n== %s\n' "$*" >&2; }

say "1 of 3: what the build needs (a minute or two the first time)"
scripts/setup.sh >/dev/null
say "2 of 3: the command, with compiler and host (some five minutes on two processors)"
cargo build --release -p bootstream-cli
say "3 of 3: the handler"

echo
echo '$ bootstream invoke examples/streaming-numbers --include --timing'
target/release/bootstream invoke examples/streaming-numbers --include --timing
