#!/bin/sh
# foreign-samples.sh - build samples of other projects as components, for the tests.
#
# They come unchanged from packages of the registry, and are built into
# target/guests/wasm32-wasip2/release/examples. RUSTC is the compiler for handlers.
set -eu
cd "$(dirname "$0")/.."
unset CARGO_TARGET_DIR
manifest=test-guests/samples/Cargo.toml
sources=target/guests/samples

# copied PACKAGE FILE...: copies these files of the package.
copied() {
    package=$1
    shift
    folder=$(cargo metadata --locked --format-version 1 --manifest-path $manifest |
        python3 -c 'import json, os, sys
packages = {package["name"]: package for package in json.load(sys.stdin)["packages"]}
print(os.path.dirname(packages[sys.argv[1]]["manifest_path"]))' "$package")
    mkdir -p "$sources/$package"
    for file in "$@"; do
        # With its time: an unchanged sample is not built again.
        cp -p "$folder/$file" "$sources/$package"
    done
}
copied wstd examples/http_server.rs
copied wasip3 examples/http-proxy.rs examples/http-proxy-compat.rs

cargo build --quiet --locked --release --examples --target wasm32-wasip2 --target-dir target/guests \
    --manifest-path $manifest
