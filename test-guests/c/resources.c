/* Steps that use up time, stack or memory. */
#include "scripted.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static volatile unsigned sink;

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1000000;
}

int spin_ms(double pause)
{
    for (double end = now_ms() + pause; now_ms() < end;) {
        for (unsigned i = 0; i < 1000; i++) {
            sink ^= i;
        }
    }
    return 0;
}

int loop_forever(void)
{
    for (;;) {
        sink++;
    }
}

int loop_writing(void)
{
    char chunk[1024];
    memset(chunk, 'x', sizeof chunk);
    for (;;) {
        bootstream_write(chunk, sizeof chunk);
    }
}

/* Uses the result of the inner call, so that no compiler can turn the recursion into a loop. */
static unsigned recurse(unsigned depth)
{
    if (depth == sink + 0xffffffffu) {
        return 0;
    }
    return (recurse(depth + 1) << 7) ^ depth;
}

int recurse_forever(void)
{
    return (int)(recurse(0) & 1) ? 0 : 0;
}

int grow_memory(size_t bytes)
{
    /* No compiler may leave it out. */
    volatile char *memory = malloc(bytes);
    if (!memory) {
        /* A trap after a refused growth of memory is reported as such. */
        abort();
    }
    for (size_t i = 0; i < bytes; i += 4096) {
        memory[i] = 1;
    }
    return 0;
}
