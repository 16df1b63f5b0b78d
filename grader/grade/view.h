/* view.h - what a person sees of the results, on a terminal or in a file. */
#ifndef SHMLAB_VIEW_H
#define SHMLAB_VIEW_H

#include "build.h"
#include "labs.h"

#include <jansson.h>

/* One lab: a line for each check, the story of the first that failed (or of all),
 * points and leaked segments. */
void view_lab(const json_t *results, const struct lab *lab, bool all_stories,
              double seconds);

/* One line for a lab, for `make grade`. */
void view_line(const json_t *results, const struct lab *lab);

/* Why a lab was not checked; and the same as one line, for `make grade`. */
void view_not_built(const struct lab *lab, const struct build *build);
void view_line_not_built(const struct lab *lab, const struct build *build);
void view_warnings(const char *warnings);

/* Said once, where namespaces are refused. */
void view_shared_world(void);

/* The next hint for the first check that did not pass. */
void view_hint(const json_t *result, const struct lab *lab, int level);

#endif
