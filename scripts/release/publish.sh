#!/bin/sh
# publish.sh OUT [--dry-run] - publish what release.sh packed. What is there already is skipped.
set -eu
out=$1 dry=${2:-}
say() { echo "publish: $*" >&2; }
[ -f "$out/SHA256SUMS" ] || { say "there is no release in $out: run scripts/release.sh first"; exit 1; }
(cd "$out" && sha256sum --quiet --check SHA256SUMS >&2) || { say "$out has changed since it was packed"; exit 1; }

# run COMMAND...: runs it, or prints it.
run() {
    if [ -n "$dry" ]; then echo "$*"; else say "$*"; "$@"; fi
}

# uv is a package of PyPI. Trusted publishing needs a recent npm, which npx brings, and which then adds the provenance.
uv=target/release-python/bin/uv
[ -x $uv ] || scripts/release/python.sh >/dev/null
npm() { npx --yes npm@11.6.2 "$@"; }

crates=''
for crate in $(scripts/release/crate-names.sh); do
    if cargo info --quiet --registry crates-io "$crate@$VERSION" >/dev/null 2>&1; then
        say "crates.io has $crate $VERSION"
    else
        crates="$crates -p $crate"
    fi
done
# In one command, in the order of their dependencies.
# shellcheck disable=SC2086
[ -z "$crates" ] || run cargo publish --locked $crates

# Skips files that are there.
run $uv publish --check-url "${PYPI_INDEX:-https://pypi.org/simple/}" "$out"/*.whl

# The launcher comes last: it depends on the others.
for name in @bootstream/linux-x64 @bootstream/linux-arm64 bootstream; do
    file=$out/npm/$(echo "$name" | tr -d @ | tr / -)-$VERSION.tgz
    if [ -n "$(npm view "$name@$VERSION" version 2>/dev/null || true)" ]; then
        say "npm has $name $VERSION"
    else
        run npm publish --access public "$file"
    fi
done

if gh release view "v$VERSION" >/dev/null 2>&1; then
    say "GitHub has the release v$VERSION"
else
    run gh release create "v$VERSION" --verify-tag --title "v$VERSION" --notes-file CHANGELOG.md
fi
there=$(gh release view "v$VERSION" --json assets --jq '.assets[].name' 2>/dev/null || true)
for file in "$out"/*.tar.gz "$out"/*.sha256 "$out"/*.zip "$out"/*.json "$out/SHA256SUMS"; do
    if echo "$there" | grep -qxF "${file##*/}"; then
        say "the release has ${file##*/}"
    else
        run gh release upload "v$VERSION" "$file"
    fi
done
