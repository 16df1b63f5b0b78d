/* history.h - what became of each segment, from look to look. */
#ifndef SHMLAB_HISTORY_H
#define SHMLAB_HISTORY_H

#include "moment.h"

/* How nattch was from a time on, in seconds; with a mark for what happened then. */
struct change {
    double at;
    unsigned long nattch;
    char mark; /* '+' created, 'D' marked dest, 'x' destroyed, or 0 */
};

/* One segment, also when it is gone. */
struct track {
    struct segment row; /* as it was seen last */
    unsigned key;       /* with which it was seen first: dest takes it away */
    bool gone;
    struct change *changes;
    size_t count;
};

/* Something that happened, in one sentence. */
struct event {
    double at;
    pid_t pid; /* who did it; 0 where that is not known */
    char text[160];
};

struct history {
    struct moment last;
    struct track *tracks;
    size_t track_count;
    struct event *events; /* oldest first */
    size_t event_count;
    size_t forgotten; /* events that had to make room */
};

/* A clock in seconds. */
double history_clock(void);

/* Whether the table differs from the last look: then it is worth to read all maps. */
bool history_is_stale(const struct history *history);

/* Takes a moment over, and compares it with the last one. */
void history_look(struct history *history, struct moment *now);
void history_free(struct history *history);

#endif
