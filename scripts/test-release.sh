#!/bin/sh
# test-release.sh - pack a release from what the tests have built, twice, and use each package in a clean environment.
#
# The command is this machine's build, and the arm64 one a stand-in: what is tested is packing and finding.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
say() { echo "test-release: $*" >&2; }
die() { say "$*"; exit 1; }

native=$(uname -m | sed s/aarch64/arm64/)
for arch in x86_64 arm64; do
    folder=$work/binaries/$arch
    mkdir -p "$folder"
    if [ "$arch" = "$native" ]; then
        cp target/lambda/bootstrap target/lambda/bootstrap-wasi-p3 "$folder/"
        # As in a release, which is built stripped.
        for name in bootstream bootstream-compile; do
            strip -o "$folder/$name" target/release/$name
        done
    else
        host=target/$arch/lambda/bootstrap
        [ -f "$host" ] || host=target/$arch/release/bootstrap
        [ -f "$host" ] || die "no bootstrap for $arch: run scripts/build-bootstrap.sh --arch $arch"
        for name in bootstrap bootstrap-wasi-p3 bootstream-compile bootstream; do
            cp "$host" "$folder/$name"
        done
    fi
done

say "workflows"
scripts/release/tests/workflows.sh "$work"
say "crates"
scripts/release/tests/crates.sh "$work"

say "packing twice"
scripts/release.sh --binaries "$work/binaries" --skip-crates --out "$work/one" >/dev/null
(umask 077 && TZ=Asia/Tokyo scripts/release.sh --binaries "$work/binaries" --skip-crates --out "$work/two" >/dev/null)
diff -u "$work/one/SHA256SUMS" "$work/two/SHA256SUMS" || die "the second release differs"
version=$(sed -n "/^\[workspace.package\]/,/^\[/s/^version = \"\(.*\)\"/\1/p" Cargo.toml)

# checked NAME COMMAND...: the command streams, with a `bootstrap` of its package, and packages for both architectures.
checked() {
    name=$1
    shift
    say "$name"
    mkdir "$work/$name-home"
    run="env -i PATH=$PATH HOME=$work/$name-home"
    $run "$@" demo --once --port 0 >"$work/$name.out" 2>"$work/$name.err" || { cat "$work/$name.err" >&2; die "$name: demo fails"; }
    grep -q 'That was the whole stream' "$work/$name.out" || die "$name: no stream"
    ! grep -q 'this command runs the handler itself' "$work/$name.err" || die "$name: its bootstrap is not found"
    for arch in x86_64 arm64; do
        $run "$@" package --only host --arch $arch --out-dir "$work/$name-dist" cli/src/commands/demo/demo.wat >/dev/null 2>&1 ||
            die "$name: package --arch $arch fails"
        cmp "$work/$name-dist/host-layer.zip" "$work/one/host-layer-$arch.zip" || die "$name: another layer"
    done
}

say "completions and manual pages"
scripts/release/tests/manual.sh "$work"

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index --find-links "$work/one" bootstream
checked wheel "$work/venv/bin/bootstream"
"$work/venv/bin/pip" uninstall --quiet --yes bootstream
# pip itself leaves the empty folders of data files.
[ -z "$(find "$work/venv" -path '*bootstream*' ! -type d -print -quit)" ] || die "the wheel leaves files behind"

# uv links the executable from elsewhere, as pipx does.
uv="target/release-python/bin/uv --quiet --offline --cache-dir $work/uv-cache"
export UV_TOOL_DIR="$work/uv" UV_TOOL_BIN_DIR="$work/uv-bin" UV_PYTHON_DOWNLOADS=never
$uv tool install --no-index --find-links "$work/one" bootstream
checked uv "$work/uv-bin/bootstream"
$uv tool uninstall bootstream
[ -z "$(find "$work/uv" "$work/uv-bin" -name '*bootstream*' -print -quit)" ] || die "uv leaves files behind"

mkdir "$work/archive" "$work/links"
machine=$(uname -m)
tar -xzf "$work/one/bootstream-v$version-$machine-unknown-linux-musl.tar.gz" -C "$work/archive"
ln -s "$work/archive"/*/bin/bootstream "$work/links/bootstream"
checked archive "$work/links/bootstream"

mkdir "$work/npm"
cpu=$(echo "$native" | sed s/x86_64/x64/)
(cd "$work/npm" && npm install --silent --offline --ignore-scripts --no-audit --no-fund \
    "$work/one/npm/bootstream-$version.tgz" "$work/one/npm/bootstream-linux-$cpu-$version.tgz")
checked npm "$work/npm/node_modules/.bin/bootstream"
code=0
"$work/npm/node_modules/.bin/bootstream" no-such-command >/dev/null 2>&1 || code=$?
[ $code = 2 ] || die "npm: the exit code is $code, not 2"
"$work/npm/node_modules/.bin/bootstream" demo --port 0 >"$work/signal.out" 2>/dev/null &
launcher=$!
tail -f --pid=$launcher "$work/signal.out" | grep -q -m 1 'Hello' || die "npm: no stream"
kill -TERM $launcher
wait $launcher || die "npm: SIGTERM does not end the command as usual"
rm -rf "$work/npm/node_modules/@bootstream"
said=$("$work/npm/node_modules/.bin/bootstream" --version 2>&1) && die "npm: works without its executables"
echo "$said" | grep -q "@bootstream/linux-$cpu" || die "npm: the missing package is not named: $said"

say "host install"
mkdir -p "$work/alone/bin"
cp target/release/bootstream "$work/alone/bin/"
run="env -i PATH=$PATH HOME=$work/alone"
$run "$work/alone/bin/bootstream" host install --from "$work/one/bootstream-host-v$version-$native.tar.gz" >/dev/null
$run "$work/alone/bin/bootstream" demo --once --port 0 2>&1 | grep -q 'whole stream' || die "no stream"
say "publishing"
scripts/release/tests/registries.sh "$work/one" "$work"
say "passed"
