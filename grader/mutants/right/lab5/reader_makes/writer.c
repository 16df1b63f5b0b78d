/* the reader makes everything; the writer waits with inotify; text ends with NUL; one-byte bells */
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void end(int id, int status)
{
    unlink(CHANNEL_READY);
    unlink(CHANNEL_TAKEN);
    shmctl(id, IPC_RMID, NULL);
    exit(status);
}

int main(int argc, char **argv)
{
    if (argc != 2 || chdir(argv[1]) != 0) {
        fputs("usage: writer DIR\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    /* The reader makes ready.fifo last. */
    int ready = open_when_there(CHANNEL_READY, O_WRONLY);
    int taken = open_when_there(CHANNEL_TAKEN, O_RDONLY);
    int id = shmget(ftok(".", CHANNEL_PROJ_ID), CHANNEL_CAPACITY, 0);
    char *text = shmat(id, NULL, 0);
    if (ready == -1 || taken == -1 || text == (void *)-1) {
        perror("writer");
        return 1;
    }
    char *line = NULL, bell;
    size_t room = 0;
    int status = 0;
    while (getline(&line, &room, stdin) > 0) {
        size_t length = strcspn(line, "\n");
        if (length >= CHANNEL_CAPACITY) {
            fputs("writer: too long\n", stderr);
            status = 1;
            continue;
        }
        memcpy(text, line, length);
        text[length] = '\0';
        if (write(ready, "r", 1) != 1 || read(taken, &bell, 1) != 1) {
            fputs("writer: no reader\n", stderr);
            end(id, 1);
        }
    }
    end(id, status);
}
