#!/bin/sh
# sboms.sh FOLDER - write a bill of materials (CycloneDX) for each executable and architecture: the crates that are built
# into it.
set -eu
folder=$1
. scripts/release/lib.sh
mkdir -p "$folder"
python=$(scripts/release/python.sh)
# bom NAME PACKAGE OPTION...: the crates of PACKAGE with these options of cargo, without what only its tests need.
bom() {
    name=$1 package=$2
    shift 2
    for arch in x86_64 arm64; do
        cargo tree --locked --package "$package" --edges normal --prefix none --format '{p}|{l}' \
            --target "$(triple $arch)" "$@" |
            "$python" scripts/release/sbom.py "$name" "$VERSION" >"$folder/$name-$arch.cdx.json"
    done
}
bom bootstream bootstream-cli
bom bootstrap bootstream-host
bom bootstrap-wasi-p3 bootstream-host --features wasi-p3
