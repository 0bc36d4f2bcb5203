#!/bin/sh
# book.sh - build the book of docs/ into target/book with mdBook, and look for dead links in it.
#
# Takes the mdBook of the PATH if it is of this version, and else installs one into target/tools, which takes minutes.
set -eu
cd "$(dirname "$0")/.."
unset CARGO_TARGET_DIR
version=0.5.4
if ! mdbook --version 2>/dev/null | grep -q "$version"; then
    cargo install --quiet --locked --root target/tools --target-dir target/tools/build "mdbook@$version" >&2
    PATH=$PWD/target/tools/bin:$PATH
fi
mdbook build >&2
url=$(sed -n 's/^git-repository-url = "\(.*\)"/\1/p' book.toml)
python3 scripts/book/check.py target/book "$url" . >&2
echo target/book/index.html
