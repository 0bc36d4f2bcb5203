#!/bin/sh
# setup-clients.sh - install the clients and runtimes for the tests of the local Lambda.
#
# Installs into target/clients AWS's SDKs for Python, JavaScript and Rust and a stand-in for AWS
# (cli/tests/clients), receivers of OpenTelemetry, AWS's runtimes for Node.js and Rust, which run in place of
# `bootstrap`, and the driver of the browser that tests the console. Skips what is up to date.
set -eu
cd "$(dirname "$0")/.."
unset CARGO_TARGET_DIR
clients=$PWD/target/clients
sources=$PWD/cli/tests/clients
mkdir -p "$clients"

# fresh NAME FILE...: whether NAME was made from the current content of these files.
fresh() {
    name=$1
    shift
    cat "$@" | cmp -s - "$clients/$name/.made-of"
}
made() {
    name=$1
    shift
    cat "$@" >"$clients/$name/.made-of"
}

if ! fresh python "$sources"/python/*; then
    rm -rf "$clients/python"
    python3 -m venv "$clients/python"
    "$clients/python/bin/pip" install --quiet --disable-pip-version-check \
        --requirement "$sources/python/requirements.txt"
    # The package lacks the permission to run its programs.
    chmod +x "$clients"/python/lib/python3*/site-packages/wasmtime_cli/wasmtime*
    cp "$sources"/python/*.py "$clients/python"
    made python "$sources"/python/*
fi

if ! fresh collectors "$sources"/collectors/*; then
    rm -rf "$clients/collectors"
    python3 -m venv "$clients/collectors"
    "$clients/collectors/bin/pip" install --quiet --disable-pip-version-check \
        --requirement "$sources/collectors/requirements.txt"
    # The package has a wrapper in Python, which would outlive a test that is killed.
    cp "$clients"/collectors/lib/python3*/site-packages/rotel/rotel-agent "$clients/collectors/rotel"
    chmod +x "$clients/collectors/rotel"
    made collectors "$sources"/collectors/*
fi

for name in javascript node-runtime browser; do
    if ! fresh "$name" "$sources/$name"/*; then
        rm -rf "${clients:?}/$name"
        mkdir -p "$clients/$name"
        cp "$sources/$name"/* "$clients/$name"
        # No install scripts: the Node.js runtime would compile curl for a client that is not used here.
        (cd "$clients/$name" && npm ci --silent --no-fund --no-audit --ignore-scripts)
        made "$name" "$sources/$name"/*
    fi
done
# The runtime still loads that client.
unused=$clients/node-runtime/node_modules/aws-lambda-ric/dist/rapid-client.node
mkdir -p "$unused"
echo 'module.exports = {};' >"$unused/index.js"

# Enough debug information for a failed test: the place of a panic. In the folder of the tests, with which they share
# crates.
export CARGO_PROFILE_DEV_DEBUG=0
cargo build --quiet --locked --manifest-path "$sources/rust/Cargo.toml" --target-dir target
cargo build --quiet --locked --manifest-path benches/peers/Cargo.toml -p native --target-dir target
