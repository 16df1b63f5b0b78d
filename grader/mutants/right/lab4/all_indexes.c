/* asks every index up to 4096 and more, no SHM_INFO; state through a scan and IPC_STAT; reads /proc/PID/stat */
#include "remove.h"
#include <errno.h>
#include <stdio.h>
#include <sys/shm.h>
#include <unistd.h>

#define PLACES 6000

int segment_remove(int shmid)
{
    if (shmctl(shmid, IPC_RMID, NULL) == 0)
        return 0;
    return -1;
}

enum segment_state segment_state(int shmid)
{
    int there = 0, dest = 0;
    for (int i = 0; i < PLACES && !there; i++) {
        struct shmid_ds any;
        if (shmctl(i, SHM_STAT_ANY, &any) == shmid && shmid >= 0) {
            there = 1;
            dest = !!(any.shm_perm.mode & SHM_DEST);
        }
    }
    if (!there)
        return SEGMENT_GONE;
    struct shmid_ds ds;
    if (shmctl(shmid, IPC_STAT, &ds) == -1) {
        if (errno == EACCES)
            return SEGMENT_UNKNOWN;
        return SEGMENT_GONE;
    }
    return dest ? SEGMENT_DEST : SEGMENT_LIVE;
}

int segment_list(struct segment_info *rows, size_t capacity)
{
    int n = 0;
    for (int i = 0; i < PLACES; i++) {
        struct shmid_ds ds;
        int id = shmctl(i, SHM_STAT_ANY, &ds);
        if (id == -1 && errno != EINVAL && errno != EIDRM)
            return -1;
        if (id == -1)
            continue;
        if ((size_t)n < capacity) {
            rows[n].key = ds.shm_perm.__key;
            rows[n].shmid = id;
            rows[n].owner = ds.shm_perm.uid;
            rows[n].perms = ds.shm_perm.mode % 01000;
            rows[n].size = ds.shm_segsz;
            rows[n].nattch = ds.shm_nattch;
            rows[n].creator = ds.shm_cpid;
            rows[n].last = ds.shm_lpid;
            rows[n].dest = (ds.shm_perm.mode & SHM_DEST) == SHM_DEST;
        }
        n++;
    }
    return n;
}

static int runs(pid_t pid)
{
    char name[50];
    if (pid == 0)
        return 1;
    sprintf(name, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(name, "r");
    if (f) {
        fclose(f);
        return 1;
    }
    return errno != ENOENT;
}

int segment_sweep(void)
{
    struct segment_info rows[PLACES];
    int n = segment_list(rows, PLACES), sum = 0;
    for (int i = n - 1; i >= 0; i--)
        if (rows[i].owner == geteuid() && rows[i].nattch == 0 && !runs(rows[i].creator))
            if (segment_remove(rows[i].shmid) == 0)
                sum++;
    return n == -1 ? -1 : sum;
}

void *segment_scratch(size_t size, int *shmid)
{
    int id = shmget(IPC_PRIVATE, size, IPC_CREAT | 0400 | 0200);
    if (id == -1)
        return NULL;
    void *p = shmat(id, NULL, 0);
    if ((long)p == -1) {
        int e = errno;
        shmctl(id, IPC_RMID, NULL);
        errno = e;
        return NULL;
    }
    if (shmctl(id, IPC_RMID, NULL) == -1) {
        int e = errno;
        shmdt(p);
        errno = e;
        return NULL;
    }
    return *shmid = id, p;
}
