/* A beginner's loops, everything initialised, every result in a variable, much printing. */
#include "attach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/shm.h>

void *segment_attach(int shmid, bool read_only)
{
    void *address = NULL;
    int flags = 0;
    if (read_only == true)
        flags = SHM_RDONLY;
    address = shmat(shmid, 0, flags);
    if (address == (void *)-1) {
        int error = errno;
        perror("shmat");
        errno = error;
        return NULL;
    }
    printf("attached segment %d at %p\n", shmid, address);
    return address;
}

int segment_detach(const void *address)
{
    int result = shmdt(address);
    int error = errno;
    printf("shmdt: %d\n", result);
    errno = error;
    return result;
}

int segment_stat(int shmid, struct segment_info *info)
{
    struct shmid_ds *ds = malloc(sizeof *ds);
    int result = -1, error = 0;
    if (ds == NULL)
        return -1;
    result = shmctl(shmid, IPC_STAT, ds);
    error = errno;
    if (result != -1) {
        info->key = ds->shm_perm.__key;
        info->shmid = shmid;
        info->owner = ds->shm_perm.uid;
        info->perms = ds->shm_perm.mode & (0400 | 0200 | 0100 | 070 | 07);
        info->size = ds->shm_segsz;
        info->nattch = ds->shm_nattch;
        info->creator = ds->shm_cpid;
        info->last = ds->shm_lpid;
        if (ds->shm_perm.mode & SHM_DEST)
            info->dest = true;
        else
            info->dest = false;
        result = 0;
    }
    free(ds);
    errno = error;
    return result;
}

static int fits(int shmid, size_t offset, size_t count)
{
    struct segment_info info;
    size_t end = 0;
    if (segment_stat(shmid, &info) == -1)
        return -1;
    if (__builtin_add_overflow(offset, count, &end) || end > info.size) {
        errno = ERANGE;
        return -1;
    }
    return 0;
}

ssize_t segment_write(int shmid, size_t offset, const void *bytes, size_t count)
{
    const char *from = bytes;
    char *memory = NULL;
    if (fits(shmid, offset, count) == -1)
        return -1;
    memory = segment_attach(shmid, false);
    if (memory == NULL)
        return -1;
    for (size_t i = 0; i < count; i++)
        memory[offset + i] = from[i];
    segment_detach(memory);
    return (ssize_t)count;
}

ssize_t segment_read(int shmid, size_t offset, void *bytes, size_t count)
{
    char *to = bytes;
    const char *memory = NULL;
    if (fits(shmid, offset, count) == -1)
        return -1;
    memory = segment_attach(shmid, true);
    if (memory == NULL)
        return -1;
    for (size_t i = 0; i < count; i++)
        to[i] = memory[offset + i];
    segment_detach(memory);
    return (ssize_t)count;
}
