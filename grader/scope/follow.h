/* follow.h - records a command and all that it starts, call by call. */
#ifndef SHMLAB_FOLLOW_H
#define SHMLAB_FOLLOW_H

/* Runs the command under ptrace(2) until all its processes have ended.  Returns its
 * exit status, or 1 after a message on standard error. */
int follow(const char *path, char *const command[]);

#endif
