# For Makefiles of handlers in C: the sources of the package and the flags they need. The compiler is the makefile's.
BOOTSTREAM := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
BOOTSTREAM_SOURCES := $(wildcard $(BOOTSTREAM)/src/*.c)
BOOTSTREAM_HEADERS := $(wildcard $(BOOTSTREAM)/src/*.h $(BOOTSTREAM)/include/*.h)
# Traces name files as seen from the project.
BOOTSTREAM_CFLAGS := -I$(BOOTSTREAM)/include -ffile-prefix-map=$(CURDIR)/=
# A library that is called more than once, with a stack of 1 MiB.
BOOTSTREAM_LDFLAGS := -mexec-model=reactor -Wl,-z,stack-size=1048576
