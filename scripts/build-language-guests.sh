#!/bin/sh
# Usage: scripts/build-language-guests.sh [LANGUAGE...]
#
# Builds the scripted guests in other languages than Rust into target/languages, for cli/tests/it/languages.
# A guest whose sources have not changed is not built again.
set -eu

cd "$(dirname "$0")/.."
out=$PWD/target/languages
mkdir -p "$out"

# fresh NAME SOURCES...: whether the guest was built from these sources.
fresh() {
    name=$1
    shift
    [ -f "$out/$name.wasm" ] && [ "$(cat "$out/$name.sources" 2>/dev/null)" = "$(hash "$@")" ]
}

hash() {
    find "$@" -type f ! -path '*/__pycache__/*' ! -path '*/.mypy_cache/*' ! -path '*/.pytest_cache/*' \
        ! -path '*.egg-info/*' -exec cksum {} + | sort
}

made() {
    name=$1
    shift
    hash "$@" >"$out/$name.sources"
}

python() {
    # scripts/test-guest-python.sh needs the environment as well.
    if [ -x target/guest-python/bin/componentize-py ] &&
        fresh python guest-python/pyproject.toml guest-python/src test-guests/python; then
        return
    fi
    venv=$PWD/target/guest-python
    if [ ! -x "$venv/bin/python" ]; then
        python3 -m venv "$venv"
    fi
    "$venv/bin/pip" install --quiet --disable-pip-version-check --editable 'guest-python[dev]'
    (cd test-guests/python && "$venv/bin/python" -m bootstream.build app --output "$out/python.wasm")
    made python guest-python/pyproject.toml guest-python/src test-guests/python
}

typescript() {
    sources="guest-js/package.json guest-js/src guest-js/wit test-guests/typescript/package-lock.json"
    guests=$PWD/test-guests/typescript
    # shellcheck disable=SC2086 # paths without spaces
    if [ -d "$guests/node_modules" ] && fresh typescript $sources "$guests"/*.ts*; then
        return
    fi
    (cd guest-js && npm ci --silent --no-fund --no-audit --ignore-scripts)
    (cd "$guests" && npm ci --silent --no-fund --no-audit --ignore-scripts)
    (cd "$guests" && npm run --silent build -- --output "$out/typescript.wasm")
    (cd "$guests" && npm run --silent build:cases -- --output "$out/typescript_cases.wasm")
    # shellcheck disable=SC2086
    made typescript $sources "$guests"/*.ts*
}

for language in ${*:-python typescript}; do
    "$language"
done
