/* maps.h - one process: its name, and the attachments in its /proc/PID/maps. */
#ifndef SHMLAB_MAPS_H
#define SHMLAB_MAPS_H

#include "moment.h"

enum sight { SIGHT_READ, SIGHT_HIDDEN, SIGHT_ELSEWHERE, SIGHT_NONE };

/* Reads the attachments of one process, at most `capacity`, in the order of their
 * addresses.  SIGHT_NONE: it has ended, is a zombie, or is a thread of the kernel.
 * `*count` may exceed the capacity: then ask again with more room. */
enum sight process_maps(pid_t pid, struct attachment *found, size_t capacity,
                        size_t *count);

/* The name of a process, fit to be printed; "?" when it has ended. */
void process_name(pid_t pid, char *name, size_t size);

#endif
