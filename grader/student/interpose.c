/* interpose.c - stands between a student's program and the calls that it makes.
 *
 * The linker sends every use of shmget in the program to __wrap_shmget here
 * (option --wrap=shmget), and so on for each line of calls.def.  A wrapper
 * records the call, and does what the check asked for: fail it, hold the
 * process before or after it.  Without a check (control is NULL) a wrapper is
 * a plain call.
 *
 * Wrappers run also in signal handlers and in forked children, so they use no
 * lock and no heap, and leave errno as the real call left it.
 */
#include "interpose.h"

#include "control.h"
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static struct control *control;
static int control_fd = -1;
static int line = -1;
static call_observer observer;
static bool journal; /* see journal.h */
static bool entered; /* a student's function runs; with a check, control says it */

/* The descriptor that an environment variable names, closed at the next exec;
 * -1 where there is none. */
static int descriptor_from(const char *variable)
{
    const char *text = getenv(variable);
    if (!text)
        return -1;
    int fd = (int)strtol(text, NULL, 10);
    unsetenv(variable);
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ? -1 : fd;
}

static void hand_on(const char *variable, int fd)
{
    char text[16];
    snprintf(text, sizeof text, "%d", fd);
    if (fd != -1 && fcntl(fd, F_SETFD, 0) == 0)
        setenv(variable, text, 1);
}

static void write_journal(int id);

/* Before main: a student's own constructors may make calls, too. */
__attribute__((constructor(101))) static void find_control(void)
{
    line = descriptor_from(LINE_VARIABLE);
    control_fd = descriptor_from(CONTROL_VARIABLE);
    journal = control_fd == -1 || getenv(JOURNAL_VARIABLE);
    if (getenv(JOURNAL_VARIABLE))
        write_journal(JOURNAL_ANY);
    if (control_fd == -1)
        return;
    void *memory =
        mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, control_fd, 0);
    if (memory != MAP_FAILED)
        control = memory;
}

int interpose_line(void)
{
    return line;
}

void interpose_observe(call_observer function)
{
    observer = function;
}

void interpose_enter(unsigned step, const char *function)
{
    entered = true;
    if (control) {
        atomic_store(&control->step, step);
        snprintf(control->function, sizeof control->function, "%s", function);
        atomic_store(&control->active, 1);
    }
}

void interpose_leave(void)
{
    entered = false;
    if (control)
        atomic_store(&control->active, 0);
}

void interpose_forget(void)
{
    control = NULL;
    observer = NULL;
    const int fds[] = {control_fd, line};
    control_fd = line = -1;
    close(fds[0]);
    close(fds[1]);
}

void interpose_hand_on(void)
{
    hand_on(LINE_VARIABLE, line);
    hand_on(CONTROL_VARIABLE, control_fd);
}

/* Whether calls are the student's.  In lab 5 the check says so from the start. */
static bool is_active(void)
{
    return control ? atomic_load(&control->active) != 0 : entered;
}

/* Tells the check that the process is held, and waits for its word: "go", or
 * "fail ERRNO".  Returns the errno with which the call is to fail, or 0. */
static int hold(const struct call_record *entry)
{
    char message[64];
    ssize_t answered;
    int length =
        snprintf(message, sizeof message, "held %s", call_name((enum call)entry->call));
    int saved = errno;

    control->held = *entry;
    while (send(line, message, (size_t)length, MSG_NOSIGNAL) == -1 && errno == EINTR)
        continue;
    while ((answered = recv(line, message, sizeof message - 1, 0)) == -1 &&
           errno == EINTR)
        continue;
    message[answered > 0 ? answered : 0] = '\0';
    errno = saved;
    return strncmp(message, "fail ", 5) == 0 ? (int)strtol(message + 5, NULL, 10) : 0;
}

/* What the check wants of a call. */
struct order {
    enum rule_action action;
    int error;
};

/* Before a call: finds out what the check wants of it. */
static struct order order_for(const struct call_record *entry)
{
    struct order order = {RULE_NONE, 0};
    if (!control || !is_active())
        return order;

