/* recording.h - a run while it is recorded, and the file that it goes to. */
#ifndef SHMLAB_RECORDING_H
#define SHMLAB_RECORDING_H

#include "moment.h"

#include <jansson.h>
#include <stdio.h>

struct recording {
    FILE *file;
    json_t *steps;
    json_t *titles; /* "4711": "plain 4711": a process keeps its title over an exec */
    struct segment_table last;
    char *title;
};

/* Opens the file first, so that no run is lost to a wrong name.  Returns false after a
 * message on standard error. */
bool recording_begin(struct recording *recording, const char *path, const char *title);

/* The title of a process: "plain 4711". */
const char *recording_title(struct recording *recording, pid_t pid);

/* What was seen of a process: a sentence, or a call (the other is NULL).  pid 0: of
 * nobody.  `after` is how it stood then, or NULL for no change.  Takes the call. */
void recording_step(struct recording *recording, pid_t pid, const char *line,
                    json_t *call, const struct moment *after, bool ended);

/* Writes the file.  Returns false after a message on standard error. */
bool recording_end(struct recording *recording);

#endif
