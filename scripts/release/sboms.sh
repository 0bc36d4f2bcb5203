#!/bin/sh
# sboms.sh FOLDER - write a bill of materials (CycloneDX) for each executable: the crates that are built into it.
set -eu
folder=$1
mkdir -p "$folder"
python=$(scripts/release/python.sh)
# bom NAME PACKAGE OPTION...: the crates of PACKAGE with these options of cargo, without what only its tests need.
bom() {
    name=$1 package=$2
    shift 2
    # The targets differ in nothing that is linked.
    cargo tree --locked --package "$package" --edges normal --target x86_64-unknown-linux-musl --prefix none \
        --format '{p}|{l}' "$@" | "$python" scripts/release/sbom.py "$name" "$VERSION" >"$folder/$name.cdx.json"
}
bom bootstream bootstream-cli
bom bootstrap bootstream-host
bom bootstrap-wasi-p3 bootstream-host --features wasi-p3
