#!/bin/sh
# crate-names.sh - print the crates that are published.
set -eu
cargo metadata --locked --no-deps --format-version 1 | python3 -c 'import json, sys
for package in json.load(sys.stdin)["packages"]:
    if package["publish"] == ["crates-io"]:
        print(package["name"])'
