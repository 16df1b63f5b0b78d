/* The FIFOs are streams of text: "12\n" says that 12 bytes are ready, "ok\n" that they are taken. */
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
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
    unsigned short length;

    if (argc != 2 || stat(argv[1], &status) == -1 || !S_ISDIR(status.st_mode)) {
        fprintf(stderr, "usage: reader DIR\n");
        return 2;
    }
    int lock = open(argv[1], O_RDONLY);
    if (flock(lock, LOCK_EX | LOCK_NB) == -1) {
        fprintf(stderr, "reader: there is a reader already\n");
        return 1;
    }
    make_channel(argv[1]);
    char *text = shmat(shmid, NULL, 0);
    if (text == (void *)-1)
        give_up("shmat");
    int ready = open(ready_path, O_RDONLY);
    int taken = open(taken_path, O_WRONLY);
    if (ready == -1 || taken == -1)
        give_up("open");
    FILE *numbers = fdopen(ready, "r");
    if (numbers == NULL)
        give_up("fdopen");
    while (fscanf(numbers, "%hu%*1[\n]", &length) == 1) {
        fwrite(text, 1, length, stdout);
        putchar('\n');
        fflush(stdout);
        if (dprintf(taken, "ok\n") < 0)
            break;
    }
    clean_up();
    return 0;
}
