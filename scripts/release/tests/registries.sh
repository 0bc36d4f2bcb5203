#!/bin/sh
# registries.sh OUT WORK - publish a packed release to registries of this machine, twice: pypiserver for the wheels,
# verdaccio for the npm packages. crates.io and GitHub are programs that note what they are told.
set -eu
out=$1 work=$2/registries
die() { echo "registries: $*" >&2; exit 1; }
mkdir -p "$work/pypi" "$work/bin"
tools=$PWD/target/verdaccio
if [ ! -d "$tools/node_modules/verdaccio" ]; then
    mkdir -p "$tools"
    # One of its dependencies asks for a tag of node-fetch that does not exist any more.
    echo '{"private": true, "dependencies": {"verdaccio": "6.2.1"}, "overrides": {"node-fetch": "2.7.0"}}' \
        >"$tools/package.json"
    (cd "$tools" && npm install --silent --no-audit --no-fund --ignore-scripts)
fi
servers=''
trap 'for server in $servers; do kill "$server" 2>/dev/null || true; done' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# listens PORT: waits for a server.
listens() {
    for _ in $(seq 150); do
        ! curl -s -o "$work/probe" "http://127.0.0.1:$1/" || return 0
        sleep 0.2
    done
    die "nothing listens on port $1: $(tail "$work"/*.log)"
}

pypi=$(port)
target/release-python/bin/pypi-server run -i 127.0.0.1 -p "$pypi" -P . -a . "$work/pypi" >"$work/pypi.log" 2>&1 &
servers="$servers $!"
npm=$(port)
cat >"$work/verdaccio.yaml" <<END
storage: $work/npm
uplinks: {}
packages: {'**': {access: \$all, publish: \$all}}
auth: {htpasswd: {file: $work/htpasswd}}
max_body_size: 300mb
log: {type: stdout, format: json, level: warn}
END
(cd "$work" && exec node "$tools/node_modules/verdaccio/bin/verdaccio" --config verdaccio.yaml --listen "127.0.0.1:$npm") \
    >"$work/npm.log" 2>&1 &
servers="$servers $!"
listens "$pypi"
listens "$npm"

cargo=$(command -v cargo)
cat >"$work/bin/cargo" <<END
#!/bin/sh
case \$1 in
    info) grep -q "publish.*\${5%@*}" "$work/crates" 2>/dev/null ;;
    metadata) exec "$cargo" "\$@" ;;
    publish) echo "\$@" >>"$work/crates" ;;
    *) exit 9 ;;
esac
END
cat >"$work/bin/npx" <<'END'
#!/bin/sh
# The npm of this machine, in place of the one that npx brings.
[ "$1" = --yes ] && shift 2
exec npm "$@"
END
cat >"$work/bin/gh" <<END
#!/bin/sh
case "\$1 \$2" in
    'release view') [ -e "$work/release" ] && cat "$work/release" ;;
    'release create') : >"$work/release" ;;
    'release upload') basename "\$4" >>"$work/release" ;;
esac
END
chmod +x "$work/bin"/*

publish() {
    env PATH="$work/bin:$PATH" UV_PUBLISH_URL="http://127.0.0.1:$pypi/" PYPI_INDEX="http://127.0.0.1:$pypi/simple/" \
        UV_PUBLISH_USERNAME=any UV_PUBLISH_PASSWORD=any UV_CACHE_DIR="$work/uv" \
        npm_config_registry="http://127.0.0.1:$npm/" npm_config_userconfig="$work/npmrc" npm_config_cache="$work/cache" \
        scripts/release.sh --publish --out "$out" "$@"
}
published() { publish >"$work/said" 2>&1 || { cat "$work/said" >&2; die "it fails"; }; }
echo "//127.0.0.1:$npm/:_authToken=any" >"$work/npmrc"
publish --dry-run >"$work/dry" 2>/dev/null
for part in 'cargo publish .*-p bootstream-cli' 'uv publish' 'npm publish .*bootstream-linux-x64' \
    'npm publish .*/bootstream-[0-9]' 'gh release create' 'gh release upload .*SHA256SUMS'; do
    grep -q -- "$part" "$work/dry" || die "publishing does not run: $part"
done
[ -z "$(ls "$work/pypi")" ] || die "--dry-run publishes"
published
for file in "$out"/*.whl; do
    cmp "$file" "$work/pypi/${file##*/}" || die "the wheel ${file##*/} is not published"
done
for name in bootstream @bootstream/linux-x64 @bootstream/linux-arm64; do
    curl -sf "http://127.0.0.1:$npm/$(echo $name | sed 's,/,%2f,')" | grep -q '"dist-tags"' || die "npm lacks $name"
done
[ "$(wc -l <"$work/crates")" = 1 ] || die "cargo is called more than once"
find "$work/pypi" "$work/npm" -type f -exec sha256sum {} + | sort >"$work/first"
cp "$work/crates" "$work/crates.first"
published
find "$work/pypi" "$work/npm" -type f -exec sha256sum {} + | sort >"$work/second"
cmp "$work/first" "$work/second" || die "publishing again changes something"
cmp "$work/crates" "$work/crates.first" || die "publishing again publishes crates"
