/* interpose.h - what the lab shell asks of the interposition. */
#ifndef SHMLAB_INTERPOSE_H
#define SHMLAB_INTERPOSE_H

#include "control.h"

/* The socket to the check, or -1 where no check started this process. */
int interpose_line(void);

/* From now on, calls are the student's: they are recorded and ruled.  `step` is
 * the number of the shell's line, `function` the student's function. */
void interpose_enter(unsigned step, const char *function);
void interpose_leave(void);

/* Called after each interposed call, with its record; NULL for none. */
typedef void (*call_observer)(const struct call_record *record);
void interpose_observe(call_observer function);

/* In a child that must not speak for its parent: closes the line and makes
 * every wrapper a plain call. */
void interpose_forget(void);

/* Before an exec of the same program: the new one finds line and control. */
void interpose_hand_on(void);

#endif
