#!/bin/sh
# arm64.sh WORK - run the command of the wheel and of the archive for arm64 in QEMU.
set -eu
work=$1
. scripts/release/tests/lib.sh
[ "$native" = x86_64 ] || { say "this machine is the other architecture"; exit 0; }
archive=bootstream-v$version-aarch64-unknown-linux-musl
mkdir "$work/arm64"
tar -xzf "$work/one/$archive.tar.gz" -C "$work/arm64"
# With `--target`, pip leaves out the wheel's `lib`: https://github.com/pypa/pip, `_handle_target_dir` of `commands/install.py`.
target/release-python/bin/uv --quiet --offline --cache-dir "$work/uv-cache" pip install --no-index \
    --find-links "$work/one" --python-platform aarch64-manylinux2014 --target "$work/arm64/wheel" bootstream

for package in "$archive" wheel; do
    prefix=$work/arm64/$package
    say "arm64: $package"
    # The system does not start executables for arm64 by itself.
    printf '#!/bin/sh\nexec qemu-aarch64 "%s" "$@"\n' "$prefix/lib/bootstream/arm64/bootstrap" >"$work/arm64/bootstrap"
    chmod +x "$work/arm64/bootstrap"
    command="qemu-aarch64 $prefix/bin/bootstream"
    clean arm64 $command --version --verbose >"$work/arm64/version"
    for part in "^bootstream $version" "^bootstrap for arm64: $prefix/lib/bootstream/arm64/bootstrap"; do
        grep -q "$part" "$work/arm64/version" || die "arm64: --version does not say $part: $(cat "$work/arm64/version")"
    done
    streams arm64 env BOOTSTREAM_BOOTSTRAP="$work/arm64/bootstrap" $command
    for file in bootstream-compile bootstrap-wasi-p3; do
        clean arm64 qemu-aarch64 "$prefix/lib/bootstream/arm64/$file" --version >/dev/null ||
            die "arm64: $file does not start"
    done
done
