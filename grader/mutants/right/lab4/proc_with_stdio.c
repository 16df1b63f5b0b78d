/* beginner: fopen and fscanf of /proc/sysvipc/shm, access to /proc/PID; if-else by if-else */
#include "remove.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

int segment_remove(int shmid)
{
    int rc;
    rc = shmctl(shmid, IPC_RMID, 0);
    if (rc < 0)
        return -1;
    return 0;
}

enum segment_state segment_state(int shmid)
{
    struct shmid_ds buf;
    int rc;
    memset(&buf, 0, sizeof(buf));
    rc = shmctl(shmid, IPC_STAT, &buf);
    if (rc == -1) {
        if (errno == EACCES)
            return SEGMENT_UNKNOWN;
        else
            return SEGMENT_GONE;
    }
    if (buf.shm_perm.mode & 01000)
        return SEGMENT_DEST;
    return SEGMENT_LIVE;
}

int segment_list(struct segment_info *rows, size_t capacity)
{
    FILE *fp;
    char buf[1000];
    size_t n = 0;
    fp = fopen("/proc/sysvipc/shm", "r");
    if (fp == NULL)
        return -1;
    if (fgets(buf, sizeof(buf), fp) == NULL) {
        fclose(fp);
        return 0;
    }
    while (fgets(buf, sizeof(buf), fp) != NULL) {
        int key, id, cpid, lpid;
        unsigned int mode, uid, gid;
        unsigned long size, nattch;
        sscanf(buf, "%d %d %o %lu %d %d %lu %u %u", &key, &id, &mode, &size, &cpid, &lpid, &nattch, &uid, &gid);
        if (n < capacity) {
            rows[n].key = key;
            rows[n].shmid = id;
            rows[n].owner = uid;
            rows[n].perms = mode & 0777;
            rows[n].size = size;
            rows[n].nattch = nattch;
            rows[n].creator = cpid;
            rows[n].last = lpid;
            if (mode & 01000)
                rows[n].dest = true;
            else
                rows[n].dest = false;
        }
        n++;
    }
    fclose(fp);
    return (int)n;
}

static struct segment_info all[5000];

int segment_sweep(void)
{
    int n, i, removed = 0;
    n = segment_list(all, 5000);
    if (n == -1)
        return -1;
    for (i = 0; i < n; i++) {
        char dir[100];
        if (all[i].owner != geteuid())
            continue;
        if (all[i].nattch != 0)
            continue;
        if (all[i].creator == 0)
            continue;
        sprintf(dir, "/proc/%d", all[i].creator);
        if (access(dir, F_OK) == 0)
            continue;
        if (segment_remove(all[i].shmid) == 0)
            removed++;
        else if (errno != EINVAL && errno != EIDRM)
            return -1;
    }
    return removed;
}

void *segment_scratch(size_t size, int *shmid)
{
    int id;
    char *p;
    int save;
    if (size == 0) {
        errno = EINVAL;
        return NULL;
    }
    id = shmget(IPC_PRIVATE, size, 0600);
    if (id < 0)
        return NULL;
    p = shmat(id, 0, 0);
    if (p == (char *)-1) {
        save = errno;
        shmctl(id, IPC_RMID, 0);
        errno = save;
        return NULL;
    }
    shmctl(id, IPC_RMID, 0);
    *shmid = id;
    return p;
}
