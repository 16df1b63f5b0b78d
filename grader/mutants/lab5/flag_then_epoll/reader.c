/* Thought: A signal sets a flag; look at it before each wait, and epoll_wait(2) comes back with EINTR.
 * Caught by: a_signal_may_come_at_any_time
 */
#include "channel.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;
static sigset_t open_mask;
static int dir, ready = -1, taken = -1, id = -1;
static struct stat ready_stat, taken_stat;

static int racy_wait(int e, struct epoll_event *v, int n, int t, const sigset_t *m)
{
    sigset_t old;
    sigprocmask(SIG_SETMASK, m, &old);
    /* WRONG: a signal that comes here is lost until the next event */
    int got = stopped ? (errno = EINTR, -1) : epoll_wait(e, v, n, t);
    int err = errno;
    sigprocmask(SIG_SETMASK, &old, NULL);
    errno = err;
    return got;
}

static void on_signal(int s)
{
    (void)s;
    stopped = 1;
}

static void remove_mine(const char *name, const struct stat *mine)
{
    struct stat now;
    if (mine->st_ino && fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
        now.st_ino == mine->st_ino && now.st_dev == mine->st_dev)
        unlinkat(dir, name, 0);
}

static _Noreturn void bye(int status, const char *why)
{
    int e = errno;
    if (id != -1)
        shmctl(id, IPC_RMID, NULL);
    remove_mine(CHANNEL_READY, &ready_stat);
    remove_mine(CHANNEL_TAKEN, &taken_stat);
    if (why)
        fprintf(stderr, "reader: %s: %s\n", why, strerror(e));
    exit(status);
}

/* Opens the FIFO of that name, made if necessary. */
static int get_fifo(const char *name, int flags, struct stat *st)
{
    while (true) {
        if (mkfifoat(dir, name, 0666) == -1 && errno != EEXIST)
            bye(1, name);
        int fd = openat(dir, name, flags | O_NONBLOCK | O_CLOEXEC);
        if (fd != -1) {
            if (fstat(fd, st) == -1)
                bye(1, name);
            return fd;
        }
        if (errno != ENOENT)
            bye(1, name);
    }
}

static bool still(const char *name, const struct stat *mine)
{
    struct stat now;
    return fstatat(dir, name, &now, 0) == 0 && now.st_ino == mine->st_ino;
}

static void put(const char *text, size_t n)
{
    size_t limit = isatty(STDOUT_FILENO) ? 8 : PIPE_BUF;
    while (n) {
        struct pollfd p = {STDOUT_FILENO, POLLOUT, 0};
        if (ppoll(&p, 1, NULL, &open_mask) == -1 && errno != EINTR)
            bye(1, "ppoll");
        if (stopped)
            bye(130, NULL);
        if (!p.revents)
            continue;
        ssize_t w = write(STDOUT_FILENO, text, n < limit ? n : limit);
        if (w == -1 && errno != EINTR && errno != EAGAIN)
            bye(1, "standard output");
        if (w > 0) {
            text += w;
            n -= (size_t)w;
        }
    }
}

int main(int argc, char *argv[])
{
    struct stat what;
    if (argc != 2 || stat(argv[1], &what) == -1 || !S_ISDIR(what.st_mode)) {
        fprintf(stderr, "usage: reader DIR\n");
        return 2;
    }
    dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir == -1)
        bye(1, argv[1]);
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    sigprocmask(SIG_BLOCK, &both, &open_mask);
    sigdelset(&open_mask, SIGINT);
    sigdelset(&open_mask, SIGTERM);
    struct sigaction sa = {.sa_handler = on_signal};
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    sa.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &sa, NULL);

    while (true) {
        struct stat rs, ts;
        int r = get_fifo(CHANNEL_READY, O_RDONLY, &rs);
        if (flock(r, LOCK_EX | LOCK_NB) == -1) {
            fputs("reader: busy: a reader is there already\n", stderr);
            return 1;
        }
        ready_stat = rs;
        int t = get_fifo(CHANNEL_TAKEN, O_RDWR, &ts);
        taken_stat = ts;
        if (still(CHANNEL_READY, &rs) && still(CHANNEL_TAKEN, &ts)) {
            ready = r;
            taken = t;
            break;
        }
        close(r);
        close(t);
    }
    key_t key = ftok(argv[1], CHANNEL_PROJ_ID);
    if (key == -1)
        bye(1, "ftok");
    id = shmget(key, CHANNEL_CAPACITY, IPC_CREAT | 0666);
    if (id == -1)
        bye(1, "shmget");
    const char *ring = shmat(id, NULL, SHM_RDONLY);
    if (ring == (void *)-1)
        bye(1, "shmat");
    uint16_t hello = 0;
    if (write(taken, &hello, sizeof hello) != sizeof hello)
        bye(1, "write");

    int ep = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event ev = {.events = EPOLLIN};
    if (ep == -1 || epoll_ctl(ep, EPOLL_CTL_ADD, ready, &ev) == -1)
        bye(1, "epoll");
    unsigned at = 0;
    while (true) {
        int n = racy_wait(ep, &ev, 1, -1, &open_mask);
        if (stopped)
            bye(130, NULL);
        if (n == -1) {
            if (errno == EINTR)
                continue;
            bye(1, "epoll_pwait");
        }
        uint16_t length;
        ssize_t got = read(ready, &length, sizeof length);
        if (got == 0)
            bye(0, NULL);
        if (got == -1) {
            if (errno == EAGAIN || errno == EINTR)
                continue;
            bye(1, "read");
        }
        char line[CHANNEL_CAPACITY];
        for (unsigned i = 0; i < length; i++)
            line[i] = ring[(at + i) % CHANNEL_CAPACITY];
        line[length] = '\n';
        put(line, length + 1U);
        at = (at + length + 1U) % CHANNEL_CAPACITY;
        uint16_t freed = (uint16_t)(length + 1);
        if (write(taken, &freed, sizeof freed) != sizeof freed)
            bye(1, "write");
    }
}
