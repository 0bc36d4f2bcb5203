#!/bin/sh
# archive.sh WORK - unpack the archive and use it through a link from elsewhere, and where there is nothing else.
set -eu
work=$1
. scripts/release/tests/lib.sh
folder=bootstream-v$version-$(uname -m)-unknown-linux-musl
mkdir "$work/archive" "$work/links"
tar -xzf "$work/one/$folder.tar.gz" -C "$work/archive"
ln -s "$work/archive/$folder/bin/bootstream" "$work/links/bootstream"
works archive "$work/links/bootstream"

say "archive, read-only, without any C library"
clean() {
    shift
    bwrap --die-with-parent --unshare-user --unshare-pid --tmpfs / --ro-bind "$work/archive/$folder" /opt/bootstream \
        --proc /proc --dev /dev --tmpfs /tmp --remount-ro / --clearenv "$@"
}
streams bare /opt/bootstream/bin/bootstream