    struct rule *rule = &control->rules[entry->call];
    enum rule_action action = atomic_load(&rule->action);
    unsigned seen = atomic_fetch_add(&rule->seen, 1) + 1;
    unsigned nth = atomic_load(&rule->nth);
    if (action == RULE_NONE || (nth != 0 && nth != seen))
        return order;

    atomic_fetch_add(&rule->fired, 1);
    order.action = action;
    order.error = atomic_load(&rule->error);
    if (action == RULE_HOLD) {
        order.error = hold(entry);
        if (order.error)
            order.action = RULE_FAIL;
    }
    return order;
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* After a call: keeps what it did. */
static void record(struct call_record *entry, struct order order, int64_t result,
                   bool failed)
{
    if (!is_active())
        return;
    int saved = errno;

    entry->pid = getpid();
    entry->result = result;
    entry->error = failed ? errno : 0;
    entry->time = now();
    entry->injected = order.action == RULE_FAIL;
    if (observer)
        observer(entry);
    if (control) {
        entry->step = atomic_load(&control->step);
        unsigned slot = atomic_fetch_add(&control->logged, 1);
        if (slot < LOG_CAPACITY)
            control->log[slot] = *entry;
        /* Not when the rule was dropped while the call went on. */
        if (order.action == RULE_AFTER &&
            atomic_load(&control->rules[entry->call].action) == RULE_AFTER)
            hold(entry);
    }
    errno = saved;
}

static struct call_record call_with(enum call call, int64_t a, int64_t b, int64_t c)
{
    return (struct call_record){.call = call, .arguments = {a, b, c}};
}

/* A wrapper for a call that returns a number, and -1 on failure.  The real
 * function is __real_NAME: that is what --wrap calls it. */
#define WRAP(type, name, parameters, arguments, a, b, c)                               \
    WRAP_AS(name, type, name, parameters, arguments, a, b, c)

/* The same for another name of the call: it is recorded as `call`. */
#define WRAP_AS(call, type, name, parameters, arguments, a, b, c)                      \
    WRAP_WAIT(call, type, name, parameters, arguments, a, b, c, (void)0)

/* The same for a call that may wait: `expire` makes its time-out short. */
#define WRAP_WAIT(call, type, name, parameters, arguments, a, b, c, expire)            \
    type __real_##name parameters;                                                     \
    type __wrap_##name parameters;                                                     \
    type __wrap_##name parameters                                                      \
    {                                                                                  \
        struct call_record entry =                                                     \
            call_with(CALL_##call, (int64_t)(a), (int64_t)(b), (int64_t)(c));          \
        struct order order = order_for(&entry);                                        \
        type result = -1;                                                              \
        if (order.action == RULE_EXPIRE)                                               \
            (expire);                                                                  \
        if (order.action == RULE_FAIL)                                                 \
            errno = order.error;                                                       \
        else                                                                           \
            result = __real_##name arguments;                                          \
        record(&entry, order, (int64_t)result, result == -1);                          \
        return result;                                                                 \
    }

/* The time-outs of a call that is not to wait.  The others have none, and wait. */
static const struct timespec no_time;
static struct timeval no_time_either;
#define EXPIRE             timeout = timeout > 0 ? 0 : timeout
#define EXPIRE_AT(nothing) timeout = timeout ? &(nothing) : NULL

/* clang-format off */
WRAP(int, shmdt, (const void *address), (address), (intptr_t)address, 0, 0)
WRAP(key_t, ftok, (const char *path, int project), (path, project), (intptr_t)path, project, 0)
WRAP(int, stat, (const char *path, struct stat *status), (path, status),
     (intptr_t)path, (intptr_t)status, 0)
WRAP(int, lstat, (const char *path, struct stat *status), (path, status),
     (intptr_t)path, (intptr_t)status, 0)
WRAP(int, fstat, (int fd, struct stat *status), (fd, status), fd, (intptr_t)status, 0)
WRAP(int, chdir, (const char *path), (path), (intptr_t)path, 0, 0)
WRAP(int, flock, (int fd, int operation), (fd, operation), fd, operation, 0)
WRAP(int, signalfd, (int fd, const sigset_t *mask, int flags), (fd, mask, flags),
     fd, (intptr_t)mask, flags)
WRAP(int, mkfifo, (const char *path, mode_t mode), (path, mode), (intptr_t)path, mode, 0)
WRAP(int, mkfifoat, (int directory, const char *path, mode_t mode), (directory, path, mode),
     directory, (intptr_t)path, mode)
WRAP(int, mknod, (const char *path, mode_t mode, dev_t device), (path, mode, device),
     (intptr_t)path, mode, device)
WRAP(ssize_t, read, (int fd, void *buffer, size_t count), (fd, buffer, count),
     fd, (intptr_t)buffer, count)
WRAP(ssize_t, write, (int fd, const void *buffer, size_t count), (fd, buffer, count),
     fd, (intptr_t)buffer, count)
WRAP(ssize_t, readv, (int fd, const struct iovec *parts, int count), (fd, parts, count),
     fd, (intptr_t)parts, count)
WRAP(ssize_t, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count),
     fd, (intptr_t)parts, count)
WRAP(int, fflush, (FILE *file), (file), (intptr_t)file, 0, 0)
WRAP_AS(fflush, int, fflush_unlocked, (FILE *file), (file), (intptr_t)file, 0, 0)
WRAP(int, unlink, (const char *path), (path), (intptr_t)path, 0, 0)
WRAP(int, unlinkat, (int directory, const char *path, int flags), (directory, path, flags),
     directory, (intptr_t)path, flags)
WRAP(int, remove, (const char *path), (path), (intptr_t)path, 0, 0)
WRAP(int, kill, (pid_t pid, int number), (pid, number), pid, number, 0)
WRAP(int, sigaction, (int number, const struct sigaction *new, struct sigaction *old),
     (number, new, old), number, (intptr_t)new, (intptr_t)old)
WRAP(int, sigprocmask, (int how, const sigset_t *set, sigset_t *old), (how, set, old),
     how, (intptr_t)set, (intptr_t)old)
WRAP(int, sigsuspend, (const sigset_t *mask), (mask), (intptr_t)mask, 0, 0)
WRAP(int, pause, (void), (), 0, 0, 0)
WRAP_WAIT(poll, int, poll, (struct pollfd *fds, nfds_t count, int timeout),
          (fds, count, timeout), (intptr_t)fds, count, timeout, EXPIRE)
WRAP_WAIT(ppoll, int, ppoll, (struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                              const sigset_t *mask), (fds, count, timeout, mask),
          (intptr_t)fds, count, (intptr_t)timeout, EXPIRE_AT(no_time))
WRAP_WAIT(select, int, select, (int count, fd_set *in, fd_set *out, fd_set *other,
                                struct timeval *timeout), (count, in, out, other, timeout),
          count, (intptr_t)in, (intptr_t)timeout, EXPIRE_AT(no_time_either))
WRAP_WAIT(epoll_wait, int, epoll_wait, (int fd, struct epoll_event *events, int count,
                                        int timeout), (fd, events, count, timeout),
          fd, (intptr_t)events, timeout, EXPIRE)
WRAP_WAIT(epoll_pwait, int, epoll_pwait, (int fd, struct epoll_event *events, int count,
                                          int timeout, const sigset_t *mask),
          (fd, events, count, timeout, mask), fd, (intptr_t)events, timeout, EXPIRE)
WRAP_WAIT(pselect, int, pselect, (int count, fd_set *in, fd_set *out, fd_set *other,
                                  const struct timespec *timeout, const sigset_t *mask),
          (count, in, out, other, timeout, mask), count, (intptr_t)in, (intptr_t)timeout,
          EXPIRE_AT(no_time))

/* The other names.  `room`: the size of the buffer, as far as the compiler knew it. */
WRAP_AS(stat, int, stat64, (const char *path, struct stat64 *status), (path, status),
        (intptr_t)path, (intptr_t)status, 0)
WRAP_AS(lstat, int, lstat64, (const char *path, struct stat64 *status), (path, status),
        (intptr_t)path, (intptr_t)status, 0)
WRAP_AS(fstat, int, fstat64, (int fd, struct stat64 *status), (fd, status),
        fd, (intptr_t)status, 0)
WRAP_AS(open, int, __open_2, (const char *path, int flags), (path, flags),
        (intptr_t)path, flags, 0)
WRAP_AS(open, int, __open64_2, (const char *path, int flags), (path, flags),
        (intptr_t)path, flags, 0)
WRAP_AS(openat, int, __openat_2, (int directory, const char *path, int flags),
        (directory, path, flags), directory, (intptr_t)path, flags)
WRAP_AS(openat, int, __openat64_2, (int directory, const char *path, int flags),
        (directory, path, flags), directory, (intptr_t)path, flags)
WRAP_AS(read, ssize_t, __read_chk, (int fd, void *buffer, size_t count, size_t room),
        (fd, buffer, count, room), fd, (intptr_t)buffer, count)
WRAP_AS(readv, ssize_t, preadv2, (int fd, const struct iovec *parts, int count, off_t offset,
                                  int flags), (fd, parts, count, offset, flags),
        fd, (intptr_t)parts, count)
WRAP_AS(writev, ssize_t, pwritev2, (int fd, const struct iovec *parts, int count, off_t offset,
                                    int flags), (fd, parts, count, offset, flags),
        fd, (intptr_t)parts, count)
WRAP_WAIT(poll, int, __poll_chk, (struct pollfd *fds, nfds_t count, int timeout, size_t room),
          (fds, count, timeout, room), (intptr_t)fds, count, timeout, EXPIRE)
WRAP_WAIT(ppoll, int, __ppoll_chk, (struct pollfd *fds, nfds_t count,
                                    const struct timespec *timeout, const sigset_t *mask,
                                    size_t room), (fds, count, timeout, mask, room),
          (intptr_t)fds, count, (intptr_t)timeout, EXPIRE_AT(no_time))
/* clang-format on */

/* A program may close all descriptors that it does not know.  Those of the check are no
 * part of its world: to the program they are not open. */
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    struct call_record entry = call_with(CALL_close, fd, 0, 0);
    struct order order = order_for(&entry);
    int result = -1;
    if (order.action == RULE_FAIL)
        errno = order.error;
    else if (fd != -1 && (fd == line || fd == control_fd))
        errno = EBADF;
    else
        result = __real_close(fd);
    record(&entry, order, result, result == -1);
    return result;
}

