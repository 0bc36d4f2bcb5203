#!/bin/sh
# test.sh - build everything the tests need, then run every test of the project.
#
# The tests drive `bootstrap` as it is deployed, built with the same profile, and handlers compiled to real
# components. The builds for arm64 and with WASI 0.3 differ from the deployed in that they are not optimised.
set -eu
cd "$(dirname "$0")/.."
unset CARGO_TARGET_DIR

began=$(date +%s)
say() {
    now=$(date +%s)
    printf '\n== minute %s: %s\n' "$(((now - began) / 60))" "$*" >&2
}

say "what the tests need; the whole takes 25 minutes the first time, on two processors"
guest_rustc=$(scripts/setup.sh --tests)

target/python/bin/python -W ignore scripts/templates/check.py

# Meanwhile, because link-time optimisation takes minutes on one processor. In a session of its own, so that it can be
# ended as a whole.
setsid sh -euc '
    scripts/build-bootstrap.sh
    # Nobody counts the instructions of these.
    export CARGO_PROFILE_LAMBDA_LTO=off CARGO_PROFILE_LAMBDA_CODEGEN_UNITS=16 CARGO_PROFILE_LAMBDA_OPT_LEVEL=0
    scripts/build-bootstrap.sh --wasi-p3
    scripts/build-bootstrap.sh --arch arm64
' &
bootstraps=$!
trap 'kill -- "-$bootstraps" 2>/dev/null || true' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "handlers in Rust, and beside them the three builds of the host"
# Handlers may need another compiler than the host, and so have a target folder of their own.
RUSTC=$guest_rustc cargo build --release --target wasm32-wasip2 --target-dir target/guests \
    -p scripted-guest -p reaching-guest -p fetching-guest -p otel-guest -p requests-guest -p service-guest \
    -p wasi-http-guest -p streaming-numbers -p server-sent-events -p large-download -p llm-proxy -p s3-download
# With the AWS SDK, in workspaces of their own. Even a little optimisation takes longer than all other handlers do.
dynamodb_export=examples/dynamodb-export/Cargo.toml
for manifest in "$dynamodb_export" test-guests/aws-sdk/Cargo.toml; do
    RUSTC=$guest_rustc CARGO_PROFILE_RELEASE_OPT_LEVEL=0 cargo build --release --target wasm32-wasip2 \
        --target-dir target/guests --manifest-path "$manifest"
done
RUSTC=$guest_rustc scripts/foreign-samples.sh
# The handler whose instructions are counted, optimised as for the benchmarks.
RUSTC=$guest_rustc cargo build --profile lambda --target wasm32-wasip2 --target-dir target/guests \
    -p bench-handler

say "clients: AWS's SDKs and runtimes, a stand-in for AWS"
scripts/setup-clients.sh
say "the command and its tests"
# Package by package: together, cargo would build shared dependencies with the union of their features. The
# command comes first, because the host's tests call its compile helper.
cargo test --release -p bootstream-cli -p bootstream-local-lambda --no-run
say "handlers in Python, TypeScript, Go and C"
# With the command, which makes components of core modules.
scripts/build-language-guests.sh
scripts/test-guest-python.sh
scripts/test-guest-js.sh
scripts/test-guests-go-c.sh
say "the host and its tests, and the rest of its builds"
# With the corpus of the fuzzers, whose checks are built like the host's tests, and with the SDK and the examples, which
# share what they are built of.
others() {
    cargo test \
        --features bootstream-host/rehearsal,bootstream-host/wasi-p3,bootstream/kv,bootstream/tracing \
        -p bootstream-host -p bootstream-fuzz -p bootstream-lambda-protocol -p bootstream-lambda-event \
        -p bootstream-artifact -p bootstream-aws-endpoints -p bootstream-aws-signing -p bootstream \
        -p bootstream-macros -p streaming-numbers -p server-sent-events -p large-download -p llm-proxy -p s3-download \
        -p scripted-guest -p guest-steps -p bench-workload -p bench-driver -p bootstream-test-support "$@"
}
others --no-run
wait "$bootstraps"
trap - EXIT

command_tests() { cargo test --release -p bootstream-cli -p bootstream-local-lambda "$@"; }
threads=${RUST_TEST_THREADS:-}
say "commands in the documents"
# They wait for downloads, and nothing in them is a matter of milliseconds.
RUST_TEST_THREADS="${threads:-$(($(nproc) * 3))}" command_tests --test docs
say "tests of the command"
set -- --lib --test local_lambda
for main in cli/tests/*/main.rs; do
    name=$(basename "$(dirname "$main")")
    [ "$name" = docs ] || set -- "$@" --test "$name"
done
# More threads than processors: most tests wait for a pause, a deadline or a peer.
RUST_TEST_THREADS="${threads:-$(($(nproc) * 2))}" command_tests "$@"
command_tests --doc
say "tests of the host, the SDK and the examples"
# They wait more than they compute.
RUST_TEST_THREADS="${threads:-$(($(nproc) * 4))}" others
# As the test of its README has built it.
CARGO_PROFILE_DEV_DEBUG=0 cargo test --manifest-path "$dynamodb_export" --target-dir target
