/* check.c - the list of checks, and how one of them runs. */
#include "check.h"

#include "settings.h"
#include "walls.h"
#include "world.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
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
