/* The scripted guest in C: its event is a script of steps. */
#ifndef SCRIPTED_H
#define SCRIPTED_H

#include <bootstream.h>
#include <bootstream_json.h>

/* One invocation. */
typedef struct {
    const char *event;
    size_t event_bytes;
    const bootstream_context *context;
} script;

/* How a step ended, beside the results of calls: it did not go as the script expects, with the text of the error. */
#define UNEXPECTED 100

/* Executes one step. Returns 0, a refusal, BOOTSTREAM_FAILED or UNEXPECTED. */
int run_step(const script *script, bootstream_json step);

/* Steps that use up time, stack or memory. */
int spin_ms(double pause);
int loop_forever(void);
int loop_writing(void);
int recurse_forever(void);
int grow_memory(size_t bytes);

/* Writes the guest's view of its environment. */
int write_context(const bootstream_context *context);
int write_digest(const char *event, size_t length);
int write_environment(void);

/* Sends a request, and writes a line with its outcome. */
int fetch_step(bootstream_json request);

#endif
