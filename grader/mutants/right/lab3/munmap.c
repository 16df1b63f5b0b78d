/* Copies through a malloc'ed buffer, detaches its own attachments with munmap. */
#include "attach.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

void *segment_attach(int shmid, bool read_only)
{
    void *address = shmat(shmid, NULL, read_only ? SHM_RDONLY : 0);
    return address != MAP_FAILED ? address : NULL;
}

int segment_detach(const void *address)
{
    return shmdt(address);
}

int segment_stat(int shmid, struct segment_info *info)
{
    struct shmid_ds ds;
    memset(&ds, 0, sizeof ds);
    if (shmctl(shmid, IPC_STAT, &ds) < 0)
        return -1;
    memset(info, 0, sizeof *info);
    info->key = ds.shm_perm.__key;
    info->shmid = shmid;
    info->owner = ds.shm_perm.uid;
    info->perms = ds.shm_perm.mode % 01000;
    info->size = ds.shm_segsz;
    info->nattch = ds.shm_nattch;
    info->creator = ds.shm_cpid;
    info->last = ds.shm_lpid;
    info->dest = ds.shm_perm.mode / 01000 % 2;
    return 0;
}

static size_t whole_pages(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (size + page - 1) / page * page;
}

ssize_t segment_write(int shmid, size_t offset, const void *bytes, size_t count)
{
    struct segment_info info;
    if (segment_stat(shmid, &info) == -1)
        return -1;
    if (offset > info.size || info.size - offset < count) {
        errno = ERANGE;
        return -1;
    }
    char *memory = segment_attach(shmid, 0);
    if (!memory)
        return -1;
    memcpy(&memory[offset], bytes, count);
    munmap(memory, whole_pages(info.size));
    return (ssize_t)count;
}

ssize_t segment_read(int shmid, size_t offset, void *bytes, size_t count)
{
    struct segment_info info;
    if (segment_stat(shmid, &info) == -1)
        return -1;
    if (offset > info.size || info.size - offset < count) {
        errno = ERANGE;
        return -1;
    }
    char *copy = malloc(count + 1);
    char *memory = copy ? segment_attach(shmid, 1) : NULL;
    if (!memory) {
        int saved = errno;
        free(copy);
        errno = saved;
        return -1;
    }
    memcpy(copy, &memory[offset], count);
    munmap(memory, whole_pages(info.size));
    memcpy(bytes, copy, count);
    free(copy);
    return (ssize_t)count;
}
