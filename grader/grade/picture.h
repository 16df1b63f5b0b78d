/* picture.h - the pictures of the checks that failed, drawn by build/scope. */
#ifndef SHMLAB_PICTURE_H
#define SHMLAB_PICTURE_H

#include "labs.h"

#include <jansson.h>

/* Removes a lab's pictures: they are of an earlier run. */
void pictures_remove(const struct lab *lab);

/* Draws build/labN/CHECK.svg for each check that failed, from the results that were
 * kept, and says where they are. */
void pictures_draw(const json_t *results, const struct lab *lab);

#endif
