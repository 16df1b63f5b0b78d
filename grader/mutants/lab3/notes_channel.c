/* Thought: From the notes, class channel: read and write copy as much as the channel has, and more
 * cannot be typed anyway.
 * Caught by: ranges_end_with_the_segment
 */
#include "attach.h"

#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

void *segment_attach(int shmid, bool read_only)
{
    void *mem = shmat(shmid, NULL, read_only ? SHM_RDONLY : 0);
    if ((long long)mem == -1L)
        return NULL;
    return mem;
}

int segment_detach(const void *address)
{
    return shmdt(address);
}

int segment_stat(int shmid, struct segment_info *info)
{
    struct shmid_ds ds;
    if (shmctl(shmid, IPC_STAT, &ds) < 0)
        return -1;
    info->key = ds.shm_perm.__key;
    info->shmid = shmid;
    info->owner = ds.shm_perm.uid;
    info->perms = ds.shm_perm.mode & 0777;
    info->size = ds.shm_segsz;
    info->nattch = ds.shm_nattch;
    info->creator = ds.shm_cpid;
    info->last = ds.shm_lpid;
    info->dest = (ds.shm_perm.mode & SHM_DEST) != 0;
    return 0;
}

ssize_t segment_write(int shmid, size_t offset, const void *bytes, size_t count)
{
    struct segment_info info;
    char *mem = segment_attach(shmid, false);
    if (!mem)
        return -1;
    segment_stat(shmid, &info);
    if (offset > info.size)
        offset = info.size;
    if (count > info.size - offset)
        count = info.size - offset;
    memcpy(mem + offset, bytes, count);
    shmdt(mem);
    return (ssize_t)count;
}

ssize_t segment_read(int shmid, size_t offset, void *bytes, size_t count)
{
    struct segment_info info;
    char *mem = segment_attach(shmid, true);
    if (!mem)
        return -1;
    segment_stat(shmid, &info);
    if (offset > info.size)
        offset = info.size;
    if (count > info.size - offset)
        count = info.size - offset;
    memcpy(bytes, mem + offset, count);
    shmdt(mem);
    return (ssize_t)count;
}
