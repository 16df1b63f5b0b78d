/* main.c - the program behind the Makefile: builds, checks, shows. */
#include "../lib/capabilities.h"
#include "build.h"
#include "labs.h"
#include "picture.h"
#include "process.h"
#include "results.h"
#include "sandbox.h"
#include "scratch.h"
#include "submission.h"
#include "sweep.h"
#include "view.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The exit status tells a script what happened. */
enum { ALL_PASSED = 0, SOME_FAILED = 1, USAGE = 2, SOME_UNCHECKED = 3 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static const struct lab *lab_or_exit(const char *text)
{
    const struct lab *lab = lab_named(text);
    if (!lab) {
        if (*text)
            fprintf(stderr, "There is no lab '%s'. ", text);
        else
            fputs("Which lab? ", stderr);
        fprintf(stderr, "The labs are 1 to %d: `make lab3`, `make hint LAB=3`.\n",
                LAB_COUNT);
        exit(USAGE);
    }
    return lab;
}

static int status_of(struct score score)
{
    if (score.failed > 0)
        return SOME_FAILED;
    return score.unchecked > 0 ? SOME_UNCHECKED : ALL_PASSED;
}

/* `make lab3` */
static int check_one(const struct lab *lab)
{
    struct build build;
    bool shared;
    double start = now();

    build_labs(&lab, 1, &build);
    if (build.result != BUILT) {
        view_not_built(lab, &build);
        return build.result == NOT_BUILT ? SOME_UNCHECKED : SOME_FAILED;
    }
    json_t *results = results_of_run(&lab, 1, &shared);
    results_keep(results, lab);
    pictures_remove(lab);
    view_warnings(build.warnings);
    view_lab(results, lab, getenv("ALL") != NULL, now() - start);
    if (getenv("PICTURE"))
        pictures_draw(results, lab);
    if (shared)
        view_shared_world();
    int status = status_of(results_score(results, lab));
    json_decref(results);
    return status;
}

/* `make grade` */
static int check_all(void)
{
    const struct lab *labs[LAB_COUNT], *checked[LAB_COUNT];
    struct build builds[LAB_COUNT];
    int count = 0, total = 0, status = ALL_PASSED;
    bool shared = false;

    for (int i = 0; i < LAB_COUNT; i++)
        labs[i] = &all_labs[i];
    build_labs(labs, LAB_COUNT, builds);
    for (int i = 0; i < LAB_COUNT; i++)
        if (builds[i].result == BUILT)
            checked[count++] = labs[i];
    json_t *results =
        count > 0 ? results_of_run(checked, count, &shared) : json_array();
    for (int i = 0; i < LAB_COUNT; i++) {
        if (builds[i].result != BUILT) {
            view_line_not_built(&all_labs[i], &builds[i]);
            if (builds[i].result != NOT_BUILT)
                status = SOME_FAILED;
            else if (status == ALL_PASSED)
                status = SOME_UNCHECKED;
            continue;
        }
        struct score score = results_score(results, &all_labs[i]);
        results_keep(results, &all_labs[i]);
        view_line(results, &all_labs[i]);
        total += score.points;
        if (status != SOME_FAILED && status_of(score) != ALL_PASSED)
            status = status_of(score);
    }
    if (shared)
        view_shared_world();
    json_decref(results);
    printf("total %d/%d\n", total, 100 * LAB_COUNT);
    return status;
}

/* `make hint LAB=3`: one more hint at each call, for the same open check.  The first one
 * was told with the story. */
static int hint(const struct lab *lab)
{
    const char *path = path_of("%s/lab%d/hint", build_directory(), lab->number);
    char name[128] = "";
    int level = 0;

    json_t *results = results_kept(lab);
    if (!results) {
        printf("Type `make lab%d` first: the hint is for the first check that fails.\n",
               lab->number);
        return SOME_FAILED;
    }
    if (results_are_old(lab)) {
        printf("Your file has changed since the last check. Type `make lab%d` first.\n",
               lab->number);
        json_decref(results);
        return SOME_FAILED;
    }
    const json_t *result = results_first_open(results, lab);
    if (!result) {
        printf("All checks of lab %d passed: there is nothing to hint at.\n",
               lab->number);
        json_decref(results);
        return ALL_PASSED;
    }
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%127s %d", name, &level) != 2)
        level = 0;
    if (file)
        fclose(file);
    int last = (int)json_array_size(json_object_get(result, "hints")) - 1;
    level = strcmp(name, result_text(result, "name")) == 0 ? level + 1 : 1;
    if (level > last)
        level = last;
    file = fopen(path, "we");
    if (file) {
        fprintf(file, "%s %d\n", result_text(result, "name"), level);
        fclose(file);
    }
    view_hint(result, lab, level);
    json_decref(results);
    return ALL_PASSED;
}

/* `make shell LAB=3` */
static int shell(const struct lab *lab)
{
    struct build build;
    if (lab_has_shell(lab))
        build_shell(lab, &build);
    else
        build_labs(&lab, 1, &build);
    if (build.result != BUILT)
        view_not_built(lab, &build);
    if (!lab_has_shell(lab)) {
        printf("Lab %d has two programs and no shell. In one terminal type\n"
               "  mkdir -p /tmp/channel && build/lab%d/reader /tmp/channel\n"
               "and in another\n"
               "  build/lab%d/writer /tmp/channel\n",
               lab->number, lab->number, lab->number);
        return build.result == BUILT ? ALL_PASSED : SOME_FAILED;
    }
    if (build.result != BUILT)
        return SOME_FAILED;
    const char *path = path_of("%s/lab%d/shell", build_directory(), lab->number);
    /* Root's shell is refused what an ordinary user's is refused, as in the checks: else
     * a story about EACCES could not be typed. */
    drop_capabilities();
    execl(path, path, (char *)NULL);
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return SOME_FAILED;
}

/* `shmlab build 1 3`, and `shmlab submission 1 3`: for the class grader. */
static int for_class(const char *command, char *const numbers[])
{
    const struct lab *chosen[LAB_COUNT];
    int count = 0;

    for (; *numbers && count < LAB_COUNT; numbers++)
        chosen[count++] = lab_or_exit(*numbers);
    if (strcmp(command, "build") == 0) {
        build_and_tell(chosen, count);
        return ALL_PASSED;
    }
    /* The one who wants to know may be killed: then nobody does any more. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return submission_tell(chosen, count) ? ALL_PASSED : SOME_FAILED;
}

/* `shmlab sandbox`: can submissions be compiled and checked in one here?  The last line
 * of what bwrap said is the answer, where they cannot. */
static int try_sandbox(void)
{
    const char *output;
    if (run_limited(sandbox_to_build(NULL, 0), &output) == 0 &&
        run_collecting(sandbox_to_check(NULL, 0), &output) == 0)
        return ALL_PASSED;
    fputs(*output ? output : "bwrap cannot be started.\n", stdout);
    return SOME_FAILED;
}

static int usage(void)
{
    fputs("usage: shmlab lab N | grade | hint N | shell N | files N | sweep\n"
          "       shmlab build N... | submission N... | sandbox\n"
          "The Makefile calls it; type `make`.\n",
          stderr);
    return USAGE;
}

/* `shmlab files 3`: the student's files of a lab, one a line, for scripts. */
static int list_files(const struct lab *lab)
{
    for (int i = 0; i < LAB_FILES && lab->files[i]; i++)
        printf("%s/%s\n", lab->directory, lab->files[i]);
    return ALL_PASSED;
}

int main(int argc, char *argv[])
{
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    const char *command = argc > 1 ? argv[1] : "";
    if (argc == 2 && strcmp(command, "grade") == 0)
        return check_all();
    if (argc == 2 && strcmp(command, "sweep") == 0) {
        scratch_clear_others();
        return sweep(true);
    }
    if (argc == 2 && strcmp(command, "sandbox") == 0)
        return try_sandbox();
    if (strcmp(command, "build") == 0 || strcmp(command, "submission") == 0)
        return for_class(command, argv + 2);
    if (argc != 3)
        return usage();
    const struct lab *lab = lab_or_exit(argv[2]);
    if (strcmp(command, "lab") == 0)
        return check_one(lab);
    if (strcmp(command, "hint") == 0)
        return hint(lab);
    if (strcmp(command, "shell") == 0)
        return shell(lab);
    if (strcmp(command, "files") == 0)
        return list_files(lab);
    return usage();
}
