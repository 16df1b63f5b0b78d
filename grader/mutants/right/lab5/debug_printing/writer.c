/* debug printing of everything, getchar(), direct syscall(), relative paths after chdir */
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
#include <sys/syscall.h>
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

static void on_signal(int number)
{
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
    if (mknod(ready_path, S_IFIFO | 0666, 0) == -1 && errno != EEXIST)
        give_up(ready_path);
    if (mkfifo(taken_path, 0600) == -1 && errno != EEXIST)
        give_up(taken_path);
    shmid = (int)syscall(SYS_shmget, ftok(dir, CHANNEL_PROJ_ID), CHANNEL_CAPACITY, IPC_CREAT | 0666);
    fprintf(stderr, "DEBUG %s: shmid %d\n", "writer", shmid);
    if (shmid == -1)
        give_up("shmget");
    sigprocmask(SIG_SETMASK, &old, NULL);
}

int main(int argc, char *argv[])
{
    struct stat status;
    char answer, line[CHANNEL_CAPACITY];
    int count, c, result = 0;

    if (argc != 2 || stat(argv[1], &status) == -1 || !S_ISDIR(status.st_mode)) {
        fprintf(stderr, "usage: writer DIR\n");
        return 2;
    }
    make_channel(argv[1]);
    char *text = (char *)syscall(SYS_shmat, shmid, NULL, 0);
    if (text == (void *)-1)
        give_up("shmat");
    int ready = open(ready_path, O_WRONLY);
    int taken = open(taken_path, O_RDONLY);
    if (ready == -1 || taken == -1)
        give_up("open");
    printf("Type lines, Ctrl-D ends\n> ");
    fflush(stdout);
    while ((c = getchar()) != EOF) {
        for (count = 0; c != EOF && c != '\n'; c = getchar()) {
            if (count < CHANNEL_CAPACITY)
                line[count++] = (char)c;
        }
        printf("sending %d bytes\n> ", count);
        fflush(stdout);
        if (count > CHANNEL_CAPACITY - 1) {
            fprintf(stderr, "writer: line too long, not sent\n");
            result = 1;
            continue;
        }
        unsigned short length = (unsigned short)count;
        memcpy(text, line, length);
        fprintf(stderr, "DEBUG sent %d bytes: %.*s\n", count, count, line);
        if (write(ready, &length, sizeof length) != sizeof length ||
            read(taken, &answer, 1) != 1) {
            fprintf(stderr, "writer: the reader is gone\n");
            result = 1;
            break;
        }
    }
    clean_up();
    return result;
}
