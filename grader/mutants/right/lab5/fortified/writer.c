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
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

static int signals, ready, taken, id;

static _Noreturn void end(int status)
{
    unlink(CHANNEL_READY);
    unlink(CHANNEL_TAKEN);
    shmctl(id, IPC_RMID, NULL);
    exit(status);
}

static char bytes[1000];

/* Not inline, and so a number that the compiler does not know: only then does it choose
 * the other name. */
__attribute__((noinline)) static ssize_t get(int fd, size_t count, nfds_t both)
{
    struct pollfd fds[] = {{signals, POLLIN, 0}, {fd, POLLIN, 0}};
    if (ppoll(fds, both, NULL, NULL) <= 0 || fds[0].revents)
        end(1);
    return read(fd, bytes, count);
}

__attribute__((noinline)) static int open_end(const char *path, int flags)
{
    return openat(AT_FDCWD, path, flags);
}

static void ask(void)
{
    if (dprintf(ready, "%c", '?') == 1 && get(taken, 1, 2) == 1)
        return;
    fputs("writer: the reader went away\n", stderr);
    end(1);
}

static char *text;
static int result;

static void send_line(const char *line, size_t length)
{
    if (length >= CHANNEL_CAPACITY) {
        fputs("writer: too long\n", stderr);
        result = 1;
        return;
    }
    ask();
    memcpy(text, line, length);
    text[length] = '\0';
    if (dprintf(ready, "%c", '.') != 1)
        end(1);
}

int main(int argc, char **argv)
{
    static char line[CHANNEL_CAPACITY];
    size_t length = 0;
    ssize_t count;
    sigset_t set;
    if (argc != 2 || chdir(argv[1]) != 0) {
        fputs("usage: writer DIR\n", stderr);
        return 2;
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
    id = shmget(ftok(".", CHANNEL_PROJ_ID), CHANNEL_CAPACITY, IPC_CREAT | 0600);
    text = shmat(id, NULL, 0);
    taken = open_end(CHANNEL_TAKEN, O_RDONLY | O_NONBLOCK);
    ready = open_end(CHANNEL_READY, O_RDWR | O_NONBLOCK);
    if (text == (void *)-1 || ready == -1 || taken == -1) {
        perror("writer");
        end(1);
    }
    ask(); /* so they have met, also when there is no line */
    while ((count = get(0, sizeof bytes, 2)) > 0)
        for (ssize_t i = 0; i < count; i++) {
            if (bytes[i] == '\n') {
                send_line(line, length);
                length = 0;
            } else {
                if (length < sizeof line)
                    line[length] = bytes[i];
                length++;
            }
        }
    if (length > 0)
        send_line(line, length);
    ask(); /* the last one is printed */
    end(result);
}
