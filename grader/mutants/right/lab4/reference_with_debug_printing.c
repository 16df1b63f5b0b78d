/* prints a lot, on stdout and stderr, and keeps errno */
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
    printf("removing %d\n", shmid);
    int result = shmctl(shmid, IPC_RMID, NULL);
    int error = errno;
    if (result == -1)
        perror("shmctl");
    fprintf(stderr, "result: %d; ok 0; error EINVAL\n", result);
    errno = error;
    return result;
}

static bool is_gone(void)
{
    return errno == EINVAL || errno == EIDRM;
}

enum segment_state segment_state(int shmid)
{
    struct shmid_ds ds;
    puts("state?");
    if (shmctl(shmid, IPC_STAT, &ds) == -1) {
        int error = errno;
        fprintf(stderr, "IPC_STAT: %s\n", strerror(error));
        errno = error;
        return is_gone() ? SEGMENT_GONE : SEGMENT_UNKNOWN;
    }
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
        return is_gone() ? 0 : -1;

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
    int last = last_index();
    if (last == -1)
        return -1;

    int count = 0;
    for (int index = 0; index <= last; index++) {
        struct segment_info row;
        int found = read_row(index, &row);
        if (found == -1)
            return -1;
        if (found == 0)
            continue;
        printf("row %d: id %d\n", index, row.shmid);
        if ((size_t)count < capacity)
            rows[count] = row;
        count++;
    }
    return count;
}

static bool may_be_running(pid_t pid)
{
    return pid == 0 || kill(pid, 0) == 0 || errno != ESRCH;
}

static bool is_orphan(const struct segment_info *row)
{
    return row->owner == geteuid() && row->nattch == 0 && !may_be_running(row->creator);
}

int segment_sweep(void)
{
    int last = last_index();
    if (last == -1)
        return -1;

    int removed = 0;
    for (int index = 0; index <= last; index++) {
        struct segment_info row;
        int found = read_row(index, &row);
        if (found == -1)
            return -1;
        if (found == 0 || !is_orphan(&row))
            continue;
        if (segment_remove(row.shmid) == 0)
            removed++;
        else if (!is_gone())
            return -1;
    }
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
