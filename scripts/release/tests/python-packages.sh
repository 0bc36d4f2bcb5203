#!/bin/sh
# python-packages.sh WORK - install the wheel with pip, uv and pipx, use it, and remove it.
set -eu
work=$1
. scripts/release/tests/lib.sh
tools=$PWD/target/release-python/bin

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index --find-links "$work/one" bootstream
works wheel "$work/venv/bin/bootstream"
"$work/venv/bin/pip" uninstall --quiet --yes bootstream
gone wheel "$work/venv"

# uv and pipx link the executable from elsewhere.
export UV_TOOL_DIR="$work/uv" UV_TOOL_BIN_DIR="$work/uv-bin" UV_PYTHON_DOWNLOADS=never
uv="$tools/uv --quiet --offline --cache-dir $work/uv-cache"
$uv tool install --no-index --find-links "$work/one" bootstream
works uv "$work/uv-bin/bootstream"
$uv tool uninstall bootstream
gone uv "$work/uv" "$work/uv-bin"

export PIPX_HOME="$work/pipx" PIPX_BIN_DIR="$work/pipx-bin" PIPX_MAN_DIR="$work/pipx-man"
# With pip in place of uv, it would fetch the newest pip.
PATH="$tools:$PATH" UV_NO_INDEX=1 UV_FIND_LINKS="$work/one" UV_OFFLINE=1 UV_CACHE_DIR="$work/uv-cache" \
    "$tools/pipx" install --quiet --backend uv bootstream >/dev/null
works pipx "$work/pipx-bin/bootstream"
"$tools/pipx" uninstall --quiet bootstream >/dev/null
gone pipx "$work/pipx/venvs" "$work/pipx-bin"
