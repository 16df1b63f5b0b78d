/* submission.h - one submission, for the class grader: everything as one text of JSON.
 */
#ifndef SHMLAB_SUBMISSION_H
#define SHMLAB_SUBMISSION_H

#include "labs.h"

#include <stdbool.h>

/* Builds these labs and runs their checks.  Prints
 *
 *   {"shared": false,
 *    "labs": {"1": {"build": {"ok": true, "messages": "..."}, "checks": [...]}, ...}}
 *
 * with the results as results.h has them.  Returns false when nothing could be done. */
bool submission_tell(const struct lab *const *chosen, int count);

#endif
