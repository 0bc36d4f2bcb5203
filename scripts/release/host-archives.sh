#!/bin/sh
# host-archives.sh BINARIES OUT - pack what `bootstream host install` installs.
set -eu
binaries=$1 out=$2
. scripts/release/lib.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for arch in x86_64 arm64; do
    name=bootstream-host-v$VERSION-$arch
    folder=$work/$name/lib/bootstream/$arch
    mkdir -p "$folder"
    for file in bootstrap bootstrap-wasi-p3 bootstream-compile; do
        install -m 755 "$binaries/$arch/$file" "$folder/$file"
    done
    cp LICENSE-MIT LICENSE-APACHE "$work/$name/"
    archive "$work" "$name" "$out"
done
