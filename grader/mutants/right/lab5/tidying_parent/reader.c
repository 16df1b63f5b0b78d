/* two processes. The parent makes everything, then waits with sigwaitinfo() for
 * a signal or its child's end, and tidies up. The child does blocking calls. */
#include "channel.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int id = -1;
int taken;
int ours = 0;
int child_process = 0;

void tidy(void)
{
    if (id != -1)
        shmctl(id, IPC_RMID, 0);
    if (ours) {
        unlink(CHANNEL_READY);
        unlink(CHANNEL_TAKEN);
    }
}

void finish(int status)
{
    if (child_process) { /* the parent tidies up */
        fflush(stdout);
        _exit(status);
    }
    tidy();
    exit(status);
}

void fail(char *what)
{
    perror(what);
    finish(1);
}

/* Returns in the child only. */
void split(void)
{
    sigset_t s, d;
    int status;
    pid_t parent = getpid(), child;
    sigemptyset(&s);
    sigaddset(&s, SIGINT);
    sigaddset(&s, SIGTERM);
    sigaddset(&s, SIGCHLD);
    sigprocmask(SIG_BLOCK, &s, 0);
    child = fork();
    if (child == -1)
        fail("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        child_process = 1;
        sigemptyset(&d);
        sigprocmask(SIG_SETMASK, &d, 0);
        signal(SIGINT, SIG_IGN);
        signal(SIGTERM, SIG_IGN);
        return;
    }
    close(taken);
    for (;;) {
        int sig = sigwaitinfo(&s, 0);
        if (sig == SIGINT || sig == SIGTERM) {
            kill(child, SIGKILL);
            while (waitpid(child, &status, 0) == -1 && errno == EINTR)
                ;
            finish(1);
        }
        if (sig == SIGCHLD && waitpid(child, &status, WNOHANG) == child)
            finish(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    }
}

int main(int argc, char **argv)
{
    int dir, ready;
    char *text;
    char c;
    long n;
    key_t key;
    sigset_t s;

    if (argc != 2 || chdir(argv[1]) != 0) {
        fprintf(stderr, "usage: %s DIR\n", argv[0]);
        return 2;
    }
    sigemptyset(&s);
    sigaddset(&s, SIGINT);
    sigaddset(&s, SIGTERM);
    sigprocmask(SIG_BLOCK, &s, 0);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);

    dir = open(".", O_RDONLY);
    if (dir == -1)
        fail("directory");
    if (flock(dir, LOCK_EX | LOCK_NB) == -1) {
        fprintf(stderr, "%s: another reader is here already\n", argv[0]);
        return 1;
    }
    ours = 1;
    do {
        if (mkfifo(CHANNEL_READY, 0600) == -1 && errno != EEXIST)
            fail(CHANNEL_READY);
        if (mkfifo(CHANNEL_TAKEN, 0600) == -1 && errno != EEXIST)
            fail(CHANNEL_TAKEN);
        taken = open(CHANNEL_TAKEN, O_RDWR);
    } while (taken == -1 && errno == ENOENT);
    if (taken == -1)
        fail(CHANNEL_TAKEN);
    key = ftok(".", CHANNEL_PROJ_ID);
    if (key == -1)
        fail("ftok");
    id = shmget(key, CHANNEL_CAPACITY, IPC_CREAT | 0600);
    if (id == -1)
        fail("shmget");
    text = shmat(id, 0, 0);
    if (text == (char *)-1)
        fail("shmat");
    split();

    while ((ready = open(CHANNEL_READY, O_RDONLY)) == -1 && errno == EINTR)
        ;
    if (ready == -1) {
        if (errno == ENOENT) /* the writer came, and has gone */
            finish(0);
        fail(CHANNEL_READY);
    }
    while (write(taken, "h", 1) == -1)
        if (errno != EINTR)
            fail("write");
    for (;;) {
        n = read(ready, &c, 1);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            fail("read");
        if (n == 0)
            break;
        printf("%s\n", text);
        if (fflush(stdout) == EOF)
            fail("stdout");
        while (write(taken, "t", 1) == -1)
            if (errno != EINTR)
                fail("write");
    }
    finish(0);
    return 0;
}
