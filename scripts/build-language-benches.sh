#!/bin/sh
# build-language-benches.sh - build one handler in each language, and install what AWS's runtimes for Node.js and
# Python need, into target/bench/languages.
#
# Needs the command, target/release/bootstream. A handler whose folder exists keeps its installed packages.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
sources=$root/benches/languages
out=$root/target/bench/languages
mkdir -p "$out"

quiet_npm() { npm "$@" --silent --no-fund --no-audit --ignore-scripts; }

# The tools of each language.
scripts/build-language-guests.sh

quickjs() {
    folder=$out/quickjs
    mkdir -p "$folder/node_modules"
    ln -sfn "$root/guest-js" "$folder/node_modules/bootstream"
    cp "$sources/javascript/handler.js" "$folder"
    (cd "$folder" && node "$root/guest-js/src/build/cli.js" handler.js --output "$out/quickjs.wasm")
}

# The project of the template, with the handler of the benchmarks.
spidermonkey() {
    folder=$out/spidermonkey
    [ -d "$folder" ] || target/release/bootstream new --template fetch "$folder" >/dev/null
    cp "$sources/fetch/app.js" "$folder/src"
    (cd "$folder" && { [ -d node_modules ] || quiet_npm install; } && npm run --silent build)
    mv "$folder/handler.wasm" "$out/spidermonkey.wasm"
}

python() {
    target/release/bootstream build "$sources/python" >/dev/null
}

go() {
    (cd "$sources/go" && GOOS=wasip1 GOARCH=wasm CGO_ENABLED=0 GOTOOLCHAIN=local \
        "$root/target/guest-tools/bin/go" build -buildmode=c-shared -trimpath -o "$out/go.core.wasm" .)
    target/release/bootstream build "$sources/go" >/dev/null
}

c() {
    make --silent --directory "$sources/c" OUTPUT="$out/c.core.wasm" OBJECT_DIR="$out/c.objects" \
        CC="$root/target/guest-tools/bin/python -m ziglang cc --target=wasm32-wasi"
    target/release/bootstream build "$sources/c" >/dev/null
}

# program NAME COMMAND...: a program that becomes this command in the folder NAME.
program() {
    name=$1
    shift
    cat >"$out/$name/bootstrap" <<EOF
#!/bin/sh
cd "$out/$name"
export LAMBDA_TASK_ROOT="$out/$name"
exec $*
EOF
    chmod +x "$out/$name/bootstrap"
}

node_js() {
    folder=$out/node
    mkdir -p "$folder"
    cp "$root"/cli/tests/clients/node-runtime/package*.json "$sources/node/index.mjs" "$folder"
    [ -d "$folder/node_modules" ] || (cd "$folder" && quiet_npm ci)
    # Without install scripts, the client that is compiled for buffered responses is missing. The runtime still loads
    # it.
    mkdir -p "$folder/node_modules/aws-lambda-ric/dist/rapid-client.node"
    echo 'module.exports = {};' >"$folder/node_modules/aws-lambda-ric/dist/rapid-client.node/index.js"
    program node env AWS_LAMBDA_NODEJS_USE_ALTERNATIVE_CLIENT_1=true \
        "$(command -v node)" node_modules/aws-lambda-ric/bin/index.mjs index.handler
}

cpython() {
    folder=$out/cpython
    [ -d "$folder" ] || python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$sources/cpython/requirements.txt"
    cp "$sources/cpython/app.py" "$folder"
    program cpython bin/python -m awslambdaric app.handler
}

for handler in quickjs spidermonkey python go c node_js cpython; do
    "$handler"
done