int __real_close_range(unsigned first, unsigned last, int flags);
int __wrap_close_range(unsigned first, unsigned last, int flags);
int __wrap_close_range(unsigned first, unsigned last, int flags)
{
    /* Where there is none, this is UINT_MAX, which is no descriptor. */
    const unsigned one = (unsigned)line, other = (unsigned)control_fd;
    const unsigned kept[] = {one < other ? one : other, one < other ? other : one};
    int result = 0;

    for (int i = 0; i < 2; i++) {
        if (kept[i] < first || kept[i] > last)
            continue;
        if (kept[i] > first)
            result = __real_close_range(first, kept[i] - 1, flags);
        if (result == -1 || kept[i] == last)
            return result;
        first = kept[i] + 1;
    }
    return __real_close_range(first, last, flags);
}

void __wrap_closefrom(int first);
void __wrap_closefrom(int first)
{
    __wrap_close_range(first > 0 ? (unsigned)first : 0, UINT_MAX, 0);
}

int __real_open(const char *path, int flags, ...);

/* Where the journal is: the check says it, or it stands beside the program. */
static bool find_journal(char path[PATH_MAX])
{
    const char *named = getenv(JOURNAL_VARIABLE);
    if (named)
        return snprintf(path, PATH_MAX, "%s", named) < PATH_MAX;
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - sizeof JOURNAL_NAME);
    char *slash = length > 0 ? memrchr(path, '/', (size_t)length) : NULL;
    if (slash)
        memcpy(slash + 1, JOURNAL_NAME, sizeof JOURNAL_NAME);
    return slash != NULL;
}

