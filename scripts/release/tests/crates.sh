#!/bin/sh
# crates.sh WORK - look into the packed crates, and build a handler against them as a stranger would.
set -eu
work=$1
crates=$work/crates
mkdir -p "$crates"
# shellcheck disable=SC2046
cargo package --quiet --locked --no-verify --allow-dirty --target-dir "$work/packed" \
    $(scripts/release/crate-names.sh | sed 's/^/-p /') >"$work/crates.log" 2>&1 || { cat "$work/crates.log" >&2; exit 1; }
python3 scripts/release/check_crates.py "$work"/packed/package/*.crate
for archive in "$work"/packed/package/*.crate; do
    tar -xzf "$archive" -C "$crates"
done

# A command outside any checkout writes a version of the crate into a new project.
mkdir -p "$work/stranger/bin"
cp target/release/bootstream "$work/stranger/bin/"
(cd "$work/stranger" && bin/bootstream new numbers >/dev/null)
grep -qx 'bootstream = "0.1"' "$work/stranger/numbers/Cargo.toml" ||
    { echo "crates: a new project does not depend on a release" >&2; exit 1; }
# The release is what was packed.
{
    echo '[patch.crates-io]'
    for folder in "$crates"/*; do
        name=$(sed -n '/^\[package\]/,/^\[/s/^name = "\(.*\)"/\1/p' "$folder/Cargo.toml")
        echo "$name = { path = \"$folder\" }"
    done
} >"$work/stranger/patch.toml"
mkdir "$work/stranger/numbers/.cargo"
cp "$work/stranger/patch.toml" "$work/stranger/numbers/.cargo/config.toml"
rustc=$(scripts/setup.sh 2>/dev/null)
# Crates of the registry that the tests have built are not built again.
(
    cd "$work/stranger/numbers"
    RUSTC=$rustc cargo build --quiet --release --target wasm32-wasip2 --target-dir "$OLDPWD/target/guests"
) 2>&1 | grep -v '^warning: unused patch\|patch .* was not used' >&2 || true
component=target/guests/wasm32-wasip2/release/numbers.wasm
target/release/bootstream invoke $component --data '{"rawPath":"/"}' | grep -q 'Streaming complete' ||
    { echo "crates: the handler that was built from the crates does not stream" >&2; exit 1; }
rm -f $component
