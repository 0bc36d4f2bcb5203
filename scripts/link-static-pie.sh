#!/bin/sh
# link-static-pie.sh ARGUMENT... - link a static program for musl that is loaded at random addresses.
#
# rustc calls this as its linker for aarch64. Its code for that target is position independent, but it asks
# for a static program at fixed addresses; for x86_64 it asks for what is wanted here. The difference is one
# option and the start-up objects, of which musl's `rcrt1.o` relocates the program before it runs.
#
# The variable STATIC_PIE_CC names the C compiler that links: `cc` if it is not set.
set -eu
for argument; do
    shift
    case $argument in
        -no-pie) argument=-static-pie ;;
        # It would ask for fixed addresses again.
        -static) continue ;;
        */crt1.o) argument=${argument%crt1.o}rcrt1.o ;;
        */crtbegin.o | */crtend.o) argument=${argument%.o}S.o ;;
    esac
    set -- "$@" "$argument"
done
exec "${STATIC_PIE_CC:-cc}" "$@"
