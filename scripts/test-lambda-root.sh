#!/bin/sh
# test-lambda-root.sh - run a layer and a function package on a system older than Lambda's.
#
# The tests `unpacked` of the command and `lambda_root` of the host run them at /opt and /var/task, read-only,
# as an unprivileged user, on this machine's system. This runs the same tests on Debian 11, whose C library
# is 2.31; provided.al2023 has 2.34. Root runs them in 128 MiB of memory.
#
# Needs debootstrap, bubblewrap, the builds of test.sh, and root for the first run, which takes minutes. The
# system stays in target/debian-11.
set -eu
unset CARGO_TARGET_DIR
cd "$(dirname "$0")/.."
[ "$(uname -m)" = x86_64 ] || { echo 'test-lambda-root: needs an x86_64 machine' >&2; exit 1; }

root=$PWD/target/debian-11
if [ ! -e "$root/.complete" ]; then
    rm -rf "$root"
    debootstrap --variant=minbase bullseye "$root" >&2
    : > "$root/.complete"
fi

# Version 2 of control groups has one tree, version 1 has one for each resource.
for folder in /sys/fs/cgroup /sys/fs/cgroup/memory; do
    cgroup=$folder/bootstream-test-$$
    [ -w "$folder/cgroup.procs" ] && mkdir "$cgroup" || continue
    for limit in memory.max memory.limit_in_bytes; do
        [ -w "$cgroup/$limit" ] || continue
        echo $((128 * 1024 * 1024)) > "$cgroup/$limit"
        export BOOTSTREAM_LAMBDA_CGROUP="$cgroup"
        trap 'rmdir "$BOOTSTREAM_LAMBDA_CGROUP"' EXIT
        break 2
    done
    rmdir "$cgroup"
done
echo "test-lambda-root: memory limit: ${BOOTSTREAM_LAMBDA_CGROUP:-none, needs root}" >&2

export BOOTSTREAM_LAMBDA_ROOT="$root"
cargo test --release -p bootstream-cli --test it unpacked::the_packages_stream_where_lambda
# After those tests, which link a compiler for this system.
scripts/build-bootstrap.sh --compiler
cargo test -p bootstream-host --test it lambda_root::
