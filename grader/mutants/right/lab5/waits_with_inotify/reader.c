/* the reader makes everything, the writer nothing.  flock on the directory. */
#include "channel.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/select.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile sig_atomic_t flag;
static sigset_t before;
static int shmid = -1, made_ready, made_taken;

static void handler(int s)
{
    flag = s;
}

static void done(int status)
{
    if (made_ready)
        unlink(CHANNEL_READY);
    if (made_taken)
        unlink(CHANNEL_TAKEN);
    if (shmid != -1)
        shmctl(shmid, IPC_RMID, NULL);
    exit(status);
}

static void oops(const char *s)
{
    fprintf(stderr, "reader: %s failed: %s\n", s, strerror(errno));
    done(EXIT_FAILURE);
}

static void sleep_for(int fd, int writing)
{
    fd_set set;
    do {
        FD_ZERO(&set);
        FD_SET(fd, &set);
        int n = pselect(fd + 1, writing ? NULL : &set, writing ? &set : NULL, NULL, NULL, &before);
        if (flag)
            done(EXIT_FAILURE);
        if (n == 1)
            return;
    } while (errno == EINTR);
    oops("pselect");
}

int main(int argc, char **argv)
{
    struct stat sb;
    if (argc != 2 || stat(argv[1], &sb) != 0 || !S_ISDIR(sb.st_mode)) {
        fprintf(stderr, "how to use it: reader DIRECTORY\n");
        return 2;
    }
    if (chdir(argv[1]) != 0)
        oops("chdir");
    sigset_t two;
    sigemptyset(&two);
    sigaddset(&two, SIGINT);
    sigaddset(&two, SIGTERM);
    sigprocmask(SIG_BLOCK, &two, NULL);
    sigemptyset(&before);
    struct sigaction sa = {.sa_handler = handler};
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    signal(SIGPIPE, SIG_IGN);

    int dir = open(".", O_RDONLY | O_DIRECTORY);
    if (dir < 0)
        oops("open");
    if (flock(dir, LOCK_EX | LOCK_NB) != 0) {
        fprintf(stderr, "reader: the directory is locked by another reader\n");
        return EXIT_FAILURE;
    }
    /* whatever lies here now was left behind by the dead */
    unlink(CHANNEL_READY);
    unlink(CHANNEL_TAKEN);
    key_t key = ftok(".", CHANNEL_PROJ_ID);
    if (key == (key_t)-1)
        oops("ftok");
    int old = shmget(key, 0, 0);
    if (old != -1)
        shmctl(old, IPC_RMID, NULL);
    shmid = shmget(key, CHANNEL_CAPACITY, IPC_CREAT | IPC_EXCL | 0600);
    if (shmid < 0)
        oops("shmget");
    uint16_t *length = shmat(shmid, NULL, 0);
    if (length == (void *)-1)
        oops("shmat");
    const char *text = (const char *)length;
    if (mkfifo(CHANNEL_TAKEN, 0600) != 0)
        oops("mkfifo");
    made_taken = 1;
    int taken = open(CHANNEL_TAKEN, O_RDWR | O_NONBLOCK);
    if (taken < 0)
        oops("open");
    if (mkfifo(CHANNEL_READY, 0600) != 0)
        oops("mkfifo");
    made_ready = 1;
    int ready = open(CHANNEL_READY, O_RDONLY | O_NONBLOCK);
    if (ready < 0)
        oops("open");

    for (;;) {
        sleep_for(ready, 0);
        unsigned char n[2];
        ssize_t r = read(ready, n, 2);
        if (r < 0 && errno == EAGAIN)
            continue;
        if (r < 0)
            oops("read");
        if (r == 0)
            done(EXIT_SUCCESS);
        int size = n[0] << 8 | n[1];
        int sent = 0;
        while (sent <= size) {
            sleep_for(1, 1);
            ssize_t w = sent < size ? write(1, text + sent, isatty(1) ? 1 : (size_t)(size - sent)) : write(1, "\n", 1);
            if (w < 0 && errno != EAGAIN && errno != EINTR)
                oops("write");
            if (w > 0)
                sent += (int)w;
        }
        if (write(taken, "", 1) != 1)
            oops("write");
    }
}
