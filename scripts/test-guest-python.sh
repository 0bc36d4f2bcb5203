#!/bin/sh
# Usage: scripts/test-guest-python.sh
#
# Tests the package for handlers in Python, and checks its types and those of the handlers that use it. Needs the
# environment that scripts/build-language-guests.sh makes.
set -eu

cd "$(dirname "$0")/.."
bin=$PWD/target/guest-python/bin
bindings=$PWD/target/guest-python/bindings

rm -rf "$bindings"
"$bin/componentize-py" --quiet --wit-path guest-python/src/bootstream/wit --world guest \
    --import-interface-name bootstream:handler/types@0.1.1=handler_types bindings "$bindings"

(cd guest-python && "$bin/python" -m pytest --quiet && MYPYPATH=$bindings "$bin/mypy")
for folder in test-guests/python examples/streaming-python; do
    (cd "$folder" && MYPYPATH=$PWD/../../guest-python/src:$bindings "$bin/mypy" --strict ./*.py)
done
(cd examples/streaming-python && "$bin/python" -m pytest --quiet)
