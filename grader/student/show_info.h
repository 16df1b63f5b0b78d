/* show_info.h - struct segment_info as one line of the lab shell. */
#ifndef SHMLAB_SHOW_INFO_H
#define SHMLAB_SHOW_INFO_H

#include "segment.h"

#include <stdbool.h>
#include <stddef.h>

/* The byte with which memory is filled before a call: what the student's function
 * does not write keeps it. */
#define UNTOUCHED 0xa5

/* Whether every byte has that value. */
bool is_untouched(const void *memory, size_t size);

/* Returns how many bytes were written, as snprintf does. */
int show_info(char *text, size_t size, const struct segment_info *info);

#endif
