/* process.c - runs another program, and takes what it prints. */
#include "process.h"

#include "labs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX 262144

/* Reads to the end; keeps the first OUTPUT_MAX bytes. */
static const char *take_all(int fd)
{
    static char spill[65536];
    char *text = malloc(OUTPUT_MAX + 1);
    size_t length = 0;
    ssize_t count;

    if (!text)
        abort();
    for (;;) {
        size_t room = OUTPUT_MAX - length;
        count = read(fd, room ? text + length : spill, room ? room : sizeof spill);
        if (count == -1 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        length += room ? (size_t)count : 0;
    }
    text[length] = '\0';
    return keep_text(text);
}

static void limit(__rlimit_resource_t resource, rlim_t value)
{
    const struct rlimit limits = {value, value};
    setrlimit(resource, &limits);
}

static void no_limits(void)
{
}

/* A file of this course takes a compiler 0.03 seconds and 40 MiB. */
static void compiler_limits(void)
{
    limit(RLIMIT_CPU, 10);
    limit(RLIMIT_AS, (rlim_t)2 << 30);
    limit(RLIMIT_FSIZE, (rlim_t)64 << 20);
    limit(RLIMIT_CORE, 0);
}

static int run_with(char *const arguments[], const char **output, void (*set)(void))
{
    int pipes[2], status;

    *output = "";
    if (pipe2(pipes, O_CLOEXEC) == -1)
        return -1;
    pid_t pid = fork();
    const int error = errno;
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int empty = open("/dev/null", O_RDONLY);
        dup2(empty, STDIN_FILENO);
        dup2(pipes[1], STDOUT_FILENO);
        dup2(pipes[1], STDERR_FILENO);
        set();
        execvp(arguments[0], arguments);
        _exit(127);
    }
    close(pipes[1]);
    if (pid != -1)
        *output = take_all(pipes[0]);
    close(pipes[0]);
    while (pid != -1 && waitpid(pid, &status, 0) == -1)
        if (errno != EINTR)
            return 127;
    if (pid == -1) {
        errno = error;
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run_collecting(char *const arguments[], const char **output)
{
    return run_with(arguments, output, no_limits);
}

int run_limited(char *const arguments[], const char **output)
{
    return run_with(arguments, output, compiler_limits);
}
