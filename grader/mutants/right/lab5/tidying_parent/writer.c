/* parent and child, see reader.c. */
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
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int id = -1;
int both;
int ours = 0;
int child_process = 0;
int ready, taken;
char *text;
char line[CHANNEL_CAPACITY];

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

void gone(void)
{
    fprintf(stderr, "the reader is gone\n");
    finish(1);
}

void my_turn(void)
{
    char c;
    long n;
    while ((n = read(taken, &c, 1)) == -1 && errno == EINTR)
        ;
    if (n == -1)
        fail("read");
    if (n == 0)
        gone();
}

void send_line(int n)
{
    line[n] = '\0';
    strcpy(text, line);
    while (write(ready, "r", 1) == -1) {
        if (errno == EPIPE)
            gone();
        if (errno != EINTR)
            fail("write");
    }
    my_turn();
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
    close(both);
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
    int n, c, status;
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

    ours = 1;
    do {
        if (mkfifo(CHANNEL_READY, 0600) == -1 && errno != EEXIST)
            fail(CHANNEL_READY);
        if (mkfifo(CHANNEL_TAKEN, 0600) == -1 && errno != EEXIST)
            fail(CHANNEL_TAKEN);
        both = open(CHANNEL_READY, O_RDWR);
    } while (both == -1 && errno == ENOENT);
    if (both == -1)
        fail(CHANNEL_READY);
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

    while ((taken = open(CHANNEL_TAKEN, O_RDONLY)) == -1 && errno == EINTR)
        ;
    if (taken == -1) {
        if (errno == ENOENT)
            gone();
        fail(CHANNEL_TAKEN);
    }
    my_turn();
    ready = open(CHANNEL_READY, O_WRONLY);
    if (ready == -1) {
        if (errno == ENOENT)
            gone();
        fail(CHANNEL_READY);
    }
    close(both);

    status = 0;
    n = 0;
    while ((c = getchar()) != EOF) {
        if (c == '\n') {
            if (n >= CHANNEL_CAPACITY) {
                fprintf(stderr, "line too long\n");
                status = 1;
            } else
                send_line(n);
            n = 0;
        } else {
            if (n < CHANNEL_CAPACITY - 1)
                line[n] = (char)c;
            if (n < CHANNEL_CAPACITY)
                n++;
        }
    }
    if (ferror(stdin))
        fail("stdin");
    if (n >= CHANNEL_CAPACITY) {
        fprintf(stderr, "line too long\n");
        status = 1;
    } else if (n > 0)
        send_line(n);
    finish(status);
    return 0;
}
