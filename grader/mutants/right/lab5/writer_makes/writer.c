/* the writer makes everything */
#include "channel.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile int id = -1;

static void tidy(void)
{
    unlink(CHANNEL_READY);
    unlink(CHANNEL_TAKEN);
    if (id != -1)
        shmctl(id, IPC_RMID, NULL);
}

static void stop(int number)
{
    (void)number;
    tidy();
    _exit(1);
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = stop};
    sigset_t set, old;
    if (argc != 2 || chdir(argv[1]) != 0) {
        fputs("usage: writer DIR\n", stderr);
        return 2;
    }
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, &old);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    /* The segment first: who can open the FIFOs finds it. */
    id = shmget(ftok(".", CHANNEL_PROJ_ID), CHANNEL_CAPACITY, IPC_CREAT | 0600);
    mkfifo(CHANNEL_TAKEN, 0600);
    mkfifo(CHANNEL_READY, 0600);
    sigprocmask(SIG_SETMASK, &old, NULL);
    char *text = shmat(id, NULL, 0);
    int ready = open(CHANNEL_READY, O_WRONLY);
    int taken = open(CHANNEL_TAKEN, O_RDONLY);
    if (text == (void *)-1 || ready == -1 || taken == -1) {
        perror("writer");
        tidy();
        return 1;
    }
    int status = 0, c, length = 0;
    char answer;
    if (read(taken, &answer, 1) < 1) { /* not met: the reader died meanwhile */
        tidy();
        return 1;
    }
    while ((c = getchar()) != EOF || length > 0) {
        if (c != '\n' && c != EOF) {
            if (length < CHANNEL_CAPACITY - 1)
                text[length] = (char)c;
            length++;
            continue;
        }
        if (length > CHANNEL_CAPACITY - 1) {
            fputs("writer: a line is too long\n", stderr);
            status = 1;
        } else if (write(ready, &length, sizeof length) == -1 ||
                   read(taken, &answer, 1) < 1) {
            fputs("writer: nobody reads any more\n", stderr);
            status = 1;
            break;
        }
        length = 0;
    }
    tidy();
    return status;
}