/* One line of the journal; where it cannot be written, `make clean` finds less. */
static void write_journal(int id)
{
    char path[PATH_MAX], boot[40] = "", text[96];
    int saved = errno;

    int fd = __real_open(BOOT_ID_FILE, O_RDONLY | O_CLOEXEC);
    if (__real_read(fd, boot, 36) != 36)
        boot[0] = '\0';
    __real_close(fd);
    int count = snprintf(text, sizeof text, "%d %d %s\n", id, (int)getpid(), boot);
    fd = find_journal(path)
             ? __real_open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)
             : -1;
    if (fd != -1) {
        ssize_t written = __real_write(fd, text, (size_t)count);
        (void)written;
        __real_close(fd);
    }
    errno = saved;
}

int __real_shmget(key_t key, size_t size, int flags);
int __wrap_shmget(key_t key, size_t size, int flags);
int __wrap_shmget(key_t key, size_t size, int flags)
{
    struct call_record entry =
        call_with(CALL_shmget, key, (int64_t)size, (int64_t)flags);
    struct order order = order_for(&entry);
    int result = -1;
    if (order.action == RULE_FAIL)
        errno = order.error;
    else
        result = __real_shmget(key, size, flags);
    if (journal && result != -1 && (key == IPC_PRIVATE || (flags & IPC_CREAT)))
        write_journal(result);
    record(&entry, order, result, result == -1);
    return result;
}

