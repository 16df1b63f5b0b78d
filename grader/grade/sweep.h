/* sweep.h - removes the segments that this course's processes left behind. */
#ifndef SHMLAB_SWEEP_H
#define SHMLAB_SWEEP_H

#include <stdbool.h>

/* Removes every segment that stands in a journal (student/journal.h), has no
 * attachment, and whose creator runs no more.  Touches no other segment.  Says what
 * it removed when `aloud`.  Returns an exit status. */
int sweep(bool aloud);

/* The same for one journal, silently.  Returns how many segments had to stay. */
int sweep_journal(const char *path);

#endif
