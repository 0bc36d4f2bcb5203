# For Makefiles of handlers in C and C++: compiles the package to BOOTSTREAM_OBJECTS with CC, which the makefile sets,
# and has the flags for a handler's own files and for linking.
BOOTSTREAM := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
BOOTSTREAM_HEADERS := $(wildcard $(BOOTSTREAM)/src/*.h $(BOOTSTREAM)/include/*.h)
# A folder that `bootstream dev --watch` takes for one of builds.
OBJECT_DIR ?= target
BOOTSTREAM_OBJECTS := $(patsubst $(BOOTSTREAM)/src/%.c,$(OBJECT_DIR)/bootstream-%.o,$(wildcard $(BOOTSTREAM)/src/*.c))
# Traces name files as seen from the project.
BOOTSTREAM_CFLAGS := -I$(BOOTSTREAM)/include -ffile-prefix-map=$(CURDIR)/=
# A library that is called more than once, with a stack of 1 MiB.
BOOTSTREAM_LDFLAGS := -mexec-model=reactor -Wl,-z,stack-size=1048576

$(OBJECT_DIR)/bootstream-%.o: $(BOOTSTREAM)/src/%.c $(BOOTSTREAM_HEADERS)
	@mkdir -p $(OBJECT_DIR)
	$(CC) -std=gnu17 -Os -g -Wall -Wextra $(BOOTSTREAM_CFLAGS) -c -o $@ $<
