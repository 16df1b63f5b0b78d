/* The other half. */
#include "channel.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;
static sigset_t open_mask;
static int dir, ready = -1, taken = -1, id = -1, ep = -1;
static struct stat ready_stat, taken_stat;
static char *ring;
static unsigned at, room = CHANNEL_CAPACITY;
static bool plain_input, watched;

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
        fprintf(stderr, "writer: %s: %s\n", why, strerror(e));
    exit(status);
}

static _Noreturn void gone(void)
{
    errno = EPIPE;
    bye(1, "the reader is gone");
}

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

static void watch(int fd, unsigned events)
{
    struct epoll_event ev = {.events = events, .data.fd = fd};
    if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) == -1) {
        if (fd == STDIN_FILENO && errno == EPERM) {
            plain_input = true;
            return;
        }
        bye(1, "epoll_ctl");
    }
    if (fd == STDIN_FILENO)
        watched = true;
}

static void unwatch_input(void)
{
    if (watched)
        epoll_ctl(ep, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
    watched = false;
}

/* Waits for one event; takes what the reader gives back. True: input is there. */
static bool step(bool want_input)
{
    if (want_input && !watched && !plain_input)
        watch(STDIN_FILENO, EPOLLIN);
    if (!want_input)
        unwatch_input();
    struct epoll_event ev[3];
    int n = racy_wait(ep, ev, 3, want_input && plain_input ? 0 : -1, &open_mask);
    if (stopped)
        bye(130, NULL);
    if (n == -1) {
        if (errno == EINTR)
            return false;
        bye(1, "epoll_pwait");
    }
    bool input = want_input && plain_input;
    for (int i = 0; i < n; i++) {
        if (ev[i].data.fd == STDIN_FILENO) {
            input = true;
        } else if (ev[i].data.fd == ready) {
            if (ev[i].events & EPOLLERR)
                gone();
        } else {
            uint16_t freed;
            ssize_t got = read(taken, &freed, sizeof freed);
            if (got == 0)
                gone();
            if (got == sizeof freed)
                room += freed;
            else if (errno != EAGAIN && errno != EINTR)
                bye(1, "read");
        }
    }
    return input;
}

static void send_line(const char *line, unsigned length)
{
    while (room < length + 1)
        step(false);
    for (unsigned i = 0; i < length; i++)
        ring[(at + i) % CHANNEL_CAPACITY] = line[i];
    uint16_t n = (uint16_t)length;
    if (write(ready, &n, sizeof n) != sizeof n) {
        if (errno == EPIPE)
            gone();
        bye(1, "write");
    }
    at = (at + length + 1) % CHANNEL_CAPACITY;
    room -= length + 1;
}

int main(int argc, char *argv[])
{
    struct stat what;
    if (argc != 2 || stat(argv[1], &what) == -1 || !S_ISDIR(what.st_mode)) {
        fprintf(stderr, "usage: writer DIR\n");
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

    int presence;
    while (true) {
        struct stat rs, ts;
        int r = get_fifo(CHANNEL_READY, O_RDWR, &rs);
        ready_stat = rs;
        int t = get_fifo(CHANNEL_TAKEN, O_RDONLY, &ts);
        taken_stat = ts;
        if (still(CHANNEL_READY, &rs) && still(CHANNEL_TAKEN, &ts)) {
            presence = r;
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
    ring = shmat(id, NULL, 0);
    if (ring == (void *)-1)
        bye(1, "shmat");

    ep = epoll_create1(EPOLL_CLOEXEC);
    if (ep == -1)
        bye(1, "epoll_create1");
    watch(taken, EPOLLIN);
    room = 0xffff;
    /* The reader says hello with a zero: wait for it, read nothing yet. */
    struct epoll_event ev;
    while (racy_wait(ep, &ev, 1, -1, &open_mask) == -1 && errno == EINTR)
        if (stopped)
            bye(130, NULL);
    if (stopped)
        bye(130, NULL);
    uint16_t hello;
    if (read(taken, &hello, sizeof hello) != sizeof hello)
        gone();
    room = CHANNEL_CAPACITY;
    ready = openat(dir, CHANNEL_READY, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (ready == -1)
        gone();
    close(presence);
    watch(ready, 0);

    static char line[CHANNEL_CAPACITY], chunk[10000];
    unsigned n = 0;
    int status = 0;
    while (true) {
        if (!step(true))
            continue;
        ssize_t got = read(STDIN_FILENO, chunk, sizeof chunk);
        if (got == -1) {
            if (errno == EINTR || errno == EAGAIN)
                continue;
            bye(1, "standard input");
        }
        if (got == 0)
            break;
        for (ssize_t i = 0; i < got; i++) {
            if (chunk[i] == '\n') {
                if (n < CHANNEL_CAPACITY)
                    send_line(line, n);
                n = 0;
            } else if (n < CHANNEL_CAPACITY - 1) {
                line[n++] = chunk[i];
            } else if (n == CHANNEL_CAPACITY - 1) {
                n++;
                status = 1;
                fputs("writer: line too long, not sent\n", stderr);
            }
        }
    }
    unwatch_input();
    if (n > 0 && n < CHANNEL_CAPACITY)
        send_line(line, n);
    while (room < CHANNEL_CAPACITY)
        step(false);
    bye(status, NULL);
}
