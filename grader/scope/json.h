/* json.h - a moment as JSON; scope(1) documents the fields. */
#ifndef SHMLAB_JSON_H
#define SHMLAB_JSON_H

#include "moment.h"

#include <jansson.h>

json_t *json_of_moment(const struct moment *moment);

#endif
