/* runner.c - the program that runs the checks of a class, where time counts:
 *
 *     runner JOBS LAB...    all checks of these labs ("lab1"), JOBS at a time
 *     runner JOBS           none: do the walls stand here?
 *
 * Criterion starts a program anew for each test, with 22 libraries, and this takes
 * longer than the test.  Here each check is a plain fork of a small program that is
 * linked statically.  The checks and their records are the same.
 */
#include "check.h"
#include "settings.h"
#include "walls.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_JOBS 64

/* A check that runs.  It has deadlines of its own; this one is for a broken check. */
static struct running {
    pid_t pid; /* 0: free */
    time_t until;
} running[MAX_JOBS];

void check_ended(enum verdict verdict, const char *expected, const char *seen)
{
    (void)verdict; /* the record tells it */
    (void)expected;
    (void)seen;
    _exit(EXIT_SUCCESS);
}

static time_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

static struct running *place_of(pid_t pid, int jobs)
{
    for (int i = 0; i < jobs; i++)
        if (running[i].pid == pid)
            return &running[i];
    return NULL;
}

static void start(struct running *place, const struct check *check)
{
    place->until = now() + (time_t)(CHECK_TIMEOUT * timeout_scale());
    place->pid = fork();
    if (place->pid == -1)
        place->pid = 0; /* it leaves no record, and so is "unchecked" */
    if (place->pid != 0)
        return;
    check_run(check);
}

/* Waits until a check has ended.  Returns false when none runs. */
static bool wait_for_one(int jobs)
{
    const struct timespec second = {1, 0};
    sigset_t child;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    for (;;) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid == -1)
            return false;
        struct running *place = pid > 0 ? place_of(pid, jobs) : NULL;
        if (place) {
            place->pid = 0;
            return true;
        }
        for (int i = 0; i < jobs; i++)
            if (running[i].pid > 0 && now() > running[i].until)
                kill(running[i].pid, SIGKILL);
        if (pid == 0)
            sigtimedwait(&child, NULL, &second);
    }
}

static bool is_among(const char *lab, char *const labs[])
{
    for (; *labs; labs++)
        if (strcmp(*labs, lab) == 0)
            return true;
    return false;
}

static void run(char *const labs[], int jobs)
{
    size_t count;
    const struct check **checks = check_list(&count);
    sigset_t child;

    if (jobs < 1 || jobs > MAX_JOBS)
        jobs = jobs < 1 ? 1 : MAX_JOBS;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    for (size_t i = 0; i < count; i++) {
        if (!is_among(checks[i]->lab, labs))
            continue;
        while (!place_of(0, jobs))
            wait_for_one(jobs);
        start(place_of(0, jobs), checks[i]);
    }
    while (wait_for_one(jobs))
        continue;
    free(checks);
}

static int try_walls(void)
{
    const char *reason = walls_wanted() ? walls_raise() : NULL;
    if (reason)
        fprintf(stderr, "%s\n", reason);
    walls_end();
    return reason ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
    if (argc == 2)
        return try_walls();
    if (argc > 2)
        run(argv + 2, (int)strtol(argv[1], NULL, 10));
    return argc > 2 ? EXIT_SUCCESS : EXIT_FAILURE;
}
