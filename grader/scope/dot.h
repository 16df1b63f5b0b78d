/* dot.h - a moment as a picture: processes, segments, and who has what attached. */
#ifndef SHMLAB_DOT_H
#define SHMLAB_DOT_H

#include "moment.h"

#include <stdio.h>

void dot_of_moment(const struct moment *moment, FILE *out);

/* The same in sentences, for those who do not see the picture. */
void describe_moment(const struct moment *moment, FILE *out);

#endif
