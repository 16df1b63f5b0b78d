/* the reader makes everything; pselect with flags; text ends with NUL; one-byte bells */
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/select.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;
static sigset_t old;

static void note(int number)
{
    stopped = number;
}

/* The signals come in here and nowhere else. */
static int wait_until(int fd, int writing)
{
    fd_set set;
    do {
        FD_ZERO(&set);
        FD_SET(fd, &set);
        if (pselect(fd + 1, writing ? NULL : &set, writing ? &set : NULL, NULL, NULL, &old) == 1)
            return 1;
    } while (!stopped && errno == EINTR);
    return 0;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = note};
    sigset_t set;
    char bell;
    int result = 0;

    if (argc != 2 || chdir(argv[1]) != 0) {
        fputs("usage: reader DIR\n", stderr);
        return 2;
    }
    if (flock(open(".", O_RDONLY), LOCK_EX | LOCK_NB) == -1) {
        fputs("reader: no, one is enough\n", stderr);
        return 1;
    }
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, &old);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    int id = shmget(ftok(".", CHANNEL_PROJ_ID), CHANNEL_CAPACITY, IPC_CREAT | 0600);
    char *text = shmat(id, NULL, 0);
    mkfifo(CHANNEL_TAKEN, 0600);
    mkfifo(CHANNEL_READY, 0600);
    int taken = open(CHANNEL_TAKEN, O_RDWR);
    int ready = open(CHANNEL_READY, O_RDONLY | O_NONBLOCK);
    if (text == (void *)-1 || taken == -1 || ready == -1)
        perror("reader"), result = 1;
    else
        while (wait_until(ready, 0) && read(ready, &bell, 1) == 1) {
            char line[CHANNEL_CAPACITY + 1];
            size_t length = strlen(text), done = 0;
            memcpy(line, text, length);
            line[length++] = '\n';
            while (done < length && wait_until(1, 1)) {
                ssize_t written = write(1, line + done, length - done);
                done += written > 0 ? (size_t)written : 0;
            }
            if (stopped || write(taken, "t", 1) != 1)
                break;
        }
    unlink(CHANNEL_READY);
    unlink(CHANNEL_TAKEN);
    shmctl(id, IPC_RMID, NULL);
    return result;
}