/* shmat reports failure as (void *)-1. */
void *__real_shmat(int id, const void *address, int flags);
void *__wrap_shmat(int id, const void *address, int flags);
void *__wrap_shmat(int id, const void *address, int flags)
{
    struct call_record entry = call_with(CALL_shmat, id, (intptr_t)address, flags);
    struct order order = order_for(&entry);
    void *result = (void *)-1;
    if (order.action == RULE_FAIL)
        errno = order.error;
    else
        result = __real_shmat(id, address, flags);
    record(&entry, order, (intptr_t)result, result == (void *)-1);
    return result;
}

/* A segment can be given away only to a uid that the namespace knows.  It can be
 * said that it was: then the table shows another owner. */
int __real_shmctl(int id, int command, struct shmid_ds *buffer);
int __wrap_shmctl(int id, int command, struct shmid_ds *buffer);
int __wrap_shmctl(int id, int command, struct shmid_ds *buffer)
{
    struct call_record entry = call_with(CALL_shmctl, id, command, (intptr_t)buffer);
    struct order order = order_for(&entry);
    int result = -1;
    if (order.action == RULE_FAIL)
        errno = order.error;
    else
        result = __real_shmctl(id, command, buffer);
    if (order.action == RULE_PRETEND && result != -1 &&
        (command == IPC_STAT || command == SHM_STAT || command == SHM_STAT_ANY))
        buffer->shm_perm.uid = (uid_t)order.error;
    record(&entry, order, result, result == -1);
    return result;
}

