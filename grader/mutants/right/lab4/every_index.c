/* asks every index up to IPC_INFO's shmmni, thousands of calls; a copy of the whole list first */
#include "remove.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

int list(struct segment_info **out);
int is_running(pid_t pid);

int list(struct segment_info **out)
{
    struct shminfo lim;
    struct shmid_ds d;
    struct segment_info *v = NULL;
    int n = 0, cap = 0, trouble = 0;
    if (shmctl(0, IPC_INFO, (void *)&lim) < 0) return -1;
    for (int i = 0; i < (int)lim.shmmni; i++) {
        int id = shmctl(i, SHM_STAT, &d);
        if (id < 0 && errno == EACCES) id = shmctl(i, SHM_STAT_ANY, &d);
        if (id < 0) {
            if (errno != EINVAL && errno != EIDRM) trouble = errno;
            continue;
        }
        if (n == cap) {
            cap = cap ? cap * 2 : 4;
            struct segment_info *w = realloc(v, (size_t)cap * sizeof *w);
            if (!w) { free(v); errno = ENOMEM; return -1; }
            v = w;
        }
        memset(&v[n], 0, sizeof v[n]);
        v[n].key = d.shm_perm.__key;
        v[n].shmid = id;
        v[n].owner = d.shm_perm.uid;
        v[n].perms = d.shm_perm.mode & 0777;
        v[n].size = d.shm_segsz;
        v[n].nattch = d.shm_nattch;
        v[n].creator = d.shm_cpid;
        v[n].last = d.shm_lpid;
        v[n].dest = (d.shm_perm.mode & SHM_DEST) != 0;
        n++;
    }
    if (trouble) { free(v); errno = trouble; return -1; } /* some row is missing */
    *out = v;
    return n;
}

int is_running(pid_t pid) { return getsid(pid) >= 0 || errno != ESRCH; }

int segment_remove(int shmid) { return shmctl(shmid, IPC_RMID, NULL); }

enum segment_state segment_state(int shmid)
{
    struct shmid_ds d;
    memset(&d, 0, sizeof d);
    int rc = shmctl(shmid, IPC_STAT, &d), e = errno;
    enum segment_state s = rc == 0 ? ((d.shm_perm.mode & SHM_DEST) ? SEGMENT_DEST : SEGMENT_LIVE)
                         : e == EACCES ? SEGMENT_UNKNOWN : SEGMENT_GONE;
    return s;
}

int segment_list(struct segment_info *rows, size_t capacity)
{
    struct segment_info *v;
    int n = list(&v);
    if (n <= 0) return n;
    size_t take = (size_t)n < capacity ? (size_t)n : capacity;
    if (take) memcpy(rows, v, take * sizeof *v);
    free(v);
    return n;
}

int segment_sweep(void)
{
    struct segment_info *v;
    int n = list(&v), k = 0;
    if (n <= 0) return n;
    for (struct segment_info *s = v + n; s-- > v;)   /* from the end */
        if (s->owner == geteuid() && !s->nattch && s->creator && !is_running(s->creator))
            k += !segment_remove(s->shmid);
    free(v);
    return k;
}

void *segment_scratch(size_t size, int *shmid)
{
    int id = shmget(IPC_PRIVATE, size, 0600);
    void *p = id < 0 ? (void *)-1 : shmat(id, NULL, 0);
    if (id >= 0) { int e = errno; segment_remove(id); errno = e; }
    return p == (void *)-1 ? NULL : (*shmid = id, p);
}
