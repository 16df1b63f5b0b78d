/* rest.h - whether processes are at rest, found out without waiting for a clock.
 *
 * A process is at rest when it is blocked in a call that has no time-out (or a long
 * one), when the check has stopped it, and when it has ended.  Its threads, its children
 * and the orphans of its session count as parts of it.  One that somebody else has
 * stopped is on its way: whoever did that will continue it.
 *
 * Several processes are at rest when there was one moment at which all of them were:
 * then none of them can wake another, and nothing moves before somebody else acts.
 * One that goes on and on, asleep and awake in turns or on a CPU all the time, never
 * comes to rest: it polls.
 */
#ifndef SHMLAB_REST_H
#define SHMLAB_REST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What was seen of a process so far.  The caller sets `pid`, `stopped` and `strict`,
 * and leaves the rest 0. */
struct watch {
    pid_t pid;
    bool stopped;       /* by the check */
    bool strict;        /* in a long sleep, too, it is not at rest, but naps */
    bool polls;         /* it was seen to go on and on */
    bool moved, rested; /* at the last look */
    long long turns;    /* how often it was given a CPU, up to the last look */
    long long cpu;      /* nanoseconds on a CPU, up to the last look */
    long long cpu_then; /* and up to the last one at which another one moved */
    long long cpu_once; /* and up to the first one */
    int naps;           /* how often it was seen asleep, with a turn in between */
    int long_naps;      /* those of them that only a clock ends */
    int unseen;         /* looks in a row at which it did not move, nor may be seen */
};

/* Looks once at all of them.  Returns true when all are at rest, those that poll
 * left aside; never at the first look. */
bool watch_at_rest(struct watch *watches, size_t count);

#endif
