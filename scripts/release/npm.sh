#!/bin/sh
# npm.sh WORK OUT - pack the npm packages: a launcher, and one package with the executables for each architecture. No
# script runs when they are installed: npm takes the package that fits the machine.
set -eu
work=$1 out=$2
npm=$work/npm
mkdir -p "$npm"
# packed FOLDER: packs it, and moves the archive to OUT.
packed() {
    cp LICENSE-MIT LICENSE-APACHE "$1/"
    (cd "$1" && npm pack --silent --pack-destination "$npm" >&2)
}
for pair in x86_64:x64 arm64:arm64; do
    arch=${pair%:*} cpu=${pair#*:}
    folder=$npm/linux-$cpu
    mkdir "$folder"
    cp -R "$work/$arch/bin" "$work/$arch/lib" "$work/$arch/share" "$folder/"
    sed "s/@VERSION@/$VERSION/g; s/@CPU@/$cpu/g" scripts/release/npm/platform.json >"$folder/package.json"
    packed "$folder"
done
folder=$npm/bootstream
mkdir "$folder"
cp scripts/release/npm/launcher.js cli/README.md "$folder/"
mv "$folder/launcher.js" "$folder/bootstream.js"
chmod 755 "$folder/bootstream.js"
sed "s/@VERSION@/$VERSION/g" scripts/release/npm/launcher.json >"$folder/package.json"
packed "$folder"
mkdir -p "$out/npm"
mv "$npm"/*.tgz "$out/npm/"
