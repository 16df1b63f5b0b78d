/* results.h - the verdicts of one run: the list of checks joined with the records
 * that the checks sent.
 *
 * A result is a JSON object: what build/checks.json tells of the check (lab, name,
 * points, promise, hints), and what its record tells (record.h).  A check that left
 * no record is "unchecked", with the reason: never passed, never silently failed.
 */
#ifndef SHMLAB_RESULTS_H
#define SHMLAB_RESULTS_H

#include "labs.h"

#include <jansson.h>

struct score {
    int points, possible; /* `possible` is 100 for a lab */
    int passed, failed, unchecked;
    int unchecked_points;
    int leaks;
};

/* Runs the checks of these labs.  Returns an array of results in the order of the
 * list, of all checks of all labs; those of other labs are left out.  `*shared` is
 * set when the checks ran without namespaces. */
json_t *results_of_run(const struct lab *const *chosen, int count, bool *shared);

/* Results for a lab whose program could not be built: all unchecked. */
json_t *results_not_built(const struct lab *lab);

/* Whether a result belongs to this lab. */
bool results_is_of_lab(const json_t *result, const struct lab *lab);

struct score results_score(const json_t *results, const struct lab *lab);

/* The first result of a lab that did not pass, failed ones first; NULL for none. */
json_t *results_first_open(const json_t *results, const struct lab *lab);

/* Keeps a lab's results for `make hint`, and reads them again (NULL: none). */
void results_keep(const json_t *results, const struct lab *lab);
json_t *results_kept(const struct lab *lab);

/* Whether a file of the lab was written after its results were kept. */
bool results_are_old(const struct lab *lab);

/* A text of a result, or "". */
const char *result_text(const json_t *result, const char *name);
bool result_is(const json_t *result, const char *verdict);

#endif
