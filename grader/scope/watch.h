/* watch.h - records what happens in this IPC namespace, by looking again and again. */
#ifndef SHMLAB_WATCH_H
#define SHMLAB_WATCH_H

/* Looks every so many milliseconds until SIGINT, SIGTERM or SIGHUP; then writes the
 * file.  Returns an exit status. */
int watch(const char *path, int milliseconds);

#endif
