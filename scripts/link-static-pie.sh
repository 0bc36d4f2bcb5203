#!/bin/sh
# link-static-pie.sh ARGUMENT... - link a static, position-independent program for musl.
#
# rustc calls this as its linker for aarch64. Its code for that target is position independent, but it requests
# a static program at fixed addresses; for x86_64 it requests a static PIE. The difference is one option and
# the start-up objects: musl's `rcrt1.o` relocates the program before it runs.
#
# The variable STATIC_PIE_CC names the C compiler for linking; the default is `cc`.
set -eu
for argument; do
    shift
    case $argument in
        -no-pie) argument=-static-pie ;;
        # It would request fixed addresses again.
        -static) continue ;;
        */crt1.o) argument=${argument%crt1.o}rcrt1.o ;;
        */crtbegin.o | */crtend.o) argument=${argument%.o}S.o ;;
    esac
    set -- "$@" "$argument"
done
exec "${STATIC_PIE_CC:-cc}" "$@"
