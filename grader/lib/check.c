/* check.c - the list of checks, and the program that runs them under Criterion. */
#include "check.h"

#include "runner.h"
#include "settings.h"
#include "walls.h"
#include "world.h"

#include <criterion/options.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

/* The linker gathers the entries of all CHECKs between these two. */
extern const struct check *const __start_shmlab_checks[];
extern const struct check *const __stop_shmlab_checks[];

double timeout_scale(void)
{
    const char *text = getenv("GRADER_TIMEOUT_SCALE");
    double scale = text ? strtod(text, NULL) : 1;
    return scale > 0 ? scale : 1;
}

const char *programs_directory(void)
{
    const char *text = getenv("SHMLAB_PROGRAMS");
    return text ? text : "build";
}

/* Every check has an empty working directory of its own. */
static void enter_scratch(void)
{
    char path[256];
    snprintf(path, sizeof path, "%s/check-XXXXXX", world_scratch());
    if (!mkdtemp(path) || chmod(path, 0755) == -1 || chdir(path) == -1)
        cannot_check("The grader cannot make a directory for the check.",
                     "Free some space, and make sure that you may write to the build "
                     "directory.");
}

/* Ends this process, and with it the check, without a record.  Criterion's own time-outs
 * follow the wall clock, which may jump; this timer does not. */
static void start_last_resort(void)
{
    const double seconds = CHECK_TIMEOUT * timeout_scale();
    const struct itimerval limit = {
        .it_value = {(time_t)seconds,
                     (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6)}};
    signal(SIGALRM, SIG_DFL);
    setitimer(ITIMER_REAL, &limit, NULL);
}

void check_run(const struct check *check)
{
    start_last_resort();
    /* Criterion may be killed: then this process dies, and its actors with it.
     * What an actor leaves running becomes a child of this process. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    const char *no_walls = walls_wanted() ? walls_raise() : NULL;
    bool private_world = walls_stand() || world_enter_ipc();
    story_begin(check, private_world);
    if (no_walls)
        cannot_check(no_walls, "Namespaces inside of the sandbox are needed for this.");
    enter_scratch();
    check->story();
    story_end();
}

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

/* In the order of the source; the linker keeps none. */
static int by_place(const void *one, const void *other)
{
    const struct check *a = *(const struct check *const *)one;
    const struct check *b = *(const struct check *const *)other;
    int labs = strcmp(a->lab, b->lab);
    return labs != 0 ? labs : a->line - b->line;
}

const struct check **check_list(size_t *count)
{
    uintptr_t start = (uintptr_t)__start_shmlab_checks;
    *count = ((uintptr_t)__stop_shmlab_checks - start) / sizeof(struct check *);
    const struct check **list = malloc(*count * sizeof *list);
    if (!list)
        abort();
    memcpy(list, __start_shmlab_checks, *count * sizeof *list);
    qsort(list, *count, sizeof *list, by_place);
    return list;
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
    const uintptr_t start = (uintptr_t)__start_cr_tst, stop = (uintptr_t)__stop_cr_tst;
    return (stop - start) / sizeof *__start_cr_tst;
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

/* checks --run JOBS, with no lab: do the walls stand here? */
static int try_walls(void)
{
    const char *reason = walls_wanted() ? walls_raise() : NULL;
    if (reason)
        fprintf(stderr, "%s\n", reason);
    walls_end();
    return reason ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* checks --run JOBS LAB...: without Criterion. */
static int run_plainly(char *argv[])
{
    runner_run(argv + 3, (int)strtol(argv[2], NULL, 10));
    return EXIT_SUCCESS;
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
    if (argc == 3 && strcmp(argv[1], "--run") == 0)
        return try_walls();
    if (argc > 3 && strcmp(argv[1], "--run") == 0)
        return run_plainly(argv);
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
