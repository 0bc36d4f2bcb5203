#include "abi.h"

#include <stdlib.h>
#include <string.h>

static char empty[1];

abi_list abi_text(const char *text)
{
    return (abi_list){text, text ? strlen(text) : 0};
}

char *abi_take(abi_owned owned)
{
    return owned.length == 0 ? empty : owned.data;
}

void abi_free(const char *text)
{
    if (text != empty) {
        free((void *)text);
    }
}

/* The allocator for what the host passes in: with a NUL behind it. Traps without memory, as the ABI requires. */
EXPORT("cabi_realloc") void *abi_realloc(void *old, size_t old_bytes, size_t align, size_t bytes)
{
    (void)old_bytes;
    if (bytes == 0) {
        return (void *)align;
    }
    char *block = realloc(old, bytes + 1);
    if (!block) {
        abort();
    }
    block[bytes] = 0;
    return block;
}
