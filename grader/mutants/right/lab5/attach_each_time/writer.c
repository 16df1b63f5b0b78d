/* lab 3 again: attaches for each message; stdio streams on the FIFOs; fgets */
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

static char ready_path[4200], taken_path[4200];
static int shmid = -1;

static void clean_up(void)
{
    unlink(ready_path);
    unlink(taken_path);
    if (shmid != -1)
        shmctl(shmid, IPC_RMID, NULL);
}

/* A reader may still need the segment for a line that we have announced: while one is
 * there, it removes everything. */
static void on_signal(int number)
{
    if (open(ready_path, O_WRONLY | O_NONBLOCK) == -1)
        clean_up();
    _exit(128 + number);
}

static void give_up(const char *what)
{
    perror(what);
    clean_up();
    exit(1);
}

/* Makes what is not there yet; a signal has to wait so long. */
static void make_channel(const char *dir)
{
    sigset_t set, old;
    struct sigaction action;

    snprintf(ready_path, sizeof ready_path, "%s/%s", dir, CHANNEL_READY);
    snprintf(taken_path, sizeof taken_path, "%s/%s", dir, CHANNEL_TAKEN);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, &old);
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (mkfifo(ready_path, 0600) == -1 && errno != EEXIST)
        give_up(ready_path);
    if (mkfifo(taken_path, 0600) == -1 && errno != EEXIST)
        give_up(taken_path);
    shmid = shmget(ftok(dir, CHANNEL_PROJ_ID), CHANNEL_CAPACITY, IPC_CREAT | 0600);
    if (shmid == -1)
        give_up("shmget");
    sigprocmask(SIG_SETMASK, &old, NULL);
}

int main(int argc, char *argv[])
{
    struct stat status;
    static char line[CHANNEL_CAPACITY + 1];
    int result = 0, c;

    if (argc != 2 || stat(argv[1], &status) == -1 || !S_ISDIR(status.st_mode)) {
        fprintf(stderr, "usage: writer DIR\n");
        return 2;
    }
    make_channel(argv[1]);
    FILE *ready = fopen(ready_path, "w");
    FILE *taken = fopen(taken_path, "r");
    if (!ready || !taken)
        give_up("fopen");
    while (fgets(line, sizeof line, stdin)) {
        size_t count = strlen(line);
        if (line[count - 1] == '\n') {
            line[--count] = '\0';
        } else if (count == CHANNEL_CAPACITY) {
            while ((c = getchar()) != EOF && c != '\n')
                continue;
            fprintf(stderr, "writer: line too long, not sent\n");
            result = 1;
            continue;
        }
        char *text = shmat(shmid, NULL, 0);
        if (text == (void *)-1)
            give_up("shmat");
        memcpy(text, line, count);
        shmdt(text);
        if (fprintf(ready, "%zu\n", count) < 0 || fflush(ready) == EOF ||
            fgetc(taken) == EOF) {
            fprintf(stderr, "writer: the reader is gone\n");
            result = 1;
            break;
        }
    }
    clean_up();
    return result;
}
