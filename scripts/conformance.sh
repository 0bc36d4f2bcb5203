#!/bin/sh
# conformance.sh [NAME=BOOTSTRAP...] - run the conformance suite against several runtimes.
#
# Prints the table of docs/reference/conformance.md for `bootstrap`, AWS's runtimes for Rust and Node.js, and
# every other named executable, whose handler must run the scripts of test-guests/README.md. Needs the
# builds of scripts/test.sh. Takes some minutes, because failing cases run into timeouts.
set -eu
cd "$(dirname "$0")/.."
unset CARGO_TARGET_DIR

CARGO_PROFILE_DEV_DEBUG=0 cargo build --quiet --locked --manifest-path benches/peers/Cargo.toml \
    -p conformance --target-dir target
node=$PWD/target/clients/conformance-node
mkdir -p "$node"
cp cli/tests/clients/node-runtime/package*.json benches/peers/conformance-node/index.mjs "$node"
# No install scripts: the runtime would compile curl for a client that is not used here. It still loads that
# client, hence the stub.
(cd "$node" && npm ci --silent --no-fund --no-audit --ignore-scripts)
mkdir -p "$node/node_modules/aws-lambda-ric/dist/rapid-client.node"
echo 'module.exports = {};' >"$node/node_modules/aws-lambda-ric/dist/rapid-client.node/index.js"
cat >"$node/bootstrap" <<EOF
#!/bin/sh
cd "$node"
export LAMBDA_TASK_ROOT="$node" AWS_LAMBDA_NODEJS_USE_ALTERNATIVE_CLIENT_1=true
exec $(command -v node) node_modules/aws-lambda-ric/bin/index.mjs index.handler
EOF
chmod +x "$node/bootstrap"

version() { sed -n "s/.*\"$1\": \"\(.*\)\".*/\1/p" "$2"; }
ric=$(version aws-lambda-ric cli/tests/clients/node-runtime/package.json)
rust=$(sed -n 's/^lambda_runtime = .*"=\([0-9.]*\)".*/\1/p' benches/peers/conformance/Cargo.toml)
set -- "Bootstream=$PWD/target/lambda/bootstrap" \
    "\`lambda_runtime\` $rust=$PWD/target/debug/conformance" \
    "\`aws-lambda-ric\` $ric=$node/bootstrap" "$@"

cargo test --quiet -p bootstream-host --test it --no-run
for runtime in "$@"; do
    if ! [ -x "${runtime#*=}" ] || [ "${runtime%%=*}" = "$runtime" ]; then
        echo "conformance: \`$runtime\` is not NAME=BOOTSTRAP with an executable" >&2
        exit 2
    fi
done
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
for runtime in "$@"; do
    # Failing tests are a result here.
    CONFORMANCE_BOOTSTRAP=$(realpath "${runtime#*=}") RUST_TEST_THREADS=6 \
        cargo test -p bootstream-host --test it -- any_runtime:: >"$results/log" 2>/dev/null || true
    sed -n 's/^test any_runtime::\(.*\) \.\.\. \(ok\|FAILED\)$/\1 \2/p' "$results/log" |
        sort >"$results/${runtime%%=*}"
done

printf '| Case'
for runtime in "$@"; do printf ' | %s' "${runtime%%=*}"; done
printf ' |\n| ---'
for runtime in "$@"; do printf ' | ---'; done
printf ' |\n'
while read -r name _; do
    printf '| %s' "$(printf '%s' "${name#*::}" | tr _ ' ')"
    for runtime in "$@"; do
        case $(grep "^$name " "$results/${runtime%%=*}" || true) in
            *ok) printf ' | yes' ;;
            *FAILED) printf ' | no' ;;
            *) printf ' | -' ;;
        esac
    done
    printf ' |\n'
done <"$results/Bootstream"
printf '| **cases passed**'
for runtime in "$@"; do printf ' | %s' "$(grep -c 'ok$' "$results/${runtime%%=*}" || true)"; done
printf ' |\n'
