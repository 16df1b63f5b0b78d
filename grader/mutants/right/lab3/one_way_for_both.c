/* Both directions through one function, which is told how to copy; one way out with goto. */
#include "attach.h"

#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

typedef void copier(char *memory, void *bytes, size_t count);

static void copy_in(char *memory, void *bytes, size_t count)
{
    memcpy(memory, bytes, count);
}

static void copy_out(char *memory, void *bytes, size_t count)
{
    memcpy(bytes, memory, count);
}

static ssize_t transfer(int shmid, size_t offset, void *bytes, size_t count, copier *copy,
                        int flags)
{
    struct shmid_ds ds;
    ssize_t result = -1;
    int error;
    char *memory = shmat(shmid, NULL, flags);

    if (memory == (void *)-1)
        return -1;
    if (shmctl(shmid, IPC_STAT, &ds) == -1)
        goto out;
    errno = ERANGE;
    if (offset > ds.shm_segsz || ds.shm_segsz - offset < count)
        goto out;
    if (count)
        copy(memory + offset, bytes, count);
    result = (ssize_t)count;
out:
    error = errno;
    shmdt(memory);
    errno = error;
    return result;
}

void *segment_attach(int shmid, bool read_only)
{
    void *address = shmat(shmid, NULL, SHM_RDONLY * read_only);

    return (long)address == -1 ? NULL : address;
}

int segment_detach(const void *address)
{
    return shmdt(address) ? -1 : 0;
}

int segment_stat(int shmid, struct segment_info *info)
{
    struct shmid_ds ds;
    const struct ipc_perm *perm = &ds.shm_perm;

    if (shmctl(shmid, IPC_STAT, &ds))
        return -1;
    memset(info, 0, sizeof *info);
    info->key = perm->__key;
    info->shmid = shmid;
    info->owner = perm->uid;
    info->perms = perm->mode % 01000;
    info->size = ds.shm_segsz;
    info->nattch = ds.shm_nattch;
    info->creator = ds.shm_cpid;
    info->last = ds.shm_lpid;
    info->dest = perm->mode / SHM_DEST % 2;
    return 0;
}

ssize_t segment_write(int shmid, size_t offset, const void *bytes, size_t count)
{
    return transfer(shmid, offset, (void *)bytes, count, copy_in, 0);
}

ssize_t segment_read(int shmid, size_t offset, void *bytes, size_t count)
{
    return transfer(shmid, offset, bytes, count, copy_out, SHM_RDONLY);
}
