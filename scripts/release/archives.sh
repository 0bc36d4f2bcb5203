#!/bin/sh
# archives.sh WORK OUT - pack an archive for each architecture, to unpack anywhere.
set -eu
work=$1 out=$2
. scripts/release/lib.sh
for arch in x86_64 arm64; do
    name=bootstream-v$VERSION-$(triple $arch)
    cp -R "$work/$arch" "$work/$name"
    archive "$work" "$name" "$out"
    rm -rf "${work:?}/$name"
done
