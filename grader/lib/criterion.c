/* criterion.c - the program that runs the checks under Criterion. */
#include "check.h"
#include "record.h"
#include "settings.h"
#include "world.h"

#include <criterion/options.h>
#include <dlfcn.h>
#include <jansson.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Checks change their working directory: paths must not depend on it. */
static void make_absolute(const char *variable, const char *path)
{
    char *absolute = realpath(path, NULL);
    if (absolute)
        setenv(variable, absolute, 1);
    free(absolute);
}

/* A shared world, and no grade program that made a directory and clears it: the checks'
 * own has a name that the grade program knows, and clears at its next run
 * (grade/scratch.c). */
static void make_scratch(void)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/scratch-%d", programs_directory(), (int)getpid());
    if (mkdir(path, 0777) == -1)
        return;
    setenv("SHMLAB_SCRATCH", path, 1);
    strncat(path, "/checks-pid", sizeof path - strlen(path) - 1);
    FILE *file = fopen(path, "we");
    if (file) {
        fprintf(file, "%d\n", (int)getpid());
        fclose(file);
    }
}

/* Prints the list of checks as JSON: {"checks": [{"lab", "name", "points",
 * "promise", "hints"}, ...]}. */
static int describe(void)
{
    size_t count;
    const struct check **checks = check_list(&count);
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *hints = json_array();
        for (const char *const *hint = checks[i]->hints; *hint; hint++)
            json_array_append_new(hints, json_string(*hint));
        json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:s, s:o}", "lab",
                                              checks[i]->lab, "name", checks[i]->name,
                                              "points", checks[i]->points, "promise",
                                              checks[i]->promise, "hints", hints));
    }
    json_t *object = json_pack("{s:o}", "checks", list);
    int result = json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
    free(checks);
    return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

extern struct criterion_test *__start_cr_tst[], *__stop_cr_tst[];

static size_t test_count(void)
{
    const uintptr_t first = (uintptr_t)__start_cr_tst, end = (uintptr_t)__stop_cr_tst;
    return (end - first) / sizeof *__start_cr_tst;
}

/* Where Criterion cannot start a test it calls kill(-1, SIGKILL), with the -1 of its failed
 * fork: in a shared world that would end every process of this user.  A definition in the
 * program stands before the one of the C library, for libraries, too.  The run ends here:
 * the checks without a record could not be checked. */
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
int kill(pid_t pid, int signal)
{
    static const char reason[] = "No more processes can be started (see ulimit -u).\n";
    if (pid == -1) {
        (void)!write(STDERR_FILENO, reason, sizeof reason - 1);
        _exit(EXIT_FAILURE);
    }
    return (int)syscall(SYS_kill, pid, signal);
}

/* The workers that were started, one for each test.  Criterion forks in one thread and
 * waits in another one: the lock keeps a worker from being seen before it is noted. */
static struct {
    pthread_mutex_t lock;
    pid_t pids[1024];
    size_t count;
} workers = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool is_worker(pid_t pid)
{
    pthread_mutex_lock(&workers.lock);
    bool found = workers.count == COUNT(workers.pids); /* nobody knows any more */
    for (size_t i = 0; i < workers.count && !found; i++)
        found = workers.pids[i] == pid;
    pthread_mutex_unlock(&workers.lock);
    return found;
}

pid_t fork(void)
{
    pid_t (*libc_fork)(void);
    *(void **)&libc_fork = dlsym(RTLD_NEXT, "fork"); /* the way of dlsym(3posix) */
    pthread_mutex_lock(&workers.lock);
    pid_t pid = libc_fork();
    if (pid > 0 && workers.count < COUNT(workers.pids))
        workers.pids[workers.count++] = pid;
    pthread_mutex_unlock(
        &workers.lock); /* the child has a lock of its own, taken as well */
    return pid;
}

/* Criterion looks for any child that has ended, and leaves one that it does not know where
 * it is: it then sees that one again and again, and no other.  In a PID namespace this
 * process is the first one, which inherits the actors of a check that was killed. */
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
    for (;;) {
        int result = (int)syscall(SYS_waitid, type, id, info, options, NULL);
        if (result != 0 || type != P_ALL || !(options & WNOWAIT) || info->si_pid == 0 ||
            is_worker(info->si_pid))
            return result;
        syscall(SYS_waitid, P_PID, info->si_pid, NULL, WEXITED | WNOHANG, NULL);
    }
}

/* Criterion keeps its tests in order of their names, so a random number before each
 * name gives a random order.  The records have the name of the CHECK. */
static void shuffle(const char *seed)
{
    srandom((unsigned)strtoul(seed, NULL, 10));
    for (size_t i = 0; i < test_count(); i++) {
        struct criterion_test *test = __start_cr_tst[i];
        char *name;
        if (asprintf(&name, "%010ld_%s", random(), test->name) == -1)
            abort();
        test->name = name;
    }
}

void check_ended(enum verdict verdict, const char *expected, const char *seen)
{
    if (verdict == VERDICT_FAILED)
        cr_assert_fail("Expected: %s  Seen: %s", record_safe(expected),
                       record_safe(seen));
    if (verdict == VERDICT_UNCHECKED)
        cr_skip_test("%s %s", record_safe(expected), record_safe(seen));
}

int main(int argc, char *argv[])
{
    if (argc == 2 && strcmp(argv[1], "--describe") == 0)
        return describe();
    make_absolute("SHMLAB_PROGRAMS", programs_directory());
    if (getenv("SHMLAB_SCRATCH"))
        make_absolute("SHMLAB_SCRATCH", world_scratch());
    world_enter(argv);
    if (!world_is_private() && !getenv("SHMLAB_SCRATCH"))
        make_scratch();
    const char *order = getenv("SHMLAB_ORDER");
    if (order)
        shuffle(order);

    struct criterion_test_set *tests = criterion_initialize();
    int result = EXIT_SUCCESS;
    if (criterion_handle_args(argc, argv, true)) {
        /* Without namespaces the checks share one table: one after the other. */
        if (!world_is_private())
            criterion_options.jobs = 1;
        result = criterion_run_all_tests(tests) ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    criterion_finalize(tests);
    return result;
}
