// A plugin for QEMU that counts the instructions of a program: those of its executable separately from
// those outside, such as machine code that it maps itself.
//
// Arguments: out=FILE, where it writes both counts when the program ends.
//
// Debian ships QEMU without its plugin header. These are the declarations used here, which have not changed
// since version 1 of the interface: https://www.qemu.org/docs/master/devel/tcg-plugins.html

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct qemu_plugin_tb;
typedef void (*block_translated)(uint64_t id, struct qemu_plugin_tb *block);
typedef void (*block_executed)(unsigned int processor, void *argument);
typedef void (*program_ended)(uint64_t id, void *argument);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_start_code(void);
uint64_t qemu_plugin_end_code(void);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, block_translated callback);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, block_executed callback,
                                          int registers, void *argument);
void qemu_plugin_register_atexit_cb(uint64_t id, program_ended callback, void *argument);

// QEMU refuses a plugin for an unsupported version.
int qemu_plugin_version = PLUGIN_VERSION;

enum { NO_REGISTERS = 0 };

static const char *file;
static uint64_t inside;
static uint64_t outside;

// Threads of the program are threads here.
static void count_inside(unsigned int processor, void *instructions)
{
    (void)processor;
    __atomic_fetch_add(&inside, (uint64_t)(uintptr_t)instructions, __ATOMIC_RELAXED);
}

static void count_outside(unsigned int processor, void *instructions)
{
    (void)processor;
    __atomic_fetch_add(&outside, (uint64_t)(uintptr_t)instructions, __ATOMIC_RELAXED);
}

static void translated(uint64_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    uint64_t address = qemu_plugin_tb_vaddr(block);
    int is_inside = address >= qemu_plugin_start_code() && address < qemu_plugin_end_code();
    void *instructions = (void *)(uintptr_t)qemu_plugin_tb_n_insns(block);
    qemu_plugin_register_vcpu_tb_exec_cb(block, is_inside ? count_inside : count_outside, NO_REGISTERS,
                                         instructions);
}

static void ended(uint64_t id, void *argument)
{
    (void)id;
    (void)argument;
    FILE *out = fopen(file, "w");
    if (out == NULL) {
        perror(file);
        return;
    }
    fprintf(out, "%" PRIu64 " %" PRIu64 "\n", inside, outside);
    fclose(out);
}

int qemu_plugin_install(uint64_t id, const void *emulator, int count, char **arguments)
{
    (void)emulator;
    if (count != 1 || strncmp(arguments[0], "out=", 4) != 0) {
        fputs("the plugin takes one argument, out=FILE\n", stderr);
        return 1;
    }
    file = arguments[0] + 4;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
