#!/bin/sh
# Usage: scripts/test-guests-go-c.sh
#
# Tests the packages for handlers in Go and C on the machine at hand. Needs the compiler that
# scripts/build-language-guests.sh installs.
set -eu

cd "$(dirname "$0")/.."
export PATH="$PWD/target/guest-tools/bin:$PATH" CGO_ENABLED=0 GOTOOLCHAIN=local

# The package on PyPI lacks the permission to run it.
gofmt=$(go env GOROOT)/bin/gofmt
chmod +x "$gofmt"
unformatted=$("$gofmt" -l guest-go test-guests/go examples/streaming-go)
[ -z "$unformatted" ] || {
    echo "not formatted by gofmt: $unformatted" >&2
    exit 1
}

for folder in guest-go examples/streaming-go; do
    (cd "$folder" && go vet ./... && go test ./...)
done
# As it is compiled into a component: none of this is built above.
(cd guest-go && GOOS=wasip1 GOARCH=wasm go build ./...)

cc -std=c17 -Wall -Wextra -Werror -fsanitize=address,undefined -Iguest-c/include \
    guest-c/tests/json.c guest-c/src/json*.c -o target/guest-tools/json
target/guest-tools/json
