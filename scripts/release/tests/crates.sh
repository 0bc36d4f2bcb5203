#!/bin/sh
# crates.sh WORK - look into the crates, install the command from them, and use it where there is no checkout.
set -eu
work=$1
. scripts/release/tests/lib.sh
crates=$work/crates
mkdir -p "$crates" "$work/installed" "$work/guests" target/guests
python3 scripts/release/check_crates.py "$work"/one/crates/*.crate
for archive in "$work"/one/crates/*.crate; do
    tar -xzf "$archive" -C "$crates"
done
# The registry does not have them yet.
{
    echo '[patch.crates-io]'
    for folder in "$crates"/*; do
        name=$(sed -n '/^\[package\]/,/^\[/s/^name = "\(.*\)"/\1/p' "$folder/Cargo.toml")
        echo "$name = { path = \"$folder\" }"
    done
} >"$work/patch.toml"

say "cargo install"
(
    cd "$crates/bootstream-cli-$version"
    # Its lock file names the registry for them.
    cargo metadata --quiet --offline --config "$work/patch.toml" --format-version 1 >/dev/null 2>"$work/cargo.log"
    # What verified the crates has built their dependencies.
    CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --offline --debug --path . \
        --config "$work/patch.toml" --root "$work/installed" \
        --target-dir "$OLDPWD/target/release-test/checkout/target/packaged" 2>"$work/cargo.log"
) || { cat "$work/cargo.log" >&2; die "the command does not install"; }

rustc=$(scripts/setup.sh 2>/dev/null)
# away COMMAND...: runs it with cargo, in a home of its own, where the folder of the checkout is empty.
away() {
    bwrap --die-with-parent --unshare-pid --dev-bind / / --proc /proc \
        --bind "$PWD/target/guests" "$work/guests" --tmpfs "$PWD" --chdir "$work/stranger" \
        env -i PATH="$work/installed/bin:$PATH" HOME="$work/stranger" CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}" \
        RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}" RUSTC="$rustc" CARGO_TARGET_DIR="$work/guests" CARGO_NET_OFFLINE=true \
        "$@"
}
# tried COMMAND...: runs it there, and notes what it says.
tried() { away "$@" >"$work/out" 2>"$work/err"; }
must() { tried "$@" || { cat "$work/err" >&2; die "crates: this fails: $*"; }; }
refused() {
    reason=$1
    shift
    ! tried "$@" || die "crates: this must fail: $*"
    grep -q "$reason" "$work/err" || { cat "$work/err" >&2; die "crates: the error does not say $reason"; }
}

say "the installed command without a checkout"
mkdir "$work/stranger"
must bootstream new numbers
project=$work/stranger/numbers
grep -qx 'bootstream = "0.1"' "$project/Cargo.toml" || die "a new project does not depend on a release"
! grep -rqF "$PWD" "$project" || die "a new project has a path of this machine"
mkdir "$project/.cargo"
cp "$work/patch.toml" "$project/.cargo/config.toml"
must bootstream build numbers
must bootstream invoke numbers -d '{"count":1}'
grep -q 'Streaming complete' "$work/out" || die "crates: the handler does not stream"
grep -q "$alone" "$work/err" || die "crates: the command does not say that it runs the handler"
refused 'bootstream host install' bootstream package numbers

say "host install"
archive=bootstream-host-v$version-$native.tar.gz
cp "$work/one/$archive" "$work/one/$archive.sha256" "$work/stranger/"
python3 - "$work/stranger/$archive" <<'END'
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(1000)
    byte = file.read(1)
    file.seek(1000)
    file.write(bytes([byte[0] ^ 1]))
END
refused 'SHA-256' bootstream host install --from "$archive"
must bootstream host install --from "$work/one/$archive"
must bootstream invoke numbers -d '{"count":1}'
! grep -q "$alone" "$work/err" || die "crates: the installed host is not found"
serves away bootstream dev numbers
must bootstream package numbers --arch "$native" --out-dir numbers/dist
cmp "$project/dist/host-layer.zip" "$work/one/host-layer-$native.zip" || die "crates: another layer"
must bootstream doctor --only templates -p "Architecture=$native" numbers/template.yaml
