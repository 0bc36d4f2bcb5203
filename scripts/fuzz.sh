#!/bin/sh
# fuzz.sh [SECONDS [TARGET...]] - fuzz each parser of untrusted bytes.
#
# Runs every target of `fuzz/` for SECONDS (default 60), starting from the corpus in `fuzz/corpus/`. Failing
# inputs go to `fuzz/artifacts/TARGET/`; new inputs stay in `target/fuzz`.
#
# Works with the stable compiler: libFuzzer needs coverage counters, which are an LLVM pass, but no sanitizer,
# because there is hardly any unsafe code to watch.
set -eu
cd "$(dirname "$0")/../fuzz"

seconds=${1:-60}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- answer event front_end prelude headers configuration next fingerprint sign server_sent_events event_stream trace \
    capsule guest_spans

target=$(rustc -vV | sed -n 's/^host: //p')
output=../target/fuzz
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares" \
    cargo build --locked --profile fuzz --features libfuzzer --target "$target" --target-dir "$output/build"

for name in "$@"; do
    printf '\n== %s\n' "$name"
    fuzz=$output/build/$target/fuzz/$name
    mkdir -p "$output/corpus/$name" "artifacts/$name"
    "$fuzz" -max_total_time="$seconds" -max_len=20000 -timeout=10 -rss_limit_mb=1024 \
        -artifact_prefix="artifacts/$name/" -print_final_stats=1 \
        "$output/corpus/$name" "corpus/$name"
done
