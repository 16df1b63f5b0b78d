/* text.h - small texts that the table, the pictures and the live view share. */
#ifndef SHMLAB_TEXT_H
#define SHMLAB_TEXT_H

#include "moment.h"

#include <stddef.h>

/* A copy in which bytes that are no printable ASCII are '?': names of processes may
 * hold escape sequences. */
void text_printable(const char *from, char *to, size_t size);

const char *access_word(enum access access);     /* "read/write" ... */
const char *access_short(enum access access);    /* "rw", "ro" ... */
const char *status_word(const struct segment *); /* "", "dest", "locked" ... */

/* The name of a user, or the number where there is none. */
void user_name(uid_t uid, char *name, size_t size);

#endif
