/* check.h - one check: a promise, what it is worth, and the story that tries it.
 *
 *     CHECK(lab3, twice_counts_twice, 7,
 *           "Attaching twice in one process counts twice.",
 *           "First hint.", "Second hint, more telling.")
 *     {
 *         struct actor *a = student_shell('A');
 *         int id = given_segment(fresh_key(), 4096, 0600);
 *
 *         expect_address(ask(a, "attach %d", id));
 *         expect_address(ask(a, "attach %d", id));
 *         expect_nattch(id, 2);
 *     }
 *
 * Each check is a Criterion test, so it runs in a process of its own, and in an
 * IPC namespace of its own where the machine allows that (world.h).  The macro
 * also puts the check on the one list of checks, from which points, hints and
 * handouts are taken.
 *
 * An expectation that does not hold ends the check: it failed.  When the story
 * comes to its end, the student's processes are ended, and the check has passed
 * if none of them left a segment that nobody promised.
 */
#ifndef SHMLAB_CHECK_H
#define SHMLAB_CHECK_H

#include "actor.h"
#include "kernel.h"
#include "story.h"

#include <criterion/criterion.h>

/* The same objects make two programs: build/checks, under Criterion, and build/runner,
 * without that library (runner.c).  There these functions, which a Test calls, are not. */
#pragma weak criterion_internal_test_setup
#pragma weak criterion_internal_test_main
#pragma weak criterion_internal_test_teardown

/* How many elements an array has. */
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum verdict { VERDICT_PASSED, VERDICT_FAILED, VERDICT_UNCHECKED };

struct check {
    const char *lab;          /* "lab3" */
    const char *name;         /* "twice_counts_twice" */
    int points;               /* the points of a lab add up to 100 */
    const char *promise;      /* one whole sentence */
    const char *const *hints; /* the first is the least telling; NULL ends */
    void (*story)(void);
    int line; /* in the source: the order of the list */
};

/* Runs a check to its verdict: sends the record, then calls check_ended. */
void check_run(const struct check *check);

/* In the program under Criterion: tells it the verdict, and comes back only when the
 * check has passed.  In the other one: ends the process. */
void check_ended(enum verdict verdict, const char *expected, const char *seen);

/* A last resort only, in seconds, scaled as all deadlines are: every wait of a check has
 * its own. */
#define CHECK_TIMEOUT 120

#define CHECK(lab_, name_, points_, promise_, ...)                                     \
    static void story_of_##name_(void);                                                \
    static const char *const hints_of_##name_[] = {__VA_ARGS__, NULL};                 \
    static const struct check check_##name_ = {                                        \
        .lab = #lab_,                                                                  \
        .name = #name_,                                                                \
        .points = points_,                                                             \
        .promise = promise_,                                                           \
        .hints = hints_of_##name_,                                                     \
        .story = story_of_##name_,                                                     \
        .line = __LINE__,                                                              \
    };                                                                                 \
    __attribute__((used, section("shmlab_checks"))) static const struct check          \
        *const entry_of_##name_ = &check_##name_;                                      \
    Test(lab_, name_, .description = promise_)                                         \
    {                                                                                  \
        check_run(&check_##name_);                                                     \
    }                                                                                  \
    static void story_of_##name_(void)

/* The list of checks, in the order in which they stand in the source.  The caller
 * frees it. */
const struct check **check_list(size_t *count);

#endif
