/* control.h - the memory that a student's process shares with a check.
 *
 * The check makes it (an anonymous file, memfd_create(2)), the student's
 * process maps it at start.  It holds three things:
 *
 *   rules    what the check asks of the interposed calls: fail one of them
 *            with an errno, hold the process at one, answer another uid;
 *   log      what the interposed calls did, oldest first;
 *   active   whether a call counts at all: in labs 1 to 4 only while one of
 *            the student's functions runs, so that the lab shell's own calls
 *            are not taken for the student's.
 *
 * It is no System V segment, so it never shows in nattch.  A process that is
 * killed leaves its log behind for the check to read.
 *
 * While a process is held it has sent "held CALL" over its line (a
 * SOCK_SEQPACKET socket) and waits there for "go", or for "fail
 * ERRNO": then the call is not made.
 */
#ifndef SHMLAB_CONTROL_H
#define SHMLAB_CONTROL_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

/* The environment variables through which a process finds its descriptors. */
#define CONTROL_VARIABLE "SHMLAB_CONTROL"
#define LINE_VARIABLE    "SHMLAB_LINE"

enum call {
#define CALL(name) CALL_##name,
#include "calls.def"
#undef CALL
    CALL_COUNT
};

enum rule_action {
    RULE_NONE,
    RULE_FAIL,    /* the call is not made; it returns failure with rule.error */
    RULE_HOLD,    /* the process waits before the call is made                */
    RULE_AFTER,   /* the process waits when the call was made, before it
                    returns to the student's code                            */
    RULE_PRETEND, /* rule.error is a uid: geteuid and getuid answer it; SHM_STAT
                    and SHM_STAT_ANY of shmctl show it as the owner          */
    RULE_EXPIRE   /* a call that waits with a time-out does not wait: as if the
                    time had gone by                                         */
};

/* What is asked of one call.  `nth` counts from 1, from the moment when the
 * rule was set; 0 means every time. */
struct rule {
    _Atomic uint32_t action;
    _Atomic uint32_t nth;
    _Atomic int32_t error;
    _Atomic uint32_t seen;  /* calls since the rule was set           */
    _Atomic uint32_t fired; /* how often the rule did what it is for  */
};

/* One call, as it was made.  The arguments are the call's own, in order, the
 * pointers as numbers; `error` is errno after a failure, else 0. */
struct call_record {
    uint32_t call;
    uint32_t step;
    int32_t pid;
    int32_t error;
    uint32_t injected; /* not made at all: the check asked for its failure */
    int64_t arguments[3];
    int64_t result;
    int64_t time; /* when it had been made: nanoseconds of CLOCK_MONOTONIC */
};

#define LOG_CAPACITY 4096

struct control {
    _Atomic uint32_t active;
    _Atomic uint32_t step; /* the number of the line that the shell obeys */
    char function[32];     /* the student's function that runs, or ran last */
    struct rule rules[CALL_COUNT];
    struct call_record held; /* the call at which the process is held */
    _Atomic uint32_t logged; /* may exceed LOG_CAPACITY: the rest was lost */
    struct call_record log[LOG_CAPACITY];
};

/* The name of a call, such as "shmget". */
const char *call_name(enum call call);
/* The name of a command of shmctl(2), such as "IPC_STAT"; NULL for none. */
const char *shmctl_command(long long command);
/* Flags as one writes them in C, such as "IPC_CREAT|0600".  Each returns `text`. */
#define FLAGS_TEXT 96
const char *shmget_flags(long long value, char text[FLAGS_TEXT]);
const char *shmat_flags(long long value, char text[FLAGS_TEXT]);

#endif
