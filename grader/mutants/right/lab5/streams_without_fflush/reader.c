/* stdio without any fflush (setvbuf).  A signal sets a flag, and alarm() rings again each second until
 * somebody has looked: a signal between test and wait is not lost, only late. */
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
        fprintf(stderr, "reader: %s: %s\n", what, strerror(errno));
    remove_all();
    return 1;
}

int main(int argc, char *argv[])
{
    struct stat is;
    if (argc != 2 || stat(argv[1], &is) || !S_ISDIR(is.st_mode)) {
        fprintf(stderr, "Usage: reader DIR\n");
        return 2;
    }
    struct sigaction act = {.sa_handler = on_signal}; /* no SA_RESTART */
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGALRM, &act, NULL);
    act.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &act, NULL);
    if (chdir(argv[1]))
        return sorry(argv[1]);

    int fd;
    for (;;) {
        if (mkfifo(CHANNEL_TAKEN, 0600) && errno != EEXIST)
            return sorry(CHANNEL_TAKEN);
        fd = open(CHANNEL_TAKEN, O_RDWR);
        if (fd == -1 && errno == ENOENT)
            continue;
        if (fd == -1)
            return sorry(CHANNEL_TAKEN);
        if (lockf(fd, F_TLOCK, 0)) {
            fprintf(stderr, "reader: not alone (%s)\n", strerror(errno));
            return 1;
        }
        break;
    }
    owner = 1;
    FILE *taken = fdopen(fd, "w");
    if (!taken)
        return sorry(CHANNEL_TAKEN);
    setvbuf(taken, NULL, _IONBF, 0);
    if (mkfifo(CHANNEL_READY, 0600) && errno != EEXIST)
        return sorry(CHANNEL_READY);
    key_t key = ftok(".", CHANNEL_PROJ_ID);
    if (key == -1)
        return sorry("ftok");
    shm_id = shmget(key, CHANNEL_CAPACITY, IPC_CREAT | 0600);
    if (shm_id == -1)
        return sorry("shmget");
    char *text = shmat(shm_id, NULL, 0);
    if (text == (void *)-1)
        return sorry("shmat");
    if (stop)
        return sorry("");
    FILE *ready = fopen(CHANNEL_READY, "r");
    if (!ready) {
        if (errno == ENOENT && !stop) { /* a writer was there, and has gone */
            remove_all();
            return 0;
        }
        return sorry(CHANNEL_READY);
    }
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    if (fputs("hello\n", taken) == EOF)
        return sorry(CHANNEL_TAKEN);
    int length;
    while (!stop && fscanf(ready, "%d", &length) == 1 && getc(ready) == '\n') {
        if (fwrite(text, 1, (size_t)length, stdout) != (size_t)length || putchar('\n') == EOF)
            return sorry("stdout");
        if (fputs("taken\n", taken) == EOF)
            return sorry(CHANNEL_TAKEN);
    }
    if (ferror(ready))
        return sorry(CHANNEL_READY);
    remove_all();
    return 0;
}
