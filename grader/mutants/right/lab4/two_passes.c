/* list counts in a first pass and fills in a second; every failure of an index is a hole; sweep goes by segment_list, twice if it grew; getresuid */
#include "remove.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

int segment_remove(int shmid)
{
    return shmctl(shmid, IPC_RMID, NULL);
}

static bool is_gone(void)
{
    return errno == EINVAL || errno == EIDRM;
}

enum segment_state segment_state(int shmid)
{
    struct shmid_ds ds;
    if (shmctl(shmid, IPC_STAT, &ds) == -1)
        return is_gone() ? SEGMENT_GONE : SEGMENT_UNKNOWN;
    return (ds.shm_perm.mode & SHM_DEST) != 0 ? SEGMENT_DEST : SEGMENT_LIVE;
}

static int last_index(void)
{
    struct shm_info usage;
    return shmctl(0, SHM_INFO, (struct shmid_ds *)&usage);
}

static int read_row(int index, struct segment_info *row)
{
    struct shmid_ds ds;
    int shmid = shmctl(index, SHM_STAT_ANY, &ds);
    if (shmid == -1)
        return 0;

    *row = (struct segment_info){
        .key = ds.shm_perm.__key,
        .shmid = shmid,
        .owner = ds.shm_perm.uid,
        .perms = ds.shm_perm.mode & 0777,
        .size = ds.shm_segsz,
        .nattch = ds.shm_nattch,
        .creator = ds.shm_cpid,
        .last = ds.shm_lpid,
        .dest = (ds.shm_perm.mode & SHM_DEST) != 0,
    };
    return 1;
}

int segment_list(struct segment_info *rows, size_t capacity)
{
    struct segment_info row;
    int last = last_index(), count = 0;
    if (last == -1)
        return -1;
    for (int i = 0; i <= last; i++)
        count += read_row(i, &row);
    if ((size_t)count <= capacity) {
        count = 0;
        for (int i = 0; i <= last && (size_t)count < capacity; i++)
            count += read_row(i, &rows[count]);
        return count;
    }
    size_t filled = 0;
    for (int i = 0; i <= last && filled < capacity; i++)
        if (read_row(i, &row))
            rows[filled++] = row;
    return count;
}

int segment_sweep(void)
{
    struct segment_info *rows = NULL;
    size_t room = 4;
    int count, removed = 0;
    uid_t real, effective, saved;
    getresuid(&real, &effective, &saved);
    do {
        room *= 2;
        rows = realloc(rows, room * sizeof *rows);
        count = segment_list(rows, room);
        if (count == -1) {
            int error = errno;
            free(rows);
            errno = error;
            return -1;
        }
    } while ((size_t)count > room);
    for (int i = 0; i < count; i++) {
        if (rows[i].owner != effective || rows[i].nattch > 0)
            continue;
        if (rows[i].creator == 0 || kill(rows[i].creator, 0) == 0 || errno == EPERM)
            continue;
        if (shmctl(rows[i].shmid, IPC_RMID, NULL) == 0)
            removed++;
    }
    free(rows);
    return removed;
}

void *segment_scratch(size_t size, int *shmid)
{
    int id = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
    if (id == -1)
        return NULL;

    void *address = shmat(id, NULL, 0);
    if (address == (void *)-1) {
        int error = errno;
        (void)segment_remove(id);
        errno = error;
        return NULL;
    }
    if (segment_remove(id) == -1) {
        int error = errno;
        (void)shmdt(address);
        errno = error;
        return NULL;
    }
    *shmid = id;
    return address;
}
