#!/bin/sh
# layers.sh BINARIES OUT - pack the layer with `bootstrap` for each architecture, as `bootstream package` makes it.
set -eu
binaries=$1 out=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
native=$binaries/$(uname -m | sed s/aarch64/arm64/)/bootstream
for arch in x86_64 arm64; do
    "$native" package --only host --arch $arch --bootstrap "$binaries/$arch/bootstrap" --out-dir "$work" \
        cli/src/commands/demo/demo.wat >&2
    cp "$work/host-layer.zip" "$out/host-layer-$arch.zip"
done
