/* stdio without any fflush; see reader.c. */
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

static volatile sig_atomic_t stop;
static int shm_id = -1, owner;
static FILE *ready, *taken;
static char *text;

static void on_signal(int sig)
{
    (void)sig;
    stop = 1;
    alarm(1);
}

static void remove_all(void)
{
    if (shm_id != -1)
        shmctl(shm_id, IPC_RMID, NULL);
    if (owner) {
        remove(CHANNEL_READY);
        remove(CHANNEL_TAKEN);
    }
}

static int sorry(const char *what)
{
    if (!stop)
        fprintf(stderr, "writer: %s: %s\n", what, strerror(errno));
    remove_all();
    return 1;
}

static int hear(const char *word)
{
    char answer[20];
    if (stop || fscanf(taken, "%19s", answer) != 1 || getc(taken) != '\n' || strcmp(answer, word) != 0) {
        if (!stop)
            fprintf(stderr, "writer: the reader says nothing any more\n");
        return 0;
    }
    return 1;
}

static int say(const char *line, size_t n)
{
    memcpy(text, line, n);
    if (fprintf(ready, "%zu\n", n) < 0) {
        if (!stop)
            fprintf(stderr, "writer: the reader does not listen any more\n");
        return 0;
    }
    return hear("taken");
}

int main(int argc, char *argv[])
{
    struct stat is;
    if (argc != 2 || stat(argv[1], &is) || !S_ISDIR(is.st_mode)) {
        fprintf(stderr, "Usage: writer DIR\n");
        return 2;
    }
    struct sigaction act = {.sa_handler = on_signal};
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGALRM, &act, NULL);
    act.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &act, NULL);
    if (chdir(argv[1]))
        return sorry(argv[1]);

    owner = 1;
    int both;
    do {
        if (mkfifo(CHANNEL_READY, 0600) && errno != EEXIST)
            return sorry(CHANNEL_READY);
        both = open(CHANNEL_READY, O_RDWR);
    } while (both == -1 && errno == ENOENT);
    if (both == -1)
        return sorry(CHANNEL_READY);
    if (mkfifo(CHANNEL_TAKEN, 0600) && errno != EEXIST)
        return sorry(CHANNEL_TAKEN);
    key_t key = ftok(".", CHANNEL_PROJ_ID);
    if (key == -1)
        return sorry("ftok");
    shm_id = shmget(key, CHANNEL_CAPACITY, IPC_CREAT | 0600);
    if (shm_id == -1)
        return sorry("shmget");
    text = shmat(shm_id, NULL, 0);
    if (text == (void *)-1)
        return sorry("shmat");
    if (stop)
        return sorry("");
    taken = fopen(CHANNEL_TAKEN, "r");
    if (!taken)
        return sorry(CHANNEL_TAKEN);
    int status = 1;
    if (!hear("hello"))
        goto out;
    ready = fopen(CHANNEL_READY, "w");
    if (!ready)
        return sorry(CHANNEL_READY);
    setvbuf(ready, NULL, _IONBF, 0);
    close(both);

    status = 0;
    char line[CHANNEL_CAPACITY];
    size_t n = 0;
    int too_long = 0, c;
    while (!stop && (c = getchar()) != EOF) {
        if (c != '\n') {
            if (n < CHANNEL_CAPACITY - 1)
                line[n++] = (char)c;
            else
                too_long = 1;
            continue;
        }
        if (too_long) {
            fprintf(stderr, "writer: too long, not sent: %.20s...\n", line);
            status = 1;
        } else if (!say(line, n)) {
            status = 1;
            goto out;
        }
        n = 0;
        too_long = 0;
    }
    if (stop || ferror(stdin)) {
        if (!stop)
            fprintf(stderr, "writer: standard input: %s\n", strerror(errno));
        status = 1;
    } else if (too_long) {
        fprintf(stderr, "writer: too long, not sent: %.20s...\n", line);
        status = 1;
    } else if (n > 0 && !say(line, n)) {
        status = 1;
    }
out:
    remove_all();
    return status;
}
