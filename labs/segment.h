/*
 * segment.h - what the kernel tells about a shared memory segment
 *
 * Labs 3 and 4 share this structure: segment_stat() fills one of them,
 * segment_list() fills one for each row of the kernel's table.
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * struct segment_info - one segment, as the kernel describes it
 * @key: the key under which shmget(2) finds the segment; 0 (IPC_PRIVATE) for a
 *       segment that was created with IPC_PRIVATE, and for every segment that
 *       is marked for destruction
 * @shmid: the id; 0 is an id like any other
 * @owner: the owner's user id: at first the effective user id of the creator,
 *         but IPC_SET can give the segment away
 * @perms: the nine permission bits alone (0 to 0777); the kernel keeps other
 *         marks in the same word, and they do not belong here
 * @size: bytes, as they were asked for at creation; not rounded up to pages
 * @nattch: the number of attachments; one process that attaches twice has two
 * @creator: the process that created the segment, running or not; 0 if it
 *           belongs to another pid namespace, where the caller cannot see it
 * @last: the process that attached or detached last; 0 if there was none yet,
 *        or if the caller cannot see it
 * @dest: true once the segment is marked for destruction (IPC_RMID) and some
 *        attachment still keeps it; ipcs(1) then shows the status "dest"
 *
 * Source: struct shmid_ds in shmctl(2); /proc/sysvipc/shm in proc(5). That
 * @creator and @last are 0 across pid namespaces is measured kernel behaviour.
 */
struct segment_info {
    key_t key;
    int shmid;
    uid_t owner;
    mode_t perms;
    size_t size;
    unsigned long nattch;
    pid_t creator;
    pid_t last;
    bool dest;
};

#endif
