/* walls.h - what stands between a check and programs that nobody vouches for.
 *
 * The grade program puts the whole run of the checks into a sandbox (bubblewrap; see
 * grade/sandbox.c): it has a root of its own with libraries and the student's programs,
 * and nothing else.  These walls stand inside of it, between a check and the student's
 * processes.  Each check has
 *
 *   an IPC namespace, whose limits are low, which it shares with its actors;
 *   a mount namespace, likewise, with an empty /tmp and /dev/shm of a few megabytes;
 *   a PID namespace for the actors alone: the check can see and signal them, and they
 *     cannot name it;
 *   a user namespace for the actors alone, without capabilities, and in which no
 *     further user namespace can be made;
 *   a filter of system calls (filter.h) for the actors, and a /proc that they can only
 *     read, without the names of keys.
 *
 * The first process of that PID namespace, the warden, ends when the check ends, and
 * when the actors use too much memory or have too many files open; the kernel then ends
 * all others.
 *
 * An actor so has two numbers: the one that it knows itself (getpid, the kernel's table
 * as it is read here, /proc), and the one that its parent, the check, waits for.
 */
#ifndef SHMLAB_WALLS_H
#define SHMLAB_WALLS_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether SHMLAB_ISOLATION=bubblewrap asks for the walls. */
bool walls_wanted(void);

/* Raises them around this check, before its first actor.  Returns NULL, or the reason
 * why it cannot be done. */
const char *walls_raise(void);
bool walls_stand(void);

/* In a new actor: goes behind the walls, for good. */
bool walls_enter(void);

/* The number that an actor, a child of this process, has behind the walls. */
pid_t walls_number(pid_t child);

/* The process whose child an orphan becomes, as /proc shows it here. */
pid_t walls_reaper(void);

/* From here on actors live in a PID namespace of their own, where the pids of those
 * that are there already show as 0.  Works without walls, too. */
bool walls_new_pid_namespace(void);

/* Ends every process behind the walls; when it returns, none is left. */
void walls_end(void);

#endif
