# Read by the tests of a release, which get the folder WORK with the release in WORK/one.

say() { echo "test-release: $*" >&2; }
die() { say "$*"; exit 1; }

native=$(uname -m | sed s/aarch64/arm64/)
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
# Programs of the system only: no cargo, and no Python or Node.js of a user.
system_path=/usr/bin:/bin
# What the command says if it found no `bootstrap`.
alone='this command runs the handler itself'

# needs PROGRAM...: installs those that are missing. Debian's packages have the same names.
needs() {
    missing=''
    for program in "$@"; do
        command -v "$program" >/dev/null || missing="$missing $program"
    done
    # shellcheck disable=SC2086
    [ -z "$missing" ] || apt-get -qq install -y --no-install-recommends $missing >&2
}

# clean NAME COMMAND...: runs it without variables, in an empty home.
clean() {
    mkdir -p "$work/$1-home"
    home=$work/$1-home
    shift
    env -i PATH="$system_path" HOME="$home" "$@"
}

# streams NAME COMMAND...: the command's demo streams, in the `bootstrap` of its package.
streams() {
    name=$1
    clean "$@" demo --once --port 0 >"$work/$name.out" 2>"$work/$name.err" ||
        { cat "$work/$name.err" >&2; die "$name: the demo fails"; }
    grep -q 'That was the whole stream' "$work/$name.out" || die "$name: no stream"
    ! grep -q "$alone" "$work/$name.err" || die "$name: its bootstrap is not found"
}

# works NAME COMMAND...: it streams, and packages for both architectures what the release has.
works() {
    say "$1"
    streams "$@"
    for arch in x86_64 arm64; do
        clean "$@" package --only host --arch $arch --out-dir "$work/$name-dist" cli/src/commands/demo/demo.wat \
            >/dev/null 2>"$work/$name.err" || { cat "$work/$name.err" >&2; die "$name: package --arch $arch fails"; }
        cmp "$work/$name-dist/host-layer.zip" "$work/one/host-layer-$arch.zip" || die "$name: another layer"
    done
}

# gone NAME FOLDER...: nothing of the package is left in the folders. pip leaves the empty folders of data files, and pipx
# a lock of its own.
gone() {
    name=$1
    shift
    left=$(find "$@" -path '*bootstream*' ! -type d ! -name .bootstream.lock -print -quit)
    [ -z "$left" ] || die "$name leaves files behind: $left"
}

# serves COMMAND...: what `dev` serves at a free port is a stream of numbers. `dev` gets these arguments and the port.
serves() {
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    "$@" --port "$port" >"$work/dev.log" 2>&1 &
    serving=$!
    curl -sN --retry 60 --retry-delay 1 --retry-connrefused --max-time 600 "http://127.0.0.1:$port/?count=1" \
        >"$work/dev.out" || true
    # It may be a function of this shell.
    kill -TERM "$(pgrep -P $serving)"
    wait $serving || true
    grep -q 'Streaming complete' "$work/dev.out" || { cat "$work/dev.log" >&2; die "dev does not stream"; }
}
