/* Straight to the kernel with syscall(2); one function for both directions. */
#include "attach.h"
#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

void *segment_attach(int shmid, bool read_only)
{
    long address = syscall(SYS_shmat, shmid, NULL, read_only * SHM_RDONLY);
    return address == -1 ? NULL : (void *)address;
}

int segment_detach(const void *address)
{
    return (int)syscall(SYS_shmdt, address);
}

int segment_stat(int shmid, struct segment_info *info)
{
    struct shmid_ds ds;
    if (syscall(SYS_shmctl, shmid, IPC_STAT, &ds))
        return -1;
    *info = (struct segment_info){ds.shm_perm.__key, shmid, ds.shm_perm.uid, ds.shm_perm.mode & 0777, ds.shm_segsz, ds.shm_nattch, ds.shm_cpid, ds.shm_lpid, ds.shm_perm.mode & SHM_DEST};
    return 0;
}

static ssize_t copy(int shmid, size_t offset, void *to, const void *from, size_t count)
{
    struct shmid_ds ds;
    size_t end;
    if (syscall(SYS_shmctl, shmid, IPC_STAT, &ds))
        return -1;
    if (__builtin_add_overflow(offset, count, &end) || end > ds.shm_segsz)
        return errno = ERANGE, -1;
    char *memory = segment_attach(shmid, to != NULL);
    if (!memory)
        return -1;
    if (to)
        memcpy(to, memory + offset, count);
    else
        memcpy(memory + offset, from, count);
    segment_detach(memory);
    return (ssize_t)count;
}

ssize_t segment_write(int shmid, size_t offset, const void *bytes, size_t count)
{
    return copy(shmid, offset, NULL, bytes, count);
}

ssize_t segment_read(int shmid, size_t offset, void *bytes, size_t count)
{
    return copy(shmid, offset, bytes, NULL, count);
}
