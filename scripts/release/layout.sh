#!/bin/sh
# layout.sh BINARIES WORK - lay out the files of the packages: WORK/ARCH/{bin,lib,share}. Each has the hosts of both
# architectures, so that `package --arch` needs no download.
set -eu
binaries=$1 work=$2
. scripts/release/lib.sh
# The pages and completions are the same for both, and this machine runs one of the two commands.
native=$binaries/$(uname -m | sed s/aarch64/arm64/)/bootstream
share=$work/share
mkdir -p "$share/man/man1" "$share/bash-completion/completions" "$share/zsh/site-functions" \
    "$share/fish/vendor_completions.d"
"$native" man "$share/man/man1"
"$native" completions bash >"$share/bash-completion/completions/bootstream"
"$native" completions zsh >"$share/zsh/site-functions/_bootstream"
"$native" completions fish >"$share/fish/vendor_completions.d/bootstream.fish"
for arch in x86_64 arm64; do
    folder=$work/$arch
    mkdir -p "$folder/bin"
    install -m 755 "$binaries/$arch/bootstream" "$binaries/$arch/bootstream-compile" "$folder/bin/"
    for host in x86_64 arm64; do
        mkdir -p "$folder/lib/bootstream/$host"
        for file in bootstrap bootstrap-wasi-p3 bootstream-compile; do
            install -m 755 "$binaries/$host/$file" "$folder/lib/bootstream/$host/"
        done
    done
    cp -R "$share" "$folder/share"
    mkdir -p "$folder/share/doc/bootstream"
    cp LICENSE-MIT LICENSE-APACHE "$folder/share/doc/bootstream/"
    cp "$work/sbom/bootstream-$arch.cdx.json" "$folder/share/doc/bootstream/bootstream.cdx.json"
done
