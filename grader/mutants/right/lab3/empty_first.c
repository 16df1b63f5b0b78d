/* An empty write needs no attachment: the permission to write is not asked for (not
 * judged).  Range before permission where it can be known. */
#include "attach.h"
#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

void *segment_attach(int shmid, bool read_only)
{
    void *address = shmat(shmid, NULL, (read_only) ? SHM_RDONLY : 0);
    return (long)address == -1L ? NULL : address;
}

int segment_detach(const void *address) { return shmdt(address); }

int segment_stat(int shmid, struct segment_info *info)
{
    struct shmid_ds ds;
    if (shmctl(shmid, IPC_STAT, &ds) != 0)
        return -1;
    info->key = ds.shm_perm.__key, info->shmid = shmid, info->owner = ds.shm_perm.uid;
    info->perms = ds.shm_perm.mode & 0777, info->size = ds.shm_segsz;
    info->nattch = ds.shm_nattch, info->creator = ds.shm_cpid, info->last = ds.shm_lpid;
    info->dest = ds.shm_perm.mode & SHM_DEST;
    return 0;
}

ssize_t segment_write(int shmid, size_t offset, const void *bytes, size_t count)
{
    struct segment_info info;
    if (segment_stat(shmid, &info) != 0)
        return -1;
    if (offset > info.size || count > info.size - offset)
        return errno = ERANGE, -1;
    if (count == 0)
        return 0;
    char *memory = segment_attach(shmid, false);
    if (!memory)
        return -1;
    memcpy(memory + offset, bytes, count);
    return segment_detach(memory) == 0 ? (ssize_t)count : -1;
}

ssize_t segment_read(int shmid, size_t offset, void *bytes, size_t count)
{
    struct segment_info info;
    if (segment_stat(shmid, &info) != 0)
        return -1;
    if (offset > info.size || count > info.size - offset)
        return errno = ERANGE, -1;
    if (count == 0)
        return 0;
    const char *memory = segment_attach(shmid, true);
    if (!memory)
        return -1;
    memcpy(bytes, memory + offset, count);
    return segment_detach(memory) == 0 ? (ssize_t)count : -1;
}
