/* The canonical ABI of the component model, as far as the package uses it. */
#ifndef BOOTSTREAM_ABI_H
#define BOOTSTREAM_ABI_H

#include <stddef.h>
#include <stdint.h>

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

/* A list, or a text without a NUL. */
typedef struct {
    const void *data;
    size_t length;
} abi_list;

/* A list that the host has passed in, which has a NUL behind it. It is freed with `free`. */
typedef struct {
    char *data;
    size_t length;
} abi_owned;

typedef struct {
    uint8_t is_some;
    abi_owned text;
} abi_option;

/* Returns text as a list. NULL is an empty one. */
abi_list abi_text(const char *text);

/* Returns text that the host has passed in. It is empty, and must not be freed, if it has no length. */
char *abi_take(abi_owned owned);

/* Frees what `abi_take` returned. */
void abi_free(const char *text);

#endif
