/* follow.c - stops a command's processes at each System V call, as strace does, and
 * reads the table right after it: so the recording has each call with what it did. */
#include "follow.h"

#include "recording.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_TRACEES 1024

/* A thread of the command.  `number` is the call in which it is, or -1. */
struct tracee {
    pid_t pid;
    bool met; /* its first stop was seen */
    long number;
    unsigned long long arguments[3];
};

struct chase {
    struct recording recording;
    struct tracee tracees[MAX_TRACEES];
    size_t count;
    struct moment before; /* the last that was read */
    pid_t first;
    int status; /* of the first process */
};

/* The calls that can change what is attached. */
static const char *name_of(long number)
{
    switch (number) {
    case SYS_shmget:
        return "shmget";
    case SYS_shmat:
        return "shmat";
    case SYS_shmdt:
        return "shmdt";
    case SYS_shmctl:
        return "shmctl";
    case SYS_munmap:
        return "munmap";
    case SYS_mprotect:
        return "mprotect";
    case SYS_mremap:
        return "mremap";
    default:
        return NULL;
    }
}

static bool is_system_v(long number)
{
    return number == SYS_shmget || number == SYS_shmat || number == SYS_shmdt ||
           number == SYS_shmctl;
}

static struct tracee *tracee_of(struct chase *chase, pid_t pid)
{
    for (size_t i = 0; i < chase->count; i++)
        if (chase->tracees[i].pid == pid)
            return &chase->tracees[i];
    if (chase->count == MAX_TRACEES)
        return NULL;
    chase->tracees[chase->count] = (struct tracee){.pid = pid, .number = -1};
    return &chase->tracees[chase->count++];
}

static void forget(struct chase *chase, pid_t pid)
{
    for (size_t i = 0; i < chase->count; i++)
        if (chase->tracees[i].pid == pid) {
            chase->tracees[i] = chase->tracees[--chase->count];
            return;
        }
}

/* --- What changed ----------------------------------------------------------------- */

static bool has_attached(const struct moment *moment, pid_t pid)
{
    for (size_t i = 0; i < moment->count; i++)
        if (moment->attachments[i].pid == pid)
            return true;
    return false;
}

/* Reads the table anew; returns whether it differs from the last. */
static bool look(struct chase *chase)
{
    struct moment now;
    bool differs;

    if (!moment_read(&now))
        return false;
    differs = now.table.count != chase->before.table.count ||
              now.count != chase->before.count;
    for (size_t i = 0; !differs && i < now.table.count; i++)
        differs = now.table.rows[i].id != chase->before.table.rows[i].id ||
                  now.table.rows[i].nattch != chase->before.table.rows[i].nattch ||
                  now.table.rows[i].mode != chase->before.table.rows[i].mode;
    moment_free(&chase->before);
    chase->before = now;
    return differs;
}

/* --- Stops ------------------------------------------------------------------------ */

static json_t *call_object(struct chase *chase, const struct tracee *tracee,
                           long long result, bool failed)
{
    json_t *object =
        json_pack("{s:s, s:i, s:s, s:[I, I, I], s:I}", "where",
                  recording_title(&chase->recording, tracee->pid), "pid",
                  (int)tracee->pid, "call", name_of(tracee->number), "arguments",
                  (json_int_t)tracee->arguments[0], (json_int_t)tracee->arguments[1],
                  (json_int_t)tracee->arguments[2], "result",
                  (json_int_t)(failed ? -1 : result));
    const char *error = failed ? strerrorname_np((int)-result) : NULL;
    if (error)
        json_object_set_new(object, "error", json_string(error));
    return object;
}

/* A call has returned. */
static void note_call(struct chase *chase, struct tracee *tracee, long long result,
                      bool failed)
{
    bool watched =
        is_system_v(tracee->number) ||
        (name_of(tracee->number) && has_attached(&chase->before, tracee->pid));
    if (!watched)
        return;
    bool changed = look(chase);
    if (changed || is_system_v(tracee->number))
        recording_step(&chase->recording, tracee->pid, NULL,
                       call_object(chase, tracee, result, failed), &chase->before,
                       false);
}

static void at_call(struct chase *chase, struct tracee *tracee)
{
    struct __ptrace_syscall_info info;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->pid, sizeof info, &info) <= 0)
        return;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        tracee->number = (long)info.entry.nr;
        for (size_t i = 0; i < 3; i++)
            tracee->arguments[i] = info.entry.args[i];
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && tracee->number != -1) {
        note_call(chase, tracee, info.exit.rval, info.exit.is_error != 0);
        tracee->number = -1;
    }
}

