/* world.h - a private kernel world for the checks, where the machine allows it.
 *
 * Private world: the program that runs the checks is the first process of a PID
 * namespace, with mount and IPC namespaces of its own (for an ordinary user
 * inside a user namespace).  /tmp and /dev/shm are empty file systems in memory.
 * Each check then takes an IPC namespace for itself.  When the first process dies,
 * by whatever cause, the kernel ends all others, and with them go their segments,
 * FIFOs and files: there is nothing to clean up.
 *
 * Shared world: where namespaces are refused, the checks run one after the other
 * in the machine's IPC namespace.  They tell their segments from others by the
 * creator, and remove only their own.
 *
 * The environment variable SHMLAB_WORLD says where we are: "private" or "shared";
 * not set: not decided yet.  Setting it to "shared" forbids the namespaces: for
 * tests, and for looking at the machine's own table during a check.
 */
#ifndef SHMLAB_WORLD_H
#define SHMLAB_WORLD_H

#include <stdbool.h>

/* Enters a private world by running this program again under unshare(1), or
 * decides for the shared one.  Comes back in the process that runs the checks. */
void world_enter(char *argv[]);

bool world_is_private(void);

/* The directory in which checks make theirs. */
const char *world_scratch(void);

/* Takes a new IPC namespace, in a private world.  Returns whether it has one. */
bool world_enter_ipc(void);

#endif
