#!/bin/sh
# build-bootstrap.sh - build `bootstrap` as it is deployed, for this machine's architecture or another.
#
#   scripts/build-bootstrap.sh                target/lambda/bootstrap, the default path of all tools
#   scripts/build-bootstrap.sh --arch arm64   target/arm64/lambda/bootstrap, for functions on Graviton,
#                                             where `bootstream package --arch arm64` finds it; works on
#                                             any machine
#   ... --wasi-p3                             bootstrap-wasi-p3 in the same folder: with WASI 0.3, which makes
#                                             it larger; tools take it for components that need it
#   ... --compiler                            also bootstream-compile, which a layer may carry beside
#                                             it: in the same folder, with `release` for `lambda`
#   ... --command                             the command `bootstream` in place of them, in the folder of the compiler:
#                                             for any processor of the architecture, so that it can tell what it needs
#   ... --auditable                           with the names and versions of its crates in a section of the executable,
#                                             for scanners; needs cargo-auditable
#   ... OPTION...                             passed to cargo for `bootstrap`, such as
#                                             --no-default-features
#
# Prints the paths of the results on standard output, everything else on standard error.
#
# Both are linked statically with musl as their C library, so they start on every Linux, and faster (see
# docs/design/musl.md). They are position independent: the system loads them at random addresses. On another
# machine, arm64 needs a cross compiler (Debian: gcc-aarch64-linux-gnu, libc6-dev-arm64-cross), or the one
# that CC_aarch64_unknown_linux_musl names. musl and Rust's standard library for the target are the
# installed ones, or come from rustup or Debian: see setup-wasm-target.sh.
#
# Both are built for the processors of precompiled components (docs/guide/precompiled.md): detecting features
# at run time takes a fifteenth of each start. Your own flags come after these.
#
# The executables with symbols stay in target/unstripped and target/unstripped-command.
set -eu
cd "$(dirname "$0")/.."
unset CARGO_TARGET_DIR

machine=$(uname -m)
arch=$machine
compiler=0
command=0
subcommand=''
folder=target/unstripped
binary=bootstrap
while [ $# -gt 0 ]; do
    case $1 in
        --arch) arch=${2:?--arch needs x86_64 or arm64}; shift ;;
        --compiler) compiler=1 ;;
        --command) command=1 ;;
        --auditable) subcommand=auditable ;;
        --wasi-p3) binary=bootstrap-wasi-p3 ;;
        -h | --help) sed -n '2,/^set -eu/{/^set/d;s/^# \{0,1\}//;p;}' "$0"; exit 0 ;;
        *) break ;;
    esac
    shift
done
[ "$arch" != arm64 ] || arch=aarch64
case $arch:$machine in
    x86_64:x86_64)
        target=x86_64-unknown-linux-musl
        # The second feature is for checksums. It is not part of that level, but all those processors have it.
        cpu='-C target-cpu=x86-64-v3 -C target-feature=+pclmulqdq'
        ;;
    aarch64:*)
        target=aarch64-unknown-linux-musl
        cpu='-C target-cpu=neoverse-n1'
        ;;
    *) echo "build-bootstrap: cannot build for $arch on $machine, only for arm64" >&2; exit 2 ;;
esac

strip=strip place=target
if [ "$arch" = "$machine" ]; then
    RUSTC=$(scripts/setup.sh)
else
    compile=${CC_aarch64_unknown_linux_musl:-aarch64-linux-gnu-gcc}
    if ! command -v "$compile" >/dev/null; then
        echo "build-bootstrap: $compile is missing:" \
            'apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross,' \
            'or name a compiler for arm64 in CC_aarch64_unknown_linux_musl' >&2
        exit 1
    fi
    strip=$("$compile" -print-prog-name=strip) place=target/arm64
    # A toolchain separate from that of the handlers.
    cache=${XDG_CACHE_HOME:-$HOME/.cache}
    RUSTC=$(scripts/setup-wasm-target.sh --prefix "${ARM64_TOOLCHAIN_DIR:-$cache/bootstream-arm64-musl}" "$target")
    if [ -z "${CC_aarch64_unknown_linux_musl:-}" ]; then
        export CC_aarch64_unknown_linux_musl="$compile"
        # C code is compiled with musl's headers. rustup has none; the GNU library's will do there, without the
        # checks of arguments that only that library has.
        headers=$("$RUSTC" --print sysroot)/lib/rustlib/$target/include
        cflags=-U_FORTIFY_SOURCE
        [ ! -d "$headers" ] || cflags="-nostdinc -isystem $headers -isystem $("$compile" -print-file-name=include)"
        export CFLAGS_aarch64_unknown_linux_musl="-mcpu=neoverse-n1 $cflags ${CFLAGS:-}"
    fi
fi
if [ "$arch" = aarch64 ]; then
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER="$PWD/scripts/link-static-pie.sh"
    export STATIC_PIE_CC="${CC_aarch64_unknown_linux_musl:-cc}"
fi
export RUSTC
# Other flags in the same folder would build all dependencies again.
[ $command = 0 ] || { cpu='' folder=target/unstripped-command; }
flags=CARGO_TARGET_$(echo "$target" | tr a-z- A-Z_)_RUSTFLAGS
eval "own=\${$flags:-}"
all=${RUSTFLAGS:-}

# build PROFILE FILE NAME OPTION...: builds FILE as NAME, and strips it. In a folder of its own, because another
# compiler may have built the usual one.
build() {
    profile=$1
    built=$folder/$target/$profile/$2
    named=$folder/$target/$profile/$3
    name=$3
    shift 3
    # Unwind tables are a sixteenth of `bootstrap`. Nothing reads them: a panic aborts, and the engine walks the stacks
    # of handlers by frame pointers. The compiler's panics unwind.
    tables=''
    [ "$profile" != lambda ] || tables='-C force-unwind-tables=no'
    eval "export $flags=\"$cpu $tables $own\""
    # If this is set, cargo ignores all other flags.
    [ -z "$all" ] || export RUSTFLAGS="$cpu $tables $all"
    # Cargo has one name for both builds.
    other=$built.other
    [ "$built" = "$named" ] || [ ! -e "$built" ] || mv "$built" "$other"
    # shellcheck disable=SC2086
    cargo $subcommand build --target "$target" --target-dir "$folder" --profile "$profile" "$@" >&2
    if [ "$built" != "$named" ]; then
        # An unchanged build is the same file.
        rm -f "$named"
        mv "$built" "$named"
        [ ! -e "$other" ] || mv "$other" "$built"
    fi
    mkdir -p "$place/$profile"
    $strip -o "$place/$profile/$name.new" "$named"
    mv "$place/$profile/$name.new" "$place/$profile/$name"
    echo "$place/$profile/$name"
}
if [ $command = 1 ]; then
    build release bootstream bootstream -p bootstream-cli --bin bootstream "$@"
    exit
fi
[ $binary = bootstrap ] || set -- --features wasi-p3 "$@"
build lambda bootstrap $binary -p bootstream-host "$@"
[ $compiler = 0 ] || build release bootstream-compile bootstream-compile -p bootstream-cli --bin bootstream-compile
