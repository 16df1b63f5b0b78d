/* the writer makes nothing; until a reader is there it listens with inotify. */
#include "channel.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/select.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile sig_atomic_t flag;
static sigset_t before;
static int shmid = -1, met, ready = -1, taken = -1;
static char *text;

static void handler(int s)
{
    flag = s;
}

static void done(int status)
{
    if (met) {
        unlink(CHANNEL_READY);
        unlink(CHANNEL_TAKEN);
    }
    if (shmid != -1)
        shmctl(shmid, IPC_RMID, NULL);
    exit(status);
}

static void oops(const char *s)
{
    fprintf(stderr, "writer: %s failed: %s\n", s, strerror(errno));
    done(EXIT_FAILURE);
}

static void gone(void)
{
    fprintf(stderr, "writer: the reader went away\n");
    done(EXIT_FAILURE);
}

static void sleep_for(int fd)
{
    fd_set set;
    do {
        FD_ZERO(&set);
        FD_SET(fd, &set);
        int n = pselect(fd + 1, &set, NULL, NULL, NULL, &before);
        if (flag)
            done(EXIT_FAILURE);
        if (n == 1)
            return;
    } while (errno == EINTR);
    oops("pselect");
}

static void send_text(const char *line, size_t size)
{
    memcpy(text, line, size);
    unsigned char n[2] = {(unsigned char)(size >> 8), (unsigned char)size};
    if (write(ready, n, 2) != 2) {
        if (errno == EPIPE)
            gone();
        oops("write");
    }
    char c;
    for (;;) {
        sleep_for(taken);
        ssize_t r = read(taken, &c, 1);
        if (r == 1)
            return;
        if (r == 0)
            gone();
        if (errno != EAGAIN && errno != EINTR)
            oops("read");
    }
}

int main(int argc, char **argv)
{
    struct stat sb;
    if (argc != 2 || stat(argv[1], &sb) != 0 || !S_ISDIR(sb.st_mode)) {
        fprintf(stderr, "how to use it: writer DIRECTORY\n");
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

    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch < 0)
        oops("inotify_init1");
    if (inotify_add_watch(watch, ".", IN_OPEN | IN_MOVED_TO) < 0)
        oops("inotify_add_watch");
    while ((ready = open(CHANNEL_READY, O_WRONLY | O_NONBLOCK)) < 0) {
        if (errno != ENOENT && errno != ENXIO)
            oops("open");
        sleep_for(watch);
        char events[8192];
        while (read(watch, events, sizeof events) > 0)
            ;
    }
    close(watch);
    taken = open(CHANNEL_TAKEN, O_RDONLY | O_NONBLOCK);
    if (taken < 0) {
        if (errno == ENOENT)
            gone();
        oops("open");
    }
    met = 1;
    key_t key = ftok(".", CHANNEL_PROJ_ID);
    if (key == (key_t)-1)
        oops("ftok");
    shmid = shmget(key, CHANNEL_CAPACITY, 0);
    if (shmid < 0) {
        if (errno == ENOENT)
            gone();
        oops("shmget");
    }
    text = shmat(shmid, NULL, 0);
    if (text == (void *)-1)
        oops("shmat");

    char buffer[CHANNEL_CAPACITY]; /* with its newline, or one too many */
    size_t have = 0;
    int skipping = 0, status = EXIT_SUCCESS;
    for (;;) {
        sleep_for(0);
        ssize_t r = read(0, buffer + have, sizeof buffer - have);
        if (r < 0) {
            if (errno == EAGAIN || errno == EINTR)
                continue;
            oops("read");
        }
        if (r == 0)
            break;
        have += (size_t)r;
        char *start = buffer, *nl;
        while ((nl = memchr(start, '\n', have)) != NULL) {
            size_t size = (size_t)(nl - start);
            if (!skipping)
                send_text(start, size);
            skipping = 0;
            start = nl + 1;
            have -= size + 1;
        }
        memmove(buffer, start, have);
        if (have == sizeof buffer) {
            if (!skipping) {
                fprintf(stderr, "writer: a line has more than %d bytes: not sent\n", CHANNEL_CAPACITY - 1);
                status = EXIT_FAILURE;
            }
            skipping = 1;
        }
        if (skipping)
            have = 0;
    }
    if (have > 0 && !skipping)
        send_text(buffer, have);
    done(status);
}
