/* moment.h - what can be seen at one moment: the segments of this IPC namespace, and
 * who has them attached.
 *
 * /proc/sysvipc/shm tells of the segments; /proc/PID/maps of the attachments, where
 * the file is named /SYSV and the key, and its inode is the segment's id.
 */
#ifndef SHMLAB_MOMENT_H
#define SHMLAB_MOMENT_H

#include "kernel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum access { ACCESS_NONE, ACCESS_READ, ACCESS_WRITE, ACCESS_MIXED };

/* One attachment: what one shmat made, and perhaps munmap or mprotect cut. */
struct attachment {
    int id;
    pid_t pid;
    char name[32];      /* of the process, fit to be printed */
    char terminal[16];  /* "pts/3", or "" */
    uintptr_t address;  /* the address that shmat returned */
    size_t bytes;       /* how many are mapped now */
    unsigned pieces;    /* lines in maps; nattch counts each */
    enum access access; /* ACCESS_MIXED: the pieces differ */
    pid_t shares;       /* the process whose memory this one shares (vfork), or 0 */
};

struct moment {
    struct segment_table table;
    struct attachment *attachments; /* by segment, process and address */
    size_t count;
    size_t looked;    /* processes of this IPC namespace that could be read */
    size_t hidden;    /* processes that may not be read: of other users, or protected */
    size_t elsewhere; /* processes of other IPC namespaces */
    bool steady;      /* the table did not change while the processes were read */
    struct timespec time;
};

/* Looks once.  Returns false with errno where the table cannot be read. */
bool moment_read(struct moment *moment);
void moment_free(struct moment *moment);

/* How many of a segment's nattch the attachments do not account for: 0, or what nobody
 * visible holds. */
unsigned long moment_unseen(const struct moment *moment, const struct segment *segment);

#endif
