/* everything through syscall(2) */
#include "remove.h"
#include <errno.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

static long control(int id, int command, void *memory)
{
    return syscall(SYS_shmctl, id, command, memory);
}

int segment_remove(int shmid)
{
    return (int)control(shmid, IPC_RMID, NULL);
}

enum segment_state segment_state(int shmid)
{
    struct shmid_ds ds;
    if (control(shmid, IPC_STAT, &ds) == 0)
        return ds.shm_perm.mode & SHM_DEST ? SEGMENT_DEST : SEGMENT_LIVE;
    switch (errno) {
    case EINVAL:
    case EIDRM:
        return SEGMENT_GONE;
    default:
        return SEGMENT_UNKNOWN;
    }
}

int segment_list(struct segment_info *rows, size_t capacity)
{
    struct shm_info info;
    int count = 0;
    long last = control(0, SHM_INFO, &info);
    if (last < 0)
        return -1;
    for (long i = 0; i <= last; i++) {
        struct shmid_ds ds;
        long id = control((int)i, SHM_STAT_ANY, &ds);
        if (id == -1)
            continue;
        if ((size_t)count < capacity) {
            struct segment_info *row = rows + count;
            row->key = ds.shm_perm.__key;
            row->shmid = (int)id;
            row->owner = ds.shm_perm.uid;
            row->perms = ds.shm_perm.mode & 0777;
            row->size = ds.shm_segsz;
            row->nattch = ds.shm_nattch;
            row->creator = ds.shm_cpid;
            row->last = ds.shm_lpid;
            row->dest = ds.shm_perm.mode & SHM_DEST;
        }
        count++;
    }
    return count;
}

int segment_sweep(void)
{
    struct shm_info info;
    int removed = 0;
    long last = control(0, SHM_INFO, &info);
    if (last < 0)
        return -1;
    for (long i = 0; i <= last; i++) {
        struct shmid_ds ds;
        long id = control((int)i, SHM_STAT_ANY, &ds);
        if (id == -1 || ds.shm_nattch || ds.shm_perm.uid != (uid_t)syscall(SYS_geteuid) || ds.shm_cpid == 0)
            continue;
        if (syscall(SYS_kill, ds.shm_cpid, 0) == -1 && errno == ESRCH)
            removed += control((int)id, IPC_RMID, NULL) == 0;
    }
    return removed;
}

void *segment_scratch(size_t size, int *shmid)
{
    long id = syscall(SYS_shmget, IPC_PRIVATE, size, 0600 | IPC_CREAT | IPC_EXCL);
    if (id == -1)
        return NULL;
    long address = syscall(SYS_shmat, id, NULL, 0);
    int error = errno;
    control((int)id, IPC_RMID, NULL);
    errno = error;
    if (address == -1)
        return NULL;
    *shmid = (int)id;
    return (void *)address;
}
