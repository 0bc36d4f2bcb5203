#!/bin/sh
# Compiles the handler to a core module, of which `bootstream build` makes the component: with the Go in .venv if
# there is one, else with the installed one.
set -eu
cd "$(dirname "$0")"
go=go
[ -x .venv/bin/go ] && go=.venv/bin/go
command -v "$go" >/dev/null || {
    echo "there is no Go: install it from https://go.dev/dl, or as below" >&2
    exit 1
}
GOOS=wasip1 GOARCH=wasm CGO_ENABLED=0 "$go" build -buildmode=c-shared -trimpath -o handler.core.wasm .