/* Programs may use a FIFO as a stream, too: a pointer, and NULL on failure. */
#define WRAP_STREAM(call, type, name, parameters, arguments, a, b, c, failed)          \
    type __real_##name parameters;                                                     \
    type __wrap_##name parameters;                                                     \
    type __wrap_##name parameters                                                      \
    {                                                                                  \
        struct call_record entry = call_with(CALL_##call, (a), (b), (c));              \
        struct order order = order_for(&entry);                                        \
        type result = NULL;                                                            \
        if (order.action == RULE_FAIL)                                                 \
            errno = order.error;                                                       \
        else                                                                           \
            result = __real_##name arguments;                                          \
        record(&entry, order, (intptr_t)result,                                        \
               order.action == RULE_FAIL || (!result && (failed)));                    \
        return result;                                                                 \
    }

/* clang-format off */
WRAP_STREAM(fopen, FILE *, fopen, (const char *path, const char *mode), (path, mode),
            (intptr_t)path, (intptr_t)mode, 0, true)
WRAP_STREAM(fopen, FILE *, fopen64, (const char *path, const char *mode), (path, mode),
            (intptr_t)path, (intptr_t)mode, 0, true)
WRAP_STREAM(fgets, char *, fgets, (char *text, int size, FILE *file), (text, size, file),
            (intptr_t)text, size, (intptr_t)file, ferror(file))
WRAP_STREAM(fgets, char *, __fgets_chk, (char *text, size_t room, int size, FILE *file),
            (text, room, size, file), (intptr_t)text, size, (intptr_t)file, ferror(file))
/* clang-format on */

/* dprintf and its other names.  `flag` > 0: look for a wrong format, as the C library
 * does with _FORTIFY_SOURCE. */
int __real_vdprintf(int fd, const char *format, va_list arguments);
int __real___vdprintf_chk(int fd, int flag, const char *format, va_list arguments);

static int print_to(int fd, int flag, const char *format, va_list arguments)
{
    struct call_record entry = call_with(CALL_dprintf, fd, (intptr_t)format, 0);
    struct order order = order_for(&entry);
    int result = -1;
    if (order.action == RULE_FAIL)
        errno = order.error;
    else if (flag > 0)
        result = __real___vdprintf_chk(fd, flag, format, arguments);
    else
        result = __real_vdprintf(fd, format, arguments);
    record(&entry, order, result, result < 0);
    return result;
}

int __wrap_vdprintf(int fd, const char *format, va_list arguments);
int __wrap_vdprintf(int fd, const char *format, va_list arguments)
{
    return print_to(fd, 0, format, arguments);
}

int __wrap___vdprintf_chk(int fd, int flag, const char *format, va_list arguments);
int __wrap___vdprintf_chk(int fd, int flag, const char *format, va_list arguments)
{
    return print_to(fd, flag, format, arguments);
}

int __wrap_dprintf(int fd, const char *format, ...);
int __wrap_dprintf(int fd, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int result = print_to(fd, 0, format, arguments);
    va_end(arguments);
    return result;
}

int __wrap___dprintf_chk(int fd, int flag, const char *format, ...);
int __wrap___dprintf_chk(int fd, int flag, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int result = print_to(fd, flag, format, arguments);
    va_end(arguments);
    return result;
}

/* What goes to a stream: perhaps a FIFO.  What is printed on the standard streams is
 * nobody's business, and may be much. */
static bool is_watched(FILE *file)
{
    return file != stdout && file != stderr;
}

#define WRAP_PUT(call, type, name, parameters, arguments, a, b, c, file, failed)       \
    type __real_##name parameters;                                                     \
    type __wrap_##name parameters;                                                     \
    type __wrap_##name parameters                                                      \
    {                                                                                  \
        if (!is_watched(file))                                                         \
            return __real_##name arguments;                                            \
        struct call_record entry = call_with(CALL_##call, (a), (b), (c));              \
        struct order order = order_for(&entry);                                        \
        type result = (type)(failed);                                                  \
        if (order.action == RULE_FAIL)                                                 \
            errno = order.error;                                                       \
        else                                                                           \
            result = __real_##name arguments;                                          \
        record(&entry, order, (int64_t)result, result == (type)(failed));              \
        return result;                                                                 \
    }

/* clang-format off */
WRAP_PUT(fputs, int, fputs, (const char *text, FILE *file), (text, file),
         (intptr_t)text, (intptr_t)file, 0, file, EOF)
WRAP_PUT(fputc, int, fputc, (int byte, FILE *file), (byte, file), byte, (intptr_t)file, 0, file,
         EOF)
#undef putc /* it may be a macro */
WRAP_PUT(fputc, int, putc, (int byte, FILE *file), (byte, file), byte, (intptr_t)file, 0, file,
         EOF)
WRAP_PUT(fwrite, size_t, fwrite, (const void *bytes, size_t size, size_t count, FILE *file),
         (bytes, size, count, file), (intptr_t)bytes, (int64_t)size, (int64_t)count, file, 0)
#undef fputs_unlocked
WRAP_PUT(fputs, int, fputs_unlocked, (const char *text, FILE *file), (text, file),
         (intptr_t)text, (intptr_t)file, 0, file, EOF)
#undef fputc_unlocked
WRAP_PUT(fputc, int, fputc_unlocked, (int byte, FILE *file), (byte, file), byte, (intptr_t)file,
         0, file, EOF)
/* What the macros putc_unlocked and putc become, where a stream has no room. */
WRAP_PUT(fputc, int, __overflow, (FILE *file, int byte), (file, byte), byte, (intptr_t)file, 0,
         file, EOF)
#undef fwrite_unlocked
WRAP_PUT(fwrite, size_t, fwrite_unlocked,
         (const void *bytes, size_t size, size_t count, FILE *file), (bytes, size, count, file),
         (intptr_t)bytes, (int64_t)size, (int64_t)count, file, 0)
/* clang-format on */

int __real_vfprintf(FILE *file, const char *format, va_list arguments);
int __real___vfprintf_chk(FILE *file, int flag, const char *format, va_list arguments);

static int print_into(FILE *file, int flag, const char *format, va_list arguments)
{
    if (!is_watched(file))
        return flag > 0 ? __real___vfprintf_chk(file, flag, format, arguments)
                        : __real_vfprintf(file, format, arguments);
    struct call_record entry =
        call_with(CALL_fprintf, (intptr_t)file, (intptr_t)format, 0);
    struct order order = order_for(&entry);
    int result = -1;
    if (order.action == RULE_FAIL)
        errno = order.error;
    else if (flag > 0)
        result = __real___vfprintf_chk(file, flag, format, arguments);
    else
        result = __real_vfprintf(file, format, arguments);
    record(&entry, order, result, result < 0);
    return result;
}

int __wrap_vfprintf(FILE *file, const char *format, va_list arguments);
int __wrap_vfprintf(FILE *file, const char *format, va_list arguments)
{
    return print_into(file, 0, format, arguments);
}

int __wrap___vfprintf_chk(FILE *file, int flag, const char *format, va_list arguments);
int __wrap___vfprintf_chk(FILE *file, int flag, const char *format, va_list arguments)
{
    return print_into(file, flag, format, arguments);
}

int __wrap_fprintf(FILE *file, const char *format, ...);
int __wrap_fprintf(FILE *file, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int result = print_into(file, 0, format, arguments);
    va_end(arguments);
    return result;
}

int __wrap___fprintf_chk(FILE *file, int flag, const char *format, ...);
int __wrap___fprintf_chk(FILE *file, int flag, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int result = print_into(file, flag, format, arguments);
    va_end(arguments);
    return result;
}

/* open and openat take a mode only when they may create a file. */
static mode_t mode_of(int flags, va_list arguments)
{
    bool creates = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
    return creates ? va_arg(arguments, mode_t) : 0;
}

#define WRAP_OPEN(name)                                                                \
    int __real_##name(const char *path, int flags, ...);                               \
    int __wrap_##name(const char *path, int flags, ...);                               \
    int __wrap_##name(const char *path, int flags, ...)                                \
    {                                                                                  \
        va_list arguments;                                                             \
        va_start(arguments, flags);                                                    \
        mode_t mode = mode_of(flags, arguments);                                       \
        va_end(arguments);                                                             \
                                                                                       \
        struct call_record entry = call_with(CALL_open, (intptr_t)path, flags, mode);  \
        struct order order = order_for(&entry);                                        \
        int result = -1;                                                               \
        if (order.action == RULE_FAIL)                                                 \
            errno = order.error;                                                       \
        else                                                                           \
            result = __real_##name(path, flags, mode);                                 \
        record(&entry, order, result, result == -1);                                   \
        return result;                                                                 \
    }

#define WRAP_OPENAT(name)                                                              \
    int __real_##name(int directory, const char *path, int flags, ...);                \
    int __wrap_##name(int directory, const char *path, int flags, ...);                \
    int __wrap_##name(int directory, const char *path, int flags, ...)                 \
    {                                                                                  \
        va_list arguments;                                                             \
        va_start(arguments, flags);                                                    \
        mode_t mode = mode_of(flags, arguments);                                       \
        va_end(arguments);                                                             \
                                                                                       \
        struct call_record entry =                                                     \
            call_with(CALL_openat, directory, (intptr_t)path, flags);                  \
        struct order order = order_for(&entry);                                        \
        int result = -1;                                                               \
        if (order.action == RULE_FAIL)                                                 \
            errno = order.error;                                                       \
        else                                                                           \
            result = __real_##name(directory, path, flags, mode);                      \
        record(&entry, order, result, result == -1);                                   \
        return result;                                                                 \
    }

WRAP_OPEN(open)
WRAP_OPEN(open64)
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)

typedef void (*handler)(int);
handler __real_signal(int number, handler action);
handler __wrap_signal(int number, handler action);
handler __wrap_signal(int number, handler action)
{
    struct call_record entry = call_with(CALL_signal, number, (intptr_t)action, 0);
    struct order order = order_for(&entry);
    handler result = SIG_ERR;
    if (order.action == RULE_FAIL)
        errno = order.error;
    else
        result = __real_signal(number, action);
    record(&entry, order, (intptr_t)result, result == SIG_ERR);
    return result;
}

/* A process cannot become another user without privilege.  It can be told
 * that it is one: then no segment of the check is its own any more. */
static uid_t uid_for(enum call call, uid_t (*real)(void))
{
    struct call_record entry = call_with(call, 0, 0, 0);
    struct order order = order_for(&entry);
    uid_t result = order.action == RULE_PRETEND ? (uid_t)order.error : real();
    record(&entry, order, (int64_t)result, false);
    return result;
}

uid_t __real_geteuid(void);
uid_t __wrap_geteuid(void);
uid_t __wrap_geteuid(void)
{
    return uid_for(CALL_geteuid, __real_geteuid);
}

uid_t __real_getuid(void);
uid_t __wrap_getuid(void);
uid_t __wrap_getuid(void)
{
    return uid_for(CALL_getuid, __real_getuid);
}

int __real_getresuid(uid_t *real, uid_t *effective, uid_t *saved);
int __wrap_getresuid(uid_t *real, uid_t *effective, uid_t *saved);
int __wrap_getresuid(uid_t *real, uid_t *effective, uid_t *saved)
{
    int result = __real_getresuid(real, effective, saved);
    if (result == 0) {
        *real = __wrap_getuid();
        *effective = __wrap_geteuid();
    }
    return result;
}

/* syscall(SYS_shmget, ...) is the same request by another door. */
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
    va_list list;
    long a[6];
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);

    switch (number) {
    case SYS_shmget:
        return __wrap_shmget((key_t)a[0], (size_t)a[1], (int)a[2]);
    case SYS_shmat:
        return (long)(intptr_t)__wrap_shmat((int)a[0], (const void *)a[1], (int)a[2]);
    case SYS_shmdt:
        return __wrap_shmdt((const void *)a[0]);
    case SYS_shmctl:
        return __wrap_shmctl((int)a[0], (int)a[1], (struct shmid_ds *)a[2]);
    case SYS_read:
        return __wrap_read((int)a[0], (void *)a[1], (size_t)a[2]);
    case SYS_write:
        return __wrap_write((int)a[0], (const void *)a[1], (size_t)a[2]);
    case SYS_readv:
        return __wrap_readv((int)a[0], (const struct iovec *)a[1], (int)a[2]);
    case SYS_writev:
        return __wrap_writev((int)a[0], (const struct iovec *)a[1], (int)a[2]);
    case SYS_openat:
        return __wrap_openat((int)a[0], (const char *)a[1], (int)a[2], (mode_t)a[3]);
    case SYS_geteuid:
        return __wrap_geteuid();
    case SYS_getuid:
        return __wrap_getuid();
    default:
        break;
    }
    struct call_record entry = call_with(CALL_syscall, number, a[0], a[1]);
    struct order order = order_for(&entry);
    long result = __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    record(&entry, order, result, result == -1);
    return result;
}
