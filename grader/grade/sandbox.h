/* sandbox.h - compiling and checking behind bubblewrap, for submissions that nobody
 * vouches for.
 *
 * SHMLAB_ISOLATION=bubblewrap asks for it.  There are two sandboxes.  Each has user,
 * PID, mount, network, UTS and IPC namespaces of its own, an empty environment, and a
 * root that is read-only but for small file systems in memory:
 *
 *   to compile   the compiler, the headers, the contracts, the submission's files and
 *                the objects that are linked with them; no privilege.  One directory
 *                per lab can be written to: there the programs go.
 *   to check     the C library and its kin, and the programs.  The checks run there,
 *                with privileges that hold in these namespaces only; the file that
 *                holds them is handed over as a descriptor, so it has no path.  The
 *                student's processes are behind further walls there (lib/walls.h).
 *
 * A sandbox ends, with everything in it, when the process that started it ends.
 */
#ifndef SHMLAB_SANDBOX_H
#define SHMLAB_SANDBOX_H

#include "labs.h"

#include <stdbool.h>

/* Whether the environment asks for it. */
bool sandbox_wanted(void);

/* The command that compiles these labs in the sandbox: `shmlab build N...`. */
char **sandbox_to_build(const struct lab *const *chosen, int count);

/* The command that runs their checks.  It keeps descriptors that the caller must not
 * close before it is executed. */
char **sandbox_to_check(const struct lab *const *chosen, int count);

#endif
