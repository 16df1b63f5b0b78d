/* Beginner's style: attaches first, asks the size then, one exit, printf everywhere. */
#include "attach.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <sys/types.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>

void *segment_attach(int shmid, bool read_only)
{
    void *p;
    printf("attach %d %d\n", shmid, read_only);
    if (read_only == true)
    {
        p = shmat(shmid, 0, SHM_RDONLY);
    }
    else
    {
        p = shmat(shmid, 0, 0);
    }
    if (p == (void *) -1)
    {
        int e = errno;
        perror("shmat failed");
        errno = e;
        return NULL;
    }
    printf("address = %p\n", p);
    return p;
}

int segment_detach(const void *address)
{
    int r = shmdt(address);
    if (r < 0)
    {
        int e = errno;
        fprintf(stderr, "shmdt failed!\n");
        errno = e;
    }
    return r;
}

int segment_stat(int shmid, struct segment_info *info)
{
    struct shmid_ds d;
    int r;
    r = shmctl(shmid, IPC_STAT, &d);
    if (r == -1)
        return -1;
    info->key = d.shm_perm.__key;
    info->shmid = shmid;
    info->owner = d.shm_perm.uid;
    info->perms = d.shm_perm.mode & (S_IRWXU | S_IRWXG | S_IRWXO);
    info->size = d.shm_segsz;
    info->nattch = d.shm_nattch;
    info->creator = d.shm_cpid;
    info->last = d.shm_lpid;
    if (d.shm_perm.mode & SHM_DEST)
        info->dest = true;
    else
        info->dest = false;
    return 0;
}

static int inside(size_t size, size_t offset, size_t count)
{
    if (offset > size)
        return 0;
    if (count > size)
        return 0;
    if (offset + count > size)
        return 0;
    return 1;
}

ssize_t segment_write(int shmid, size_t offset, const void *bytes, size_t count)
{
    ssize_t result = -1;
    int e = 0;
    struct segment_info info;
    char *p = segment_attach(shmid, false);
    if (p == NULL)
        return -1;
    if (segment_stat(shmid, &info) != 0)
    {
        e = errno;
        goto out;
    }
    if (!inside(info.size, offset, count))
    {
        printf("range!\n");
        e = ERANGE;
        goto out;
    }
    for (size_t i = 0; i < count; i++)
        p[offset + i] = ((const char *) bytes)[i];
    result = count;
out:
    segment_detach(p);
    errno = e;
    return result;
}

ssize_t segment_read(int shmid, size_t offset, void *bytes, size_t count)
{
    ssize_t result = -1;
    int e = 0;
    struct segment_info info;
    char *p = segment_attach(shmid, true);
    if (p == NULL)
        return -1;
    if (segment_stat(shmid, &info) != 0)
    {
        e = errno;
        goto out;
    }
    if (!inside(info.size, offset, count))
    {
        e = ERANGE;
        goto out;
    }
    for (size_t i = 0; i < count; i++)
        ((char *) bytes)[i] = p[offset + i];
    result = count;
out:
    segment_detach(p);
    errno = e;
    return result;
}
