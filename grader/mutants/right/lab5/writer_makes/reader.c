/* the writer makes everything; the reader waits for the FIFO with inotify, and makes nothing */
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

static int open_when_there(const char *name, int flags)
{
    char events[4096];
    int watch = inotify_init1(IN_CLOEXEC);
    inotify_add_watch(watch, ".", IN_CREATE | IN_MOVED_TO);
    int fd;
    while ((fd = open(name, flags)) == -1 && errno == ENOENT)
        if (read(watch, events, sizeof events) <= 0)
            break;
    close(watch);
    return fd;
}

static void put_all(const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(1, bytes, count);
        if (written <= 0)
            exit(1);
        bytes += written;
        count -= (size_t)written;
    }
}

int main(int argc, char **argv)
{
    if (argc != 2 || chdir(argv[1]) != 0) {
        fputs("usage: reader DIR\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    int dir = open(".", O_RDONLY | O_DIRECTORY);
    if (flock(dir, LOCK_EX | LOCK_NB) != 0) {
        fputs("reader: somebody reads here already\n", stderr);
        return 1;
    }
    int ready = open_when_there(CHANNEL_READY, O_RDONLY);
    int taken = open_when_there(CHANNEL_TAKEN, O_WRONLY);
    int id = shmget(ftok(".", CHANNEL_PROJ_ID), 0, 0);
    char *text = shmat(id, NULL, 0);
    if (ready == -1 || taken == -1 || text == (void *)-1) {
        perror("reader");
        return 1;
    }
    int length;
    if (write(taken, "", 1) != 1) /* we have met */
        return 1;
    while (read(ready, &length, sizeof length) > 0) {
        put_all(text, (size_t)length);
        put_all("\n", 1);
        if (write(taken, "", 1) != 1)
            break;
    }
    unlink(CHANNEL_READY);
    unlink(CHANNEL_TAKEN);
    shmctl(id, IPC_RMID, NULL);
    return 0;
}
