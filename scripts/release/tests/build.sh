#!/bin/sh
# build.sh WORK [BINARIES] - make a release of the last commit in WORK/one, without optimisation, or of the executables in
# BINARIES. Pack it again in WORK/two, a day later by the clock, in another folder, in another time zone and with another
# umask, and compare.
#
# The first folder is target/release-test/checkout, which keeps what was built. WORK/binaries leads to the executables.
set -eu
work=$1 binaries=${2:-}
. scripts/release/tests/lib.sh
needs faketime
first=$PWD/target/release-test/checkout
[ -z "$(git status --porcelain)" ] || say "uncommitted changes are not part of the release"
[ -d "$first" ] || git clone --quiet --shared . "$first"
# Files that have not changed keep their time, so they are not built again.
git -C "$first" fetch --quiet "$PWD" HEAD
git -C "$first" checkout --quiet --detach FETCH_HEAD
(
    export CARGO_INCREMENTAL=0 CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_LAMBDA_OPT_LEVEL=0
    export CARGO_PROFILE_LAMBDA_LTO=off CARGO_PROFILE_LAMBDA_CODEGEN_UNITS=16
    # Of the builds that verify the crates.
    export CARGO_PROFILE_DEV_DEBUG=0
    set -- --out "$work/one"
    [ -z "$binaries" ] || set -- "$@" --binaries "$binaries"
    "$first/scripts/release.sh" "$@" >/dev/null
)
ln -s "${binaries:-$first/dist/binaries}" "$work/binaries"
git clone --quiet --shared "$first" "$work/second"
mkdir "$work/second/target"
ln -s "$first/target/release-python" "$work/second/target/"
# rustc hangs under faketime. It is only asked for its version.
printf '#!/bin/sh\nunset LD_PRELOAD\nexec rustc "$@"\n' >"$work/rustc"
chmod +x "$work/rustc"
say "packing again"
(
    umask 077
    # Times of files stay true, so that only what asks for the time is a day late.
    TZ=Asia/Tokyo NO_FAKE_STAT=1 RUSTC=$work/rustc faketime -f +1d "$work/second/scripts/release.sh" \
        --binaries "$work/binaries" --no-verify --out "$work/two" >/dev/null
)
diff -u "$work/one/SHA256SUMS" "$work/two/SHA256SUMS" >&2 || die "the second release differs"
