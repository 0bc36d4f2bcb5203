#!/bin/sh
# build.sh BINARIES OUT - build the executables of a release into BINARIES/ARCH.
#
# The hosts come first: the command has the checksums of their archives, which are written to OUT.
set -eu
binaries=$1 out=$2
# It also installs the cross compiler.
command -v aarch64-linux-gnu-gcc >/dev/null || scripts/setup.sh --tests >/dev/null
cargo_home=${CARGO_HOME:-$HOME/.cargo}

# No path of this machine goes into an executable.
remap="--remap-path-prefix=$PWD=/bootstream --remap-path-prefix=$cargo_home=/cargo"
export CFLAGS="-ffile-prefix-map=$PWD=/bootstream -ffile-prefix-map=$cargo_home=/cargo"
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS="$remap"
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_RUSTFLAGS="$remap"
BOOTSTREAM_COMMIT=$(git rev-parse HEAD)
export BOOTSTREAM_COMMIT

# The command has the list of its crates, for scanners. The hosts have none: they must stay small.
PATH=$PWD/target/tools/bin:$PATH
cargo install --quiet --locked --debug --root target/tools cargo-auditable@0.7.7 >&2

# built ARCH OPTION...: builds, and copies what was built to BINARIES/ARCH. The wheels say that it runs on every Linux.
built() {
    arch=$1
    shift
    mkdir -p "$binaries/$arch"
    files=$(scripts/build-bootstrap.sh --arch "$arch" "$@")
    for file in $files; do
        if readelf -lW "$file" | grep -q INTERP; then
            echo "build: $file needs a C library of the system" >&2
            exit 1
        fi
        cp "$file" "$binaries/$arch/"
    done
}

for arch in x86_64 arm64; do
    built $arch --compiler --locked
    built $arch --wasi-p3 --locked
done
scripts/release/host-archives.sh "$binaries" "$out"
digest() { cut -d ' ' -f 1 "$out/bootstream-host-v$VERSION-$1.tar.gz.sha256"; }
BOOTSTREAM_HOST_SHA256_X86_64=$(digest x86_64)
BOOTSTREAM_HOST_SHA256_ARM64=$(digest arm64)
export BOOTSTREAM_HOST_SHA256_X86_64 BOOTSTREAM_HOST_SHA256_ARM64
for arch in x86_64 arm64; do
    built $arch --command --auditable --locked
done
