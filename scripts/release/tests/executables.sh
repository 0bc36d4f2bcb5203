#!/bin/sh
# executables.sh WORK - look into the executables: they need no C library, and their bills of materials are complete.
set -eu
work=$1
. scripts/release/tests/lib.sh
binaries=$work/binaries
for file in "$binaries"/*/*; do
    readelf -hW "$file" >"$work/header"
    case $file in */x86_64/*) machine=X86-64 ;; *) machine=AArch64 ;; esac
    grep -q "Machine: .*$machine" "$work/header" || die "$file is not for $machine"
    # The wheels say that they run with glibc 2.17 and musl 1.1, so with neither.
    ! readelf -lW "$file" | grep -q INTERP || die "$file has an interpreter"
    ! readelf -dW "$file" | grep -q NEEDED || die "$file needs a library"
    # Randomised addresses.
    grep -q 'Type: .*DYN' "$work/header" || die "$file is not position independent"
done
python=$(scripts/release/python.sh)
for wheel in "$work"/one/*.whl; do
    said=$("${python%python}auditwheel" show "$wheel" 2>/dev/null | tr '\n' ' ')
    for part in 'references no external versioned symbols' 'requires no external shared libraries'; do
        case $said in *"$part"*) ;; *) die "auditwheel: $wheel: $said" ;; esac
    done
done
std=$("$(scripts/setup.sh 2>/dev/null)" --print target-libdir --target "$(uname -m)-unknown-linux-musl")
for arch in x86_64 arm64; do
    for name in bootstream bootstrap bootstrap-wasi-p3; do
        "$python" scripts/release/tests/sbom.py "$work/one/$name-$arch.cdx.json" "$binaries/$arch/$name" "$std"
    done
done
