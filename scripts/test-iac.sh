#!/bin/sh
# test-iac.sh - synthesise or validate each example of examples/iac without an account, and read the results with
# `bootstream doctor`.
#
# Installs the CDK, osls and the declarations of Terraform's provider from npm into target/iac. Needs the handlers and
# the executables that the tests build.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
tools=$root/target/iac
work=$(mktemp -d)
stacks=''
trap 'rm -rf "$work"; [ -z "$stacks" ] || kill "$stacks" 2>/dev/null || true' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
say() { echo "test-iac: $*" >&2; }
die() { say "$*"; exit 1; }
arch=$(uname -m | sed s/aarch64/arm64/)
bootstream=$root/target/release/bootstream

# installed NAME: copies examples/iac/NAME to the work folder, with its packages.
installed() {
    packages=$tools/$1
    mkdir -p "$packages" "$work/$1"
    if ! cmp -s "examples/iac/$1/package-lock.json" "$packages/made-of.json"; then
        cp "examples/iac/$1/package.json" "examples/iac/$1/package-lock.json" "$packages/"
        (cd "$packages" && npm ci --silent --no-fund --no-audit --ignore-scripts)
        cp "$packages/package-lock.json" "$packages/made-of.json"
    fi
    (cd "examples/iac/$1" && git ls-files -co --exclude-standard | xargs cp --parents -t "$work/$1")
    ln -s "$packages/node_modules" "$work/$1/node_modules"
}

# doctor TEMPLATE OPTION...: there is a function of this runtime in it, and nothing to say about it, except that zips in
# S3 are not read.
doctor() {
    said=$("$bootstream" doctor --only templates "$@" 2>/dev/null) || { echo "$said" >&2; die "doctor refuses $1"; }
    case $(echo "$said" | grep -v 'note\[archive\].*: it is in S3$') in
        "ok: $1" | "ok but for what the notes name: $1") ;;
        *) die "doctor says of $1: $said" ;;
    esac
}

"$bootstream" package --arch "$arch" --out-dir "$work/dist" \
    target/guests/wasm32-wasip2/release/streaming_numbers.wasm >/dev/null 2>&1

for name in sam cloudformation; do
    say $name
    mkdir "$work/$name"
    cp examples/iac/$name/template.yaml "$work/$name/"
    doctor "$work/$name/template.yaml" -p Architecture="$arch"
done

say cdk
installed cdk
(
    cd "$work/cdk"
    node_modules/.bin/tsc
    node_modules/.bin/cdk synth --quiet --no-notices -c architecture="$arch" >"$work/cdk.log" 2>&1 ||
        { cat "$work/cdk.log" >&2; exit 1; }
)
for stack in StreamingUrl StreamingApi; do
    doctor "$work/cdk/cdk.out/$stack.template.json"
    # W3005: the CDK writes dependencies that are there already.
    target/python/bin/cfn-lint --ignore-checks W3005 -r eu-central-1 -t "$work/cdk/cdk.out/$stack.template.json"
done

say serverless
installed serverless
python3 scripts/templates/no_stacks.py >"$work/port" &
stacks=$!
tail -f --pid=$stacks "$work/port" | grep -q -m 1 .
(
    cd "$work/serverless"
    AWS_ENDPOINT_URL_CLOUDFORMATION="http://127.0.0.1:$(cat "$work/port")"
    export AWS_ENDPOINT_URL_CLOUDFORMATION
    export AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none
    node_modules/.bin/osls package --param "architecture=$arch" >"$work/osls.log" 2>&1 ||
        { cat "$work/osls.log" >&2; exit 1; }
)
doctor "$work/serverless/.serverless/cloudformation-template-update-stack.json"

say terraform
provider=@cdktf/provider-aws@21.22.1
if [ "$(cat "$tools/provider" 2>/dev/null)" != $provider ]; then
    rm -rf "$tools/declarations"
    mkdir -p "$tools/declarations"
    archive=$(cd "$tools" && npm pack --silent $provider)
    tar -xzf "$tools/$archive" -C "$tools/declarations" --strip-components=2 --wildcards 'package/lib/*/index.d.ts'
    rm "$tools/$archive"
    echo $provider >"$tools/provider"
fi
target/python/bin/python scripts/templates/terraform.py examples/iac/terraform "$tools/declarations"
# Terraform itself cannot validate without its provider.
if command -v terraform >/dev/null; then
    export TF_CLI_CONFIG_FILE=/dev/null
    terraform fmt -check -diff -recursive examples/iac/terraform
fi
say passed
