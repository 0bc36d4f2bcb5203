#!/bin/sh
# setup.sh [--tests] - install everything the build needs.
#
# --tests: also everything the tests need: Node.js, curl, Python for the template linters, a cross compiler for
# arm64, QEMU, bubblewrap, valgrind, Chromium.
#
# Prints the Rust compiler for handlers (target wasm32-wasip2) and for `bootstrap` (on Linux, the target
# of this machine with musl) on standard output, everything else on standard error. Installs missing packages
# with apt where that is possible, and otherwise says what to do.
set -eu

here=$(dirname "$0")
export DEBIAN_FRONTEND=noninteractive
say() { echo "setup: $*" >&2; }

# install COMMAND PACKAGE...: unless COMMAND exists.
install() {
    wanted=$1
    shift
    if command -v "$wanted" >/dev/null 2>&1; then return; fi
    say "$wanted is missing; installing $*"
    install_packages "$@"
}

install_packages() {
    if ! command -v apt-get >/dev/null 2>&1; then
        say "install what Debian calls $*"
        exit 1
    fi
    if [ "$(id -u)" = 0 ]; then sudo=''
    elif sudo -n true 2>/dev/null; then sudo='sudo -n -E'
    else say "cannot install without root: run 'apt-get install $*'"; exit 1
    fi
    if ! $sudo apt-get -qq install -y --no-install-recommends "$@" >&2; then
        $sudo apt-get -qq update >&2
        $sudo apt-get -qq install -y --no-install-recommends "$@" >&2
    fi
}

# The template linters live in the target folder, and are reinstalled when their list changes.
install_linters() {
    list=$here/templates/requirements.txt
    venv=$here/../target/python
    if cmp -s "$list" "$venv/installed.txt"; then return; fi
    say "installing the linters of the templates"
    install python3 python3
    # Debian's python3 comes without it.
    python3 -m ensurepip --version >/dev/null 2>&1 || install_packages python3-venv
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$list" >&2
    cp "$list" "$venv/installed.txt"
}

# Find unusable installations before the tests fail halfway.
check_tools() {
    # The oldest version that the tests' packages support.
    if [ "$(node -p 'parseInt(process.versions.node) >= 18')" != true ]; then
        say "node is $(node --version), and the tests need 18 or later: see https://nodejs.org"
        exit 1
    fi
    if ! bwrap --unshare-user --ro-bind / / true; then
        say "bwrap may not make a sandbox: run the tests as root, or allow user namespaces" \
            "(on Ubuntu: sysctl kernel.apparmor_restrict_unprivileged_userns=0)"
        exit 1
    fi
}

if ! command -v cargo >/dev/null 2>&1; then
    say "cargo is missing: install Rust 1.95 or later from https://rustup.rs"
    exit 1
fi
install cc build-essential
targets=wasm32-wasip2
case $(uname -sm) in
    'Linux x86_64' | 'Linux aarch64')
        # The target of `bootstrap`, and the compiler for its C code, unless the environment names one.
        targets="$targets $(uname -m)-unknown-linux-musl"
        eval "compiler=\${CC_$(uname -m)_unknown_linux_musl:-}"
        # shellcheck disable=SC2154
        [ -n "$compiler" ] || install musl-gcc musl-tools ;;
esac
if [ "${1:-}" = --tests ]; then
    install npm nodejs npm
    install curl curl
    # To build `bootstrap` for arm64, and to run it.
    install aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu libc6-dev-arm64-cross
    install qemu-aarch64 qemu-user
    # To run it as Lambda would.
    install bwrap bubblewrap
    # To count its instructions.
    install valgrind valgrind
    # To see the pages of examples as a person does.
    command -v google-chrome >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ||
        install "${CHROME_PATH:-chromium}" chromium
    check_tools
    install_linters
fi

# shellcheck disable=SC2086
"$here/setup-wasm-target.sh" $targets
