/* one walk over the table with a visitor; pidfd_open for liveness; goto for clean-up; SHM_STAT first, then SHM_STAT_ANY */
#include "remove.h"

#include <errno.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef int visitor(int id, const struct shmid_ds *ds, void *context);

static int walk(visitor *visit, void *context)
{
    const int last = shmctl(0, SHM_INFO, (struct shmid_ds *)&(struct shm_info){0});
    if (last < 0)
        return -1;
    for (int i = 0; i <= last; ++i) {
        struct shmid_ds ds;
        int id = shmctl(i, SHM_STAT, &ds);
        if (id == -1 && (errno == EACCES || errno == EPERM))
            id = shmctl(i, SHM_STAT_ANY, &ds);
        if (id == -1) {
            if (errno == EINVAL || errno == EIDRM)
                continue;
            return -1;
        }
        if (visit(id, &ds, context) == -1)
            return -1;
    }
    return 0;
}

int segment_remove(int shmid)
{
    struct shmid_ds unused;
    return shmctl(shmid, IPC_RMID, &unused);
}

enum segment_state segment_state(int shmid)
{
    struct shmid_ds ds;
    if (!shmctl(shmid, IPC_STAT, &ds))
        return ds.shm_perm.mode & SHM_DEST ? SEGMENT_DEST : SEGMENT_LIVE;
    return errno == EACCES ? SEGMENT_UNKNOWN : SEGMENT_GONE;
}

struct list {
    struct segment_info *rows;
    size_t capacity, count;
};

static int add_row(int id, const struct shmid_ds *ds, void *context)
{
    struct list *list = context;
    if (list->count++ < list->capacity)
        *list->rows++ = (struct segment_info){
            ds->shm_perm.__key, id, ds->shm_perm.uid, ds->shm_perm.mode & 0777u, ds->shm_segsz,
            ds->shm_nattch, ds->shm_cpid, ds->shm_lpid, ds->shm_perm.mode & SHM_DEST};
    return 0;
}

int segment_list(struct segment_info *rows, size_t capacity)
{
    struct list list = {rows, capacity, 0};
    return walk(add_row, &list) == -1 ? -1 : (int)list.count;
}

static int sweep_row(int id, const struct shmid_ds *ds, void *context)
{
    int *removed = context;
    if (ds->shm_nattch || ds->shm_perm.uid != geteuid() || !ds->shm_cpid)
        return 0;
    int fd = (int)syscall(SYS_pidfd_open, ds->shm_cpid, 0);
    if (fd != -1) {
        close(fd);
        return 0;
    }
    if (errno != ESRCH)
        return 0;
    if (segment_remove(id) == 0) {
        ++*removed;
        return 0;
    }
    return errno == EINVAL || errno == EIDRM ? 0 : -1;
}

int segment_sweep(void)
{
    int removed = 0;
    return walk(sweep_row, &removed) == -1 ? -1 : removed;
}

void *segment_scratch(size_t size, int *shmid)
{
    void *p = NULL;
    int error = 0, id = shmget(IPC_PRIVATE, size, 0600);
    if (id == -1)
        goto out;
    p = shmat(id, NULL, 0);
    if (p == (void *)-1) {
        error = errno;
        p = NULL;
    }
    shmctl(id, IPC_RMID, NULL);
    if (p)
        *shmid = id;
    else
        errno = error;
out:
    return p;
}
