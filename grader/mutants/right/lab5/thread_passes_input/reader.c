/* poll + signalfd; flock on ready.fifo; no blocking call anywhere else. */
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
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

static int sigfd, in = -1, out = -1, shmid = -1;

static bool same(int fd, const char *name)
{
    struct stat a, b;
    return fstat(fd, &a) == 0 && lstat(name, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static _Noreturn void leave(int status)
{
    if (shmid != -1)
        shmctl(shmid, IPC_RMID, NULL);
    if (in != -1 && same(in, CHANNEL_READY))
        unlink(CHANNEL_READY);
    if (out != -1 && same(out, CHANNEL_TAKEN))
        unlink(CHANNEL_TAKEN);
    exit(status);
}

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "reader: %s: %s\n", what, strerror(errno));
    leave(1);
}

/* Waits for fd; leaves when a signal comes. */
static void await(int fd, short events)
{
    struct pollfd p[2] = {{sigfd, POLLIN, 0}, {fd, events, 0}};
    while (true) {
        if (poll(p, 2, -1) == -1) {
            if (errno != EINTR)
                fail("poll");
            continue;
        }
        if (p[0].revents)
            leave(1);
        if (p[1].revents)
            return;
    }
}

static void print(const char *text, size_t n)
{
    size_t most = isatty(1) ? 16 : PIPE_BUF;
    while (n > 0) {
        await(1, POLLOUT);
        ssize_t got = write(1, text, n < most ? n : most);
        if (got == -1) {
            if (errno == EINTR || errno == EAGAIN)
                continue;
            fail("standard output");
        }
        text += got;
        n -= (size_t)got;
    }
}

int main(int argc, char *argv[])
{
    if (argc != 2 || chdir(argv[1]) == -1) {
        fprintf(stderr, "usage: reader DIR (an existing directory)\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigfd = signalfd(-1, &set, SFD_CLOEXEC);
    if (sigfd == -1)
        fail("signalfd");

    while (true) {
        bool mine = mkfifo(CHANNEL_READY, 0600) == 0;
        if (!mine && errno != EEXIST)
            fail(CHANNEL_READY);
        in = open(CHANNEL_READY, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (in == -1) {
            if (errno == ENOENT)
                continue;
            fail(CHANNEL_READY);
        }
        if (flock(in, LOCK_EX | LOCK_NB) == -1) {
            fprintf(stderr, "reader: there is another reader\n");
            return 1;
        }
        if (mkfifo(CHANNEL_TAKEN, 0600) == -1 && errno != EEXIST)
            fail(CHANNEL_TAKEN);
        out = open(CHANNEL_TAKEN, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (out == -1 && errno != ENOENT)
            fail(CHANNEL_TAKEN);
        if (out != -1 && same(in, CHANNEL_READY) && same(out, CHANNEL_TAKEN))
            break;
        if (out != -1)
            close(out);
        close(in);
        in = out = -1;
    }
    key_t key = ftok(".", CHANNEL_PROJ_ID);
    if (key == -1)
        fail("ftok");
    shmid = shmget(key, CHANNEL_CAPACITY, IPC_CREAT | 0600);
    if (shmid == -1)
        fail("shmget");
    char *text = shmat(shmid, NULL, 0);
    if (text == (void *)-1)
        fail("shmat");
    if (write(out, "", 1) != 1)
        fail("write");

    while (true) {
        uint16_t length;
        await(in, POLLIN);
        ssize_t got = read(in, &length, sizeof length);
        if (got == 0)
            leave(0);
        if (got == -1) {
            if (errno == EINTR || errno == EAGAIN)
                continue;
            fail("read");
        }
        char copy[CHANNEL_CAPACITY];
        memcpy(copy, text, length);
        copy[length] = '\n';
        print(copy, (size_t)length + 1);
        if (write(out, "", 1) != 1 && errno != EAGAIN)
            fail("write");
    }
}
