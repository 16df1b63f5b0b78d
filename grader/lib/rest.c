/* rest.c - tells a process that waits from one that goes on and on. */
#include "rest.h"

#include "kernel.h"
#include "walls.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>

#define LONG_SLEEP_MS    500          /* a look around twice a second costs nothing */
#define NAPS_OF_A_POLLER 25           /* woken that often for nothing: it polls */
#define LONG_NAPS        3            /* the same, where only a clock wakes it */
#define CPU_OF_A_POLLER  250000000LL  /* nanoseconds in which nobody else moved */
#define CPU_OF_POLLERS   1000000000LL /* two that poll keep each other going */
#define UNSEEN_LOOKS     10

/* --- How long a call sleeps ------------------------------------------------------- */

/* Reads a struct timespec or timeval of another process as milliseconds. */
static long long time_at(pid_t pid, unsigned long long address, long per_millisecond)
{
    long pair[2] = {0, 0};
    if (!process_memory(pid, address, pair, sizeof pair))
        return 0;
    return pair[0] * 1000LL + pair[1] / per_millisecond;
}

#define NO_TIMEOUT (-1LL)

/* For how many milliseconds at most a thread sleeps in this call. */
static long long sleeps_for(pid_t pid, long number, const unsigned long long *arguments)
{
    switch (number) {
#ifdef SYS_poll
    case SYS_poll:
        return (int)arguments[2] < 0 ? NO_TIMEOUT : (int)arguments[2];
#endif
#ifdef SYS_select
    case SYS_select:
        return arguments[4] ? time_at(pid, arguments[4], 1000) : NO_TIMEOUT;
#endif
#ifdef SYS_epoll_wait
    case SYS_epoll_wait:
#endif
    case SYS_epoll_pwait:
        return (int)arguments[3] < 0 ? NO_TIMEOUT : (int)arguments[3];
    case SYS_ppoll:
    case SYS_rt_sigtimedwait:
        return arguments[2] ? time_at(pid, arguments[2], 1000000) : NO_TIMEOUT;
    case SYS_pselect6:
        return arguments[4] ? time_at(pid, arguments[4], 1000000) : NO_TIMEOUT;
#ifdef SYS_epoll_pwait2
    case SYS_epoll_pwait2:
#endif
    case SYS_futex:
    case SYS_semtimedop:
        return arguments[3] ? time_at(pid, arguments[3], 1000000) : NO_TIMEOUT;
    case SYS_nanosleep:
        return time_at(pid, arguments[0], 1000000);
    case SYS_clock_nanosleep:
        /* Until a point in time: how far away that is does not show. */
        if (arguments[1] & TIMER_ABSTIME) {
            struct timespec t = {0, 0};
            if (clock_gettime((clockid_t)arguments[0], &t) == -1)
                return 0;
            long long left = time_at(pid, arguments[2], 1000000) -
                             (t.tv_sec * 1000LL + t.tv_nsec / 1000000);
            return left > 0 ? left : 0;
        }
        return time_at(pid, arguments[2], 1000000);
    default:
        return NO_TIMEOUT;
    }
}

/* Whether a thread in this call waits for nothing but the time. */
static bool waits_for_a_clock(long number, const unsigned long long *arguments)
{
    switch (number) {
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
        return true;
#ifdef SYS_poll
    case SYS_poll:
#endif
    case SYS_ppoll:
        return arguments[1] == 0; /* no descriptors */
#ifdef SYS_select
    case SYS_select:
#endif
    case SYS_pselect6:
        return arguments[0] == 0;
    default:
        return false;
    }
}

/* --- One look --------------------------------------------------------------------- */

/* Of the parts of a process, the liveliest counts. */
enum motion { RESTS, UNSEEN, NAPS, MOVES };

struct look {
    bool stopped; /* by the check: what is asked, and not what was seen */
    bool strict;  /* likewise: a long sleep is a nap, too */
    enum motion motion;
    bool long_nap;
    long long turns, cpu;
};

static enum motion motion_of(pid_t thread, char state, struct look *look)
{
    long number;
    unsigned long long arguments[6];

