/* fills each row in place and counts it only then: a spare row may hold what was no segment */
#include "remove.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

static int next_row(int *index, int top, struct segment_info *row)
{
    while (*index <= top) {
        struct shmid_ds ds;
        int id = shmctl((*index)++, SHM_STAT_ANY, &ds);
        if (id == -1) continue;
        *row = (struct segment_info){ds.shm_perm.__key, id, ds.shm_perm.uid,
            ds.shm_perm.mode & 0777, ds.shm_segsz, ds.shm_nattch, ds.shm_cpid, ds.shm_lpid,
            (ds.shm_perm.mode & SHM_DEST) != 0};
        return 1;
    }
    return 0;
}

static int top_index(void)
{
    struct shm_info si;
    return shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&si);
}

int segment_remove(int shmid) { return shmctl(shmid, IPC_RMID, NULL); }

enum segment_state segment_state(int shmid)
{
    struct shmid_ds ds;
    if (shmctl(shmid, IPC_STAT, &ds) == 0)
        return ds.shm_perm.mode & SHM_DEST ? SEGMENT_DEST : SEGMENT_LIVE;
    return errno == EACCES ? SEGMENT_UNKNOWN : SEGMENT_GONE;
}

int segment_list(struct segment_info *rows, size_t capacity)
{
    int n = 0, top = top_index();
    if (top == -1) return -1;
    for (int i = 0; i <= top; i++) {
        struct segment_info spare, *row = (size_t)n < capacity ? rows + n : &spare;
        struct shmid_ds ds;
        memset(&ds, 0, sizeof ds);
        row->shmid = shmctl(i, SHM_STAT_ANY, &ds);
        row->key = ds.shm_perm.__key;
        row->owner = ds.shm_perm.uid;
        row->perms = ds.shm_perm.mode & 0777;
        row->size = ds.shm_segsz;
        row->nattch = ds.shm_nattch;
        row->creator = ds.shm_cpid;
        row->last = ds.shm_lpid;
        row->dest = (ds.shm_perm.mode & SHM_DEST) != 0;
        if (row->shmid >= 0) n++;
        else if (errno != EINVAL && errno != EIDRM) return -1;
    }
    return n;
}

int segment_sweep(void)
{
    int i = 0, top = top_index(), removed = 0;
    struct segment_info row;
    if (top == -1) return -1;
    while (next_row(&i, top, &row)) {
        if (row.owner != geteuid() || row.nattch || row.creator <= 0) continue;
        if (kill(row.creator, 0) == 0 || errno != ESRCH) continue;
        if (segment_remove(row.shmid) == 0) removed++;
        else if (errno != EINVAL && errno != EIDRM) return -1;
    }
    return removed;
}

void *segment_scratch(size_t size, int *shmid)
{
    int id = shmget(IPC_PRIVATE, size, 0600), e;
    void *p;
    if (id == -1) return NULL;
    p = shmat(id, NULL, 0);
    e = errno;
    shmctl(id, IPC_RMID, NULL);
    errno = e;
    if (p == (void *)-1) return NULL;
    *shmid = id;
    return p;
}
