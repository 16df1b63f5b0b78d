/* kernel.h - what the kernel says: the only source of a verdict.
 *
 * Everything here is read anew at each call, from /proc/sysvipc/shm and from
 * /proc/PID.  Source of the fields: proc(5), and ipc/shm.c of the kernel.
 */
#ifndef SHMLAB_KERNEL_H
#define SHMLAB_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One row of the kernel's table of segments. */
struct segment {
    key_t key; /* 0 for IPC_PRIVATE, and once the segment is marked */
    int id;
    mode_t mode;          /* the permission bits, and SHM_DEST (01000) when marked */
    size_t size;          /* bytes, as asked for; not rounded to pages */
    pid_t creator;        /* 0 when it lives in a PID namespace that we cannot see */
    pid_t last;           /* the last to attach or detach; 0 for nobody */
    unsigned long nattch; /* attachments, not processes */
    uid_t uid, cuid;      /* the owner's and the creator's uid */
    long atime, dtime;    /* the last attach and detach, in seconds; 0 for never */
    long ctime;           /* made, or changed with IPC_SET */
    size_t rss, swap;     /* bytes in memory, and swapped out */
};

struct segment_table {
    size_t count;
    struct segment *rows;
};

/* Reads the whole table of this process's IPC namespace, in the kernel's order.
 * Returns false with errno where /proc/sysvipc/shm cannot be read.  Free it with
 * table_free. */
bool table_read(struct segment_table *table);
/* From now on it is read from this descriptor: another process may have opened it, and
 * pids and uids are shown as that one sees them. */
void table_read_from(int fd);
/* The bytes of all segments that are in memory, or swapped out. */
size_t table_resident(void);
void table_free(struct segment_table *table);

/* The row of an id or of a key, or NULL.  Key 0 is never found. */
const struct segment *table_by_id(const struct segment_table *table, int id);
const struct segment *table_by_key(const struct segment_table *table, key_t key);

/* One row, read anew.  Returns false when there is no such segment. */
bool segment_by_id(int id, struct segment *segment);
bool segment_by_key(key_t key, struct segment *segment);

/* Whether the kernel takes so many more segments, and so many bytes in them: shmmni and
 * shmall are limits for all users together. */
bool table_has_room(size_t segments, size_t bytes);

/* What a process does, from /proc/PID/stat. */
struct process {
    char state;             /* R, S, D, T, t, Z ...; 0 when there is no such process */
    unsigned long long cpu; /* nanoseconds on a CPU so far (schedstat) */
    unsigned long long turns; /* how often it was given a CPU (schedstat) */
};

struct process process_read(pid_t pid);
/* Its state alone. */
char process_state(pid_t pid);

/* The session of a process; -1 when there is no such process. */
pid_t process_session(pid_t pid);

/* The processes of a session; at most `room` of them are written.  Returns how many were.
 * An actor is the first of a session: a program that works in a child is in it, too. */
size_t session_processes(pid_t session, pid_t *pids, size_t room);

/* How often a process gave a CPU up to wait for something (/proc/PID/status). */
unsigned long long process_waits(pid_t pid);

/* The number of a process's open descriptors, or -1. */
int process_descriptors(pid_t pid);

/* The system call in which a process is blocked, from /proc/PID/syscall: its
 * number and arguments.  Returns false when it runs, or when that may not be
 * seen. */
bool process_syscall(pid_t pid, long *number, unsigned long long arguments[6]);

/* Copies bytes out of its memory.  Returns false where they cannot be read. */
bool process_memory(pid_t pid, unsigned long long address, void *bytes, size_t count);

/* How many attachments of segment `id` a process has, from /proc/PID/maps; with
 * `address` not NULL also the address of the first. */
int process_attachments(pid_t pid, int id, uintptr_t *address);

/* The id of a segment that was made with this key and that the process has attached,
 * or -1.  Found also once it is marked, and has no key in the table any more. */
int process_segment(pid_t pid, key_t key);

/* How many bytes a process has read or written so far, from or to whatever it was:
 * /proc/PID/io.  Returns false where that does not show. */
bool process_bytes(pid_t pid, unsigned long long *read, unsigned long long *written);

/* Whether a process has the file `name` of a directory open, also when the name was
 * removed, and the file is a FIFO. */
bool process_has_fifo(pid_t pid, const char *directory, const char *name);

#endif
