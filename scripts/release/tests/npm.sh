#!/bin/sh
# npm.sh WORK - install the npm packages in a project and for all, and use them.
set -eu
work=$1
. scripts/release/tests/lib.sh
cpu=$(echo "$native" | sed s/x86_64/x64/)
system_path=$system_path:$(dirname "$(command -v node)")
install="npm install --silent --offline --ignore-scripts --no-audit --no-fund"
launcher=$work/one/npm/bootstream-$version.tgz
executables=$work/one/npm/bootstream-linux-$cpu-$version.tgz

mkdir "$work/npm"
(cd "$work/npm" && $install "$launcher" "$executables")
command=$work/npm/node_modules/.bin/bootstream
works npm "$command"
(cd "$work/npm" && streams npx npx --offline --no bootstream)
code=0
"$command" no-such-command >/dev/null 2>&1 || code=$?
[ $code = 2 ] || die "npm: the exit code is $code, not 2"
"$command" demo --port 0 >"$work/signal.out" 2>/dev/null &
running=$!
tail -f --pid=$running "$work/signal.out" | grep -q -m 1 'Hello' || die "npm: no stream"
kill -TERM $running
wait $running || die "npm: SIGTERM does not end the command as usual"
rm -rf "$work/npm/node_modules/@bootstream"
said=$("$command" --version 2>&1) && die "npm: works without its executables"
echo "$said" | grep -q "@bootstream/linux-$cpu" || die "npm: the missing package is not named: $said"

mkdir "$work/npm-global"
$install --global --prefix "$work/npm-global" "$executables" "$launcher"
works npm-global "$work/npm-global/bin/bootstream"
npm uninstall --silent --global --prefix "$work/npm-global" bootstream @bootstream/linux-$cpu
gone npm "$work/npm-global"
