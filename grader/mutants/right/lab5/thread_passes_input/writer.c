/* a thread passes standard input on into a pipe. poll + signalfd; ready.fifo is held O_RDWR until the reader is there. */
#include "channel.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
    if (out != -1 && same(out, CHANNEL_READY))
        unlink(CHANNEL_READY);
    if (in != -1 && same(in, CHANNEL_TAKEN))
        unlink(CHANNEL_TAKEN);
    exit(status);
}

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "writer: %s: %s\n", what, strerror(errno));
    leave(1);
}

static _Noreturn void lonely(void)
{
    fprintf(stderr, "writer: the reader has gone\n");
    leave(1);
}

static void await(int fd)
{
    struct pollfd p[2] = {{sigfd, POLLIN, 0}, {fd, POLLIN, 0}};
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

static void turn(void)
{
    char byte;
    while (true) {
        await(in);
        ssize_t got = read(in, &byte, 1);
        if (got == 1)
            return;
        if (got == 0)
            lonely();
        if (errno != EINTR && errno != EAGAIN)
            fail("read");
    }
}

static int input[2];

static void *pass_on(void *nothing)
{
    char chunk[PIPE_BUF];
    ssize_t n;
    while ((n = read(0, chunk, sizeof chunk)) > 0)
        if (write(input[1], chunk, (size_t)n) != n)
            break;
    close(input[1]);
    return nothing;
}

int main(int argc, char *argv[])
{
    if (argc != 2 || chdir(argv[1]) == -1) {
        fprintf(stderr, "usage: writer DIR (an existing directory)\n");
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
        if (mkfifo(CHANNEL_READY, 0600) == -1 && errno != EEXIST)
            fail(CHANNEL_READY);
        out = open(CHANNEL_READY, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (out == -1) {
            if (errno == ENOENT)
                continue;
            fail(CHANNEL_READY);
        }
        if (mkfifo(CHANNEL_TAKEN, 0600) == -1 && errno != EEXIST)
            fail(CHANNEL_TAKEN);
        in = open(CHANNEL_TAKEN, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (in == -1 && errno != ENOENT)
            fail(CHANNEL_TAKEN);
        if (in != -1 && same(out, CHANNEL_READY) && same(in, CHANNEL_TAKEN))
            break;
        if (in != -1)
            close(in);
        close(out);
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

    turn();
    int only = open(CHANNEL_READY, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (only == -1)
        lonely();
    if (!same(out, CHANNEL_READY))
        lonely();
    close(out);
    out = only;

    pthread_t thread;
    if (pipe(input) == -1 || pthread_create(&thread, NULL, pass_on, NULL) != 0)
        fail("thread");
    static char line[CHANNEL_CAPACITY], chunk[65536];
    size_t n = 0;
    bool refused = false, end = false;
    int status = 0;
    while (!end) {
        await(input[0]);
        ssize_t got = read(input[0], chunk, sizeof chunk);
        if (got == -1) {
            if (errno == EINTR || errno == EAGAIN)
                continue;
            fail("standard input");
        }
        end = got == 0;
        if (end && n == 0 && !refused)
            break;
        if (end) {
            chunk[0] = '\n';
            got = 1;
        }
        for (ssize_t i = 0; i < got; i++) {
            if (chunk[i] != '\n') {
                if (n < CHANNEL_CAPACITY - 1) {
                    line[n++] = chunk[i];
                } else if (!refused) {
                    refused = true;
                    status = 1;
                    fprintf(stderr, "writer: a line is too long\n");
                }
                continue;
            }
            if (!refused) {
                uint16_t length = (uint16_t)n;
                memcpy(text, line, n);
                if (write(out, &length, sizeof length) != sizeof length) {
                    if (errno == EPIPE)
                        lonely();
                    fail("write");
                }
                turn();
            }
            n = 0;
            refused = false;
        }
    }
    leave(status);
}
