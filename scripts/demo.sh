#!/bin/sh
# demo.sh - build the command `bootstream`, then show a handler's response arrive chunk by chunk.
#
# The command runs the handler in the host that is built into it. scripts/build-bootstrap.sh builds the one that is
# deployed.
set -eu
cd "$(dirname "$0")/.."
unset CARGO_TARGET_DIR

say() { printf '\n== %s\n' "$*" >&2; }

# Without a C compiler nothing can be built before it is installed.
command -v cc >/dev/null || scripts/setup.sh >/dev/null
say "1 of 2: the command, with compiler and host, and beside it the target of handlers (some eight minutes on two processors)"
scripts/setup.sh >/dev/null &
setup=$!
cargo build --release -p bootstream-cli --bin bootstream
wait $setup
say "2 of 2: the handler"

echo
echo '$ bootstream invoke examples/streaming-numbers --include --timing'
target/release/bootstream invoke examples/streaming-numbers --include --timing
