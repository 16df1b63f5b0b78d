/* other names of the same calls: the C library's headers choose them for _FORTIFY_SOURCE
 * and for large files; readv and writev */
#undef _FORTIFY_SOURCE
#define _FORTIFY_SOURCE   2
#define _FILE_OFFSET_BITS 64
#include "channel.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int signals;
static struct pollfd fds[2];

/* 1: ready; 0: a signal.  Not inline, and so a number that the compiler does not know:
 * only then does it choose the other name. */
__attribute__((noinline)) static int wait_for_all(nfds_t count)
{
    return poll(fds, count, -1) > 0 && !fds[0].revents;
}

static int wait_for(int fd, short what)
{
    fds[0] = (struct pollfd){signals, POLLIN, 0};
    fds[1] = (struct pollfd){fd, what, 0};
    return wait_for_all(2);
}

static int hear(int fd, char *word)
{
    struct iovec part = {word, 1};
    return wait_for(fd, POLLIN) ? (int)readv(fd, &part, 1) : -1;
}

static int answer(int fd)
{
    struct iovec part = {(char[]){'!'}, 1};
    return (int)writev(fd, &part, 1);
}

__attribute__((noinline)) static int open_end(const char *path, int flags)
{
    return open(path, flags);
}

int main(int argc, char **argv)
{
    sigset_t set;
    char word;
    if (argc != 2 || chdir(argv[1]) != 0) {
        fputs("usage: reader DIR\n", stderr);
        return 2;
    }
    if (flock(open(".", O_RDONLY), LOCK_EX | LOCK_NB) == -1) {
        fputs("reader: refused\n", stderr);
        return 1;
    }
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signals = signalfd(-1, &set, SFD_CLOEXEC);
    if (signals == -1) {
        perror("signalfd");
        return 1;
    }
    mkfifo(CHANNEL_READY, 0600);
    mkfifo(CHANNEL_TAKEN, 0600);
    int id = shmget(ftok(".", CHANNEL_PROJ_ID), CHANNEL_CAPACITY, IPC_CREAT | 0600);
    char *text = shmat(id, NULL, 0);
    int ready = open_end(CHANNEL_READY, O_RDONLY | O_NONBLOCK);
    int taken = open_end(CHANNEL_TAKEN, O_RDWR | O_NONBLOCK);
    int status = 1, heard;
    if (text == (void *)-1 || ready == -1 || taken == -1)
        perror("reader");
    else
        while ((heard = hear(ready, &word)) >= 0) {
            if (heard == 0) {
                status = 0;
                break;
            }
            if (word == '?' && answer(taken) == 1)
                continue;
            /* word is '.': there is a text */
            char line[CHANNEL_CAPACITY + 1], *at = line;
            size_t length = strnlen(text, CHANNEL_CAPACITY);
            memcpy(line, text, length);
            memset(text, 0, CHANNEL_CAPACITY);
            line[length++] = '\n';
            while (length > 0 && wait_for(1, POLLOUT)) {
                ssize_t written = write(1, at, length);
                if (written > 0) {
                    at += written;
                    length -= (size_t)written;
                }
            }
            if (length > 0)
                break;
        }
    unlink(CHANNEL_READY);
    unlink(CHANNEL_TAKEN);
    shmctl(id, IPC_RMID, NULL);
    return status;
}
