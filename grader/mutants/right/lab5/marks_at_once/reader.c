/* sigsetjmp/siglongjmp out of blocking calls; and as soon as both are attached the
 * segment is marked for destruction (IPC_RMID), so that not even SIGKILL leaves it. */
#include "channel.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

static sigjmp_buf interrupted;
static sigset_t deadly;
static volatile int id = -1, mine;

static void jump(int sig)
{
    siglongjmp(interrupted, sig);
}

static int clean(int status)
{
    sigprocmask(SIG_BLOCK, &deadly, NULL);
    if (mine) {
        unlink(CHANNEL_READY);
        unlink(CHANNEL_TAKEN);
    }
    if (id != -1)
        shmctl(id, IPC_RMID, NULL);
    return status;
}

static int complain(const char *what)
{
    int e = errno;
    sigprocmask(SIG_BLOCK, &deadly, NULL);
    fprintf(stderr, "reader: %s: %s\n", what, strerror(e));
    return clean(1);
}

int main(int argc, char *argv[])
{
    struct stat s;
    if (argc != 2 || stat(argv[1], &s) == -1 || !S_ISDIR(s.st_mode)) {
        fprintf(stderr, "usage: reader DIR\n");
        return 2;
    }
    sigemptyset(&deadly);
    sigaddset(&deadly, SIGINT);
    sigaddset(&deadly, SIGTERM);
    sigprocmask(SIG_BLOCK, &deadly, NULL);
    struct sigaction act = {.sa_handler = jump, .sa_mask = deadly};
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (sigsetjmp(interrupted, 0))
        return clean(1);
    if (chdir(argv[1]) == -1)
        return complain(argv[1]);
    int lock = open(".", O_RDONLY | O_DIRECTORY);
    if (lock == -1)
        return complain(argv[1]);
    if (flock(lock, LOCK_EX | LOCK_NB) == -1) {
        fprintf(stderr, "reader: occupied\n");
        return 1;
    }
    mine = 1;
    key_t key = ftok(".", CHANNEL_PROJ_ID);
    if (key == -1)
        return complain("ftok");
    int taken;
    do {
        if (mkfifo(CHANNEL_READY, 0600) == -1 && errno != EEXIST)
            return complain(CHANNEL_READY);
        if (mkfifo(CHANNEL_TAKEN, 0600) == -1 && errno != EEXIST)
            return complain(CHANNEL_TAKEN);
        taken = open(CHANNEL_TAKEN, O_RDWR);
    } while (taken == -1 && errno == ENOENT);
    if (taken == -1)
        return complain(CHANNEL_TAKEN);
    id = shmget(key, CHANNEL_CAPACITY, IPC_CREAT | 0600);
    if (id == -1)
        return complain("shmget");
    char *text = shmat(id, NULL, SHM_RDONLY);
    if (text == (void *)-1)
        return complain("shmat");
    sigprocmask(SIG_UNBLOCK, &deadly, NULL);

    int ready = open(CHANNEL_READY, O_RDONLY);
    if (ready == -1 && errno == ENOENT)
        return clean(0);
    if (ready == -1)
        return complain(CHANNEL_READY);
    if (write(taken, "", 1) != 1)
        return complain("write");
    unsigned short n;
    ssize_t got;
    while ((got = read(ready, &n, sizeof n)) != 0) {
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            return complain("read");
        if (id != -1) {
            /* The writer has attached it before it sent this. */
            shmctl(id, IPC_RMID, NULL);
            id = -1;
        }
        char line[CHANNEL_CAPACITY];
        memcpy(line, text, n);
        line[n] = '\n';
        for (size_t done = 0; done <= n;) {
            ssize_t w = write(1, line + done, n + 1U - done);
            if (w == -1 && errno != EINTR)
                return complain("standard output");
            if (w > 0)
                done += (size_t)w;
        }
        if (write(taken, "", 1) != 1)
            return complain("write");
    }
    return clean(0);
}
