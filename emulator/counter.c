/* A QEMU plugin that counts executed guest instructions and prints the count at marks.
 *
 * A mark is the guest's call getsid(MARK): it fails harmlessly on any system, so the guest program
 * needs nothing special. One line per mark goes to the file descriptor that the argument names:
 * the instructions executed so far by all threads.
 *
 * Each translated block adds its length once per execution. A block that a signal cuts short is
 * counted whole; the runtimes raise none while they infer.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The part of QEMU's plugin interface, version 1, that is used here: Debian ships no header. */
typedef uint64_t plugin_id;
struct qemu_plugin_tb;
typedef void (*block_callback)(plugin_id, struct qemu_plugin_tb *);
typedef void (*syscall_callback)(plugin_id, unsigned int cpu, int64_t number, uint64_t a1,
                                 uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6,
                                 uint64_t a7, uint64_t a8);
enum inline_operation { INLINE_ADD_U64 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, block_callback callback);
void qemu_plugin_register_vcpu_syscall_cb(plugin_id id, syscall_callback callback);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block,
                                              enum inline_operation operation, void *target,
                                              uint64_t operand);

int qemu_plugin_version = 1;

#define GETSID 156 /* aarch64 */
#define MARK 2147480311

static uint64_t executed;
static FILE *report;

static void on_block(plugin_id id, struct qemu_plugin_tb *block)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(block, INLINE_ADD_U64, &executed,
                                             qemu_plugin_tb_n_insns(block));
}

static void on_syscall(plugin_id id, unsigned int cpu, int64_t number, uint64_t a1,
                       uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6,
                       uint64_t a7, uint64_t a8)
{
    (void)id, (void)cpu, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
    if (number == GETSID && a1 == MARK) {
        fprintf(report, "%" PRIu64 "\n", executed);
        fflush(report);
    }
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "report=", 7) == 0) {
            report = fopen(argv[i] + 7, "w");
        }
    }
    if (report == NULL) {
        fprintf(stderr, "counter: report=FILE is missing or cannot be written\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
    qemu_plugin_register_vcpu_syscall_cb(id, on_syscall);
    return 0;
}
