#!/bin/sh
# in-lambda-root.sh FOLDER [TEMPORARY...] - run FOLDER/opt/bootstrap at the path Lambda uses.
#
# FOLDER/opt is at /opt and FOLDER/task at /var/task, both read-only, for an unprivileged user. Besides them,
# there is only /tmp, which the bubblewrap options TEMPORARY set up [default: --tmpfs /tmp].
#
# The system around them is this machine's, or the one in the folder BOOTSTREAM_LAMBDA_ROOT, in the control
# group BOOTSTREAM_LAMBDA_CGROUP if that is set: see test-lambda-root.sh. All other variables are passed to
# `bootstrap`.
set -eu
folder=$1
shift
[ $# -gt 0 ] || set -- --tmpfs /tmp

root=${BOOTSTREAM_LAMBDA_ROOT:-}
[ -z "${BOOTSTREAM_LAMBDA_CGROUP:-}" ] || echo $$ > "$BOOTSTREAM_LAMBDA_CGROUP/cgroup.procs"
unset BOOTSTREAM_LAMBDA_ROOT BOOTSTREAM_LAMBDA_CGROUP
ulimit -n 1024

exec bwrap --die-with-parent --unshare-user --unshare-pid --unshare-ipc \
    --uid 993 --gid 990 --cap-drop ALL --tmpfs / \
    --ro-bind "$root/usr" /usr --ro-bind "$root/etc" /etc \
    --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/bin /bin \
    --dir /var/runtime --ro-bind "$folder/task" /var/task --ro-bind "$folder/opt" /opt \
    "$@" --proc /proc --dev /dev --remount-ro / \
    --setenv LAMBDA_TASK_ROOT /var/task --chdir /var/task /opt/bootstrap
