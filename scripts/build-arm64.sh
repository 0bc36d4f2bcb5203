#!/bin/sh
# build-arm64.sh - build `bootstrap` for functions on arm64 (Graviton), on a machine of any kind.
#
#   scripts/build-arm64.sh              target/aarch64-unknown-linux-gnu/lambda/bootstrap, where
#                                       `bootstream package --arch arm64` finds it
#   scripts/build-arm64.sh --compiler   also .../release/bootstream-compile, which a layer may
#                                       carry beside it
#
# Prints what it has built on standard output, everything else on standard error. The variable
# BOOTSTREAM_ARM64_PROFILE names another profile than `lambda`.
# Needs a compiler and a C library for arm64 (Debian: gcc-aarch64-linux-gnu, libc6-dev-arm64-cross),
# unless the machine is arm64 itself. Rust's standard library for arm64 is the one that is there, or
# rustup's, or is built from Debian's sources: see setup-wasm-target.sh.
set -eu
cd "$(dirname "$0")/.."

TARGET=aarch64-unknown-linux-gnu
compiler=0
case ${1:-} in
    '') ;;
    --compiler) compiler=1 ;;
    -h | --help) sed -n '2,/^set -eu/{/^set/d;s/^# \{0,1\}//;p;}' "$0"; exit 0 ;;
    *) echo "unknown option $1" >&2; exit 2 ;;
esac

if [ "$(uname -m)" != aarch64 ]; then
    if ! command -v aarch64-linux-gnu-gcc >/dev/null; then
        echo 'build-arm64: aarch64-linux-gnu-gcc is missing:' \
            'apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross' >&2
        exit 1
    fi
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
    # What is written in C or assembly.
    export CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc
fi
# A toolchain beside that of the handlers, which stays as it is.
cache=${XDG_CACHE_HOME:-$HOME/.cache}
prefix=${ARM64_TOOLCHAIN_DIR:-$cache/bootstream-arm64-toolchain}
RUSTC=$(scripts/setup-wasm-target.sh --prefix "$prefix" "$TARGET")
export RUSTC

# build PROFILE FILE ARGUMENT...: in a folder of its own, because another compiler may have made
# what is in the usual one.
build() {
    profile=$1
    file=$2
    shift 2
    cargo build --target "$TARGET" --target-dir target/arm64 --profile "$profile" "$@" >&2
    install -D "target/arm64/$TARGET/$profile/$file" "target/$TARGET/$profile/$file"
    echo "target/$TARGET/$profile/$file"
}
build "${BOOTSTREAM_ARM64_PROFILE:-lambda}" bootstrap -p bootstream-host
[ $compiler = 0 ] || build release bootstream-compile -p bootstream-cli --bin bootstream-compile