    if (state == 'T' || state == 't')
        return look->stopped ? RESTS : MOVES;
    if (state != 'S')
        return state == 'R' || state == 'D' ? MOVES : RESTS;
    if (!process_syscall(thread, &number, arguments))
        return UNSEEN; /* it may be on its way to sleep, or may not be looked at */
    long long sleep = sleeps_for(thread, number, arguments);
    if (sleep == NO_TIMEOUT)
        return RESTS;
    if (sleep < LONG_SLEEP_MS)
        return NAPS;
    bool nap = look->strict && sleep < 60000 && waits_for_a_clock(number, arguments);
    look->long_nap |= nap;
    return nap ? NAPS : RESTS;
}

static void look_at(pid_t pid, struct look *look);

/* Adds the children of a thread to a look; of those of the reaper, the orphans of one
 * session. */
static void look_at_children(pid_t pid, pid_t thread, pid_t session, struct look *look)
{
    char path[64];
    int child;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)thread);
    FILE *file = fopen(path, "re");
    while (file && fscanf(file, "%d", &child) == 1)
        if (session == 0 || (child != session && process_session(child) == session))
            look_at(child, look);
    if (file)
        fclose(file);
}

static void look_at_thread(pid_t pid, pid_t thread, struct look *look)
{
    const struct process process = process_read(thread);
    enum motion motion = motion_of(thread, process.state, look);

    if (motion > look->motion)
        look->motion = motion;
    look->turns += (long long)process.turns;
    look->cpu += (long long)process.cpu;
    look_at_children(pid, thread, 0, look);
}

/* Adds a process, its threads and its children to a look. */
static void look_at(pid_t pid, struct look *look)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *directory = opendir(path);
    if (!directory)
        return; /* it has ended */
    for (const struct dirent *entry; (entry = readdir(directory));) {
        pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
        if (thread > 0)
            look_at_thread(pid, thread, look);
    }
    closedir(directory);
}

/* --- What the looks say together -------------------------------------------------- */

/* Notes one look. */
static void note(struct watch *watch, const struct look *look)
{
    watch->moved = look->turns != watch->turns || look->motion == MOVES;
    if (look->motion == NAPS && watch->moved) {
        watch->naps++;
        watch->long_naps += look->long_nap;
    }
    watch->unseen = look->motion == UNSEEN && !watch->moved ? watch->unseen + 1 : 0;
    /* Two looks: between them it slept, and nobody had woken it. */
    watch->rested =
        !watch->moved && (look->motion == RESTS || watch->unseen > UNSEEN_LOOKS);
    watch->turns = look->turns;
    watch->cpu = look->cpu;
    if (watch->naps > NAPS_OF_A_POLLER || watch->long_naps > LONG_NAPS)
        watch->polls = true;
}

/* One that is on a CPU all the time may work: then it moves another in the end. */
static void note_cpu(struct watch *watch, bool other_moved)
{
    if (watch->cpu_once == 0)
        watch->cpu_once = watch->cpu_then = watch->cpu;
    if (other_moved)
        watch->cpu_then = watch->cpu;
    if (watch->cpu - watch->cpu_then > CPU_OF_A_POLLER ||
        watch->cpu - watch->cpu_once > CPU_OF_POLLERS)
        watch->polls = true;
}

bool watch_at_rest(struct watch *watches, size_t count)
{
    size_t moving = 0;
    bool rest = true;

    for (size_t i = 0; i < count; i++) {
        struct look look = {.stopped = watches[i].stopped,
                            .strict = watches[i].strict,
                            .motion = RESTS};
        look_at(watches[i].pid, &look);
        /* Each actor is the first of a session: so it is known whose an orphan is. */
        look_at_children(walls_reaper(), walls_reaper(), watches[i].pid, &look);
        note(&watches[i], &look);
        moving += watches[i].moved && !watches[i].polls;
    }
    for (size_t i = 0; i < count; i++) {
        bool itself = watches[i].moved && !watches[i].polls;
        note_cpu(&watches[i], moving > itself);
        rest &= watches[i].rested || watches[i].polls;
    }
    return rest;
}
