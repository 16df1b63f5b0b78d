/* scratch.h - the directory in which checks work where they have no file system of
 * their own, and what removes it again.
 */
#ifndef SHMLAB_SCRATCH_H
#define SHMLAB_SCRATCH_H

#include <sys/types.h>

/* Makes an empty directory below the build directory, and starts a guard: a process
 * that clears up when this one is killed, SIGKILL included.  It waits then until
 * `lifeline` reads end of file: the checks' processes hold its other end, and
 * `not_ours` is that other end, which the guard must not hold itself. */
void scratch_open(int lifeline, int not_ours);

/* Criterion leaves a socket named after its process in /tmp when it is killed: with
 * this, whoever clears up removes it. */
void scratch_note_checks(pid_t pid);

/* Clears up, and ends the guard. */
void scratch_close(void);

/* Clears up after runs of which nothing is left: their guards were killed, too, or they
 * were no runs of the grade program. */
void scratch_clear_others(void);

/* Its path. */
const char *scratch_path(void);

#endif