/* A child inherits the attachments of its parent. */
static void at_fork(struct chase *chase, pid_t parent)
{
    unsigned long child = 0;
    char line[64];

    ptrace(PTRACE_GETEVENTMSG, parent, NULL, &child);
    if (!has_attached(&chase->before, parent) || !look(chase))
        return;
    snprintf(line, sizeof line, "fork: the child is process %lu", child);
    recording_step(&chase->recording, parent, line, NULL, &chase->before, false);
}

static void at_exec(struct chase *chase, pid_t pid)
{
    if (has_attached(&chase->before, pid) && look(chase))
        recording_step(&chase->recording, pid, "exec: a new program, nothing attached",
                       NULL, &chase->before, false);
}

/* A process has ended.  It is told of when it played a part. */
static void at_end(struct chase *chase, pid_t pid, int status)
{
    char number[16], line[64];

    snprintf(number, sizeof number, "%d", (int)pid);
    bool known = json_object_get(chase->recording.titles, number) != NULL;
    bool changed = look(chase);
    if (!known && !changed)
        return;
    if (WIFSIGNALED(status))
        snprintf(line, sizeof line, "is killed by SIG%s",
                 sigabbrev_np(WTERMSIG(status)));
    else
        snprintf(line, sizeof line, "ends with exit status %d", WEXITSTATUS(status));
    recording_step(&chase->recording, pid, line, NULL, &chase->before, true);
}

/* Returns the signal that the process is to get. */
static int at_stop(struct chase *chase, struct tracee *tracee, int status)
{
    const int event = status >> 16, number = WSTOPSIG(status);
    bool first = !tracee->met;

    tracee->met = true;
    if (number == (SIGTRAP | 0x80)) {
        at_call(chase, tracee);
        return 0;
    }
    if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
        event == PTRACE_EVENT_CLONE)
        at_fork(chase, tracee->pid);
    if (event == PTRACE_EVENT_EXEC)
        at_exec(chase, tracee->pid);
    if (event != 0 || (first && number == SIGSTOP))
        return 0;
    return number;
}

/* --- The run ---------------------------------------------------------------------- */

__attribute__((noreturn)) static void become(char *const command[])
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
        _exit(126);
    raise(SIGSTOP);
    execvp(command[0], command);
    fprintf(stderr, "scope: %s cannot be run: %s\n", command[0], strerror(errno));
    _exit(127);
}

/* Until no process of the command is left. */
static void chase_all(struct chase *chase)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
        if (pid <= 0)
            continue;
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            at_end(chase, pid, status);
            forget(chase, pid);
            if (pid == chase->first)
                chase->status = status;
            continue;
        }
        struct tracee *tracee = tracee_of(chase, pid);
        int number = tracee ? at_stop(chase, tracee, status) : 0;
        ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)number);
    }
}

/* Starts the command, stopped before its first step.  Returns false where tracing is
 * refused. */
static bool start(struct chase *chase, char *const command[])
{
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
                         PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                         PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    int status;

    chase->first = fork();
    if (chase->first == 0)
        become(command);
    if (chase->first == -1 || waitpid(chase->first, &status, 0) == -1 ||
        !WIFSTOPPED(status))
        return false;
    tracee_of(chase, chase->first)->met = true;
    return ptrace(PTRACE_SETOPTIONS, chase->first, NULL, (void *)options) == 0 &&
           ptrace(PTRACE_SYSCALL, chase->first, NULL, NULL) == 0;
}

static char *title_of(char *const command[])
{
    char *title = NULL;
    size_t size;
    FILE *out = open_memstream(&title, &size);
    if (!out)
        abort();
    for (size_t i = 0; command[i]; i++)
        fprintf(out, "%s%s", i ? " " : "", command[i]);
    fclose(out);
    return title;
}

int follow(const char *path, char *const command[])
{
    static struct chase chase;
    char *title = title_of(command);
    bool opened = recording_begin(&chase.recording, path, title);

    free(title);
    if (!opened)
        return EXIT_FAILURE;
    moment_read(&chase.before);
    if (!start(&chase, command)) {
        fputs("scope: the command cannot be followed: ptrace is refused here.\n"
              "What to do: record without a command, and run it in another terminal: "
              "scope --record FILE\n",
              stderr);
        return EXIT_FAILURE;
    }
    /* Ctrl-C is for the command; what it did is written all the same. */
    signal(SIGINT, SIG_IGN);
    chase_all(&chase);
    moment_free(&chase.before);
    if (!recording_end(&chase.recording))
        return EXIT_FAILURE;
    return WIFEXITED(chase.status) ? WEXITSTATUS(chase.status)
                                   : 128 + WTERMSIG(chase.status);
}
