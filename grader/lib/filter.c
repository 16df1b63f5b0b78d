/* filter.c - a seccomp filter, as a program for the kernel's BPF machine. */
#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* The numbers of the calls differ from machine to machine, and one kernel may take those
 * of another one, too. */
#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define MACHINE AUDIT_ARCH_RISCV64
#endif

#ifdef MACHINE

#define X32_BIT    0x40000000U /* in a number: a call of x86-64's 32-bit sister */
#define PIPE_BYTES 65536U      /* that a pipe has when it is made */

/* All of these machines keep the lower half of an argument first. */
#define LOAD(place) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (place))
#define NUMBER      offsetof(struct seccomp_data, nr)
#define ARGUMENT(n) offsetof(struct seccomp_data, args[n])
#define UPPER_HALF  4

#define UNLESS_EQUAL(value, skip)                                                      \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))
#define IF_EQUAL(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (skip), 0)
#define IF_ABOVE(value, skip) BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (value), (skip), 0)
#define UNLESS_ABOVE(value, skip)                                                      \
    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (value), 0, (skip))
#define ALLOW         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define ANSWER(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define DENY(call)    UNLESS_EQUAL((call), 1), ANSWER(EPERM)

static const struct sock_filter program[] = {
    /* As on a kernel that knows no other machine's calls. */
    LOAD(offsetof(struct seccomp_data, arch)),
    IF_EQUAL(MACHINE, 1),
    ANSWER(ENOSYS),
    LOAD(NUMBER),
    UNLESS_ABOVE(X32_BIT - 1, 1),
    ANSWER(ENOSYS),

    /* The session keyring is inherited, from the login of the one who grades. */
    DENY(SYS_add_key),
    DENY(SYS_keyctl),
    DENY(SYS_request_key),
    DENY(SYS_syslog),
    /* Of these there is a number for a user, or for the machine, or they keep memory that
     * does not show in /proc. */
    DENY(SYS_io_setup),
    DENY(SYS_io_uring_setup),
    DENY(SYS_fanotify_init),
    DENY(SYS_bpf),
    DENY(SYS_perf_event_open),
    /* It can hold the kernel in the middle of a call. */
    DENY(SYS_userfaultfd),

    /* Sockets: within the machine, and of networks, which are empty here.  AF_VSOCK, the
     * way to a virtual machine's host, has no namespace. */
    UNLESS_EQUAL(SYS_socket, 6),
    LOAD(ARGUMENT(0)),
    IF_EQUAL(AF_UNIX, 3),
    IF_EQUAL(AF_INET, 2),
    IF_EQUAL(AF_INET6, 1),
    ANSWER(EPERM),
    ALLOW,

    /* All pipes of a user have a number of pages together: 64 large ones take them all,
     * and everybody's new pipes are then small. */
    UNLESS_EQUAL(SYS_fcntl, 7),
    LOAD(ARGUMENT(1)),
    UNLESS_EQUAL(F_SETPIPE_SZ, 5),
    LOAD(ARGUMENT(2)),
    IF_ABOVE(PIPE_BYTES, 2),
    LOAD(ARGUMENT(2) + UPPER_HALF),
    IF_EQUAL(0, 1),
    ANSWER(EPERM),
    ALLOW,
};

bool filter_calls(void)
{
    const struct sock_fprog filter = {sizeof program / sizeof program[0],
                                      (struct sock_filter *)(uintptr_t)program};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

#else

bool filter_calls(void)
{
    errno = ENOSYS;
    return false;
}

#endif
