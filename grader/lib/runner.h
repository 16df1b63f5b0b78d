/* runner.h - runs checks without Criterion: for a class, where time counts.
 *
 * Criterion starts a program anew for each test, and this takes five times as long as
 * the test.  Here each check is a plain fork.  The checks and their records are the
 * same.
 */
#ifndef SHMLAB_RUNNER_H
#define SHMLAB_RUNNER_H

#include <stdbool.h>

/* Runs all checks of these labs ("lab1", ..., NULL ends), `jobs` at a time. */
void runner_run(char *const labs[], int jobs);

/* Whether this check was started by the runner: then it ends with _exit. */
bool runner_runs(void);

#endif
