/* the writer; see reader.c. */
#include "channel.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

static sigjmp_buf interrupted;
static sigset_t deadly;
static volatile int id = -1, mine;
static int ready, taken;
static char *text;

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
    fprintf(stderr, "writer: %s: %s\n", what, strerror(e));
    return clean(1);
}

/* 0: the reader has gone */
static int heard(void)
{
    char c;
    ssize_t n;
    while ((n = read(taken, &c, 1)) == -1 && errno == EINTR)
        ;
    errno = EPIPE;
    return n == 1;
}

static int transfer(const char *line, size_t n)
{
    unsigned short length = (unsigned short)n;
    memcpy(text, line, n);
    ssize_t w;
    while ((w = write(ready, &length, sizeof length)) == -1 && errno == EINTR)
        ;
    return w != -1 && heard();
}

/* Bytes from standard input, without stdio: a jump may come at any time. */
static int next_byte(void)
{
    static unsigned char buffer[512];
    static ssize_t have, used;
    if (used == have) {
        used = 0;
        while ((have = read(0, buffer, sizeof buffer)) == -1 && errno == EINTR)
            ;
        if (have <= 0) {
            int answer = have == 0 ? -1 : -2;
            have = 0;
            return answer;
        }
    }
    return buffer[used++];
}

int main(int argc, char *argv[])
{
    struct stat s;
    if (argc != 2 || stat(argv[1], &s) == -1 || !S_ISDIR(s.st_mode)) {
        fprintf(stderr, "usage: writer DIR\n");
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
    mine = 1;
    key_t key = ftok(".", CHANNEL_PROJ_ID);
    if (key == -1)
        return complain("ftok");
    int both;
    do {
        if (mkfifo(CHANNEL_READY, 0600) == -1 && errno != EEXIST)
            return complain(CHANNEL_READY);
        if (mkfifo(CHANNEL_TAKEN, 0600) == -1 && errno != EEXIST)
            return complain(CHANNEL_TAKEN);
        both = open(CHANNEL_READY, O_RDWR);
    } while (both == -1 && errno == ENOENT);
    if (both == -1)
        return complain(CHANNEL_READY);
    id = shmget(key, CHANNEL_CAPACITY, IPC_CREAT | 0600);
    if (id == -1)
        return complain("shmget");
    text = shmat(id, NULL, 0);
    if (text == (void *)-1)
        return complain("shmat");
    sigprocmask(SIG_UNBLOCK, &deadly, NULL);

    taken = open(CHANNEL_TAKEN, O_RDONLY);
    if (taken == -1)
        return complain(CHANNEL_TAKEN);
    if (!heard())
        return complain("reader");
    ready = open(CHANNEL_READY, O_WRONLY);
    if (ready == -1)
        return complain(CHANNEL_READY);
    close(both);
    /* The reader attached before it said hello: both are attached. */
    shmctl(id, IPC_RMID, NULL);

    char line[CHANNEL_CAPACITY];
    size_t n = 0;
    int status = 0, c;
    while ((c = next_byte()) >= 0) {
        if (c == '\n') {
            if (n < sizeof line && !transfer(line, n))
                return complain("reader");
            n = 0;
        } else if (n < sizeof line - 1) {
            line[n++] = (char)c;
        } else if (n < sizeof line) {
            n++;
            status = 1;
            sigprocmask(SIG_BLOCK, &deadly, NULL);
            fprintf(stderr, "writer: too long\n");
            sigprocmask(SIG_UNBLOCK, &deadly, NULL);
        }
    }
    if (c == -2)
        return complain("standard input");
    if (n > 0 && n < sizeof line && !transfer(line, n))
        return complain("reader");
    return clean(status);
}
