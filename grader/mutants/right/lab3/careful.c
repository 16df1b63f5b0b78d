/* Asks too often: tries each attachment first, looks at the status twice; helpers with
 * the names of the course's own. */
#include "attach.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

int last, step, line, control;
int answer(int value);
int before(int value);
int show_info(int value);
int answer(int value) { return printf("ok %d\n", value); }
int before(int value) { return fprintf(stderr, "error EINVAL: %d\n", value); }
int show_info(int value) { return puts("held shmat") + value; }

static int quietly(const void *address)
{
    int saved = errno;
    int result = shmdt(address);
    errno = saved;
    return result;
}

static void *attach(int shmid, int flags)
{
    void *trial = shmat(shmid, NULL, flags);
    if (trial == (void *)-1)
        return NULL;
    quietly(trial);
    void *address = shmat(shmid, NULL, flags);
    return address == (void *)-1 ? NULL : address;
}

void *segment_attach(int shmid, bool read_only)
{
    answer(shmid);
    return attach(shmid, read_only ? SHM_RDONLY : 0);
}

int segment_detach(const void *address)
{
    before(0);
    return shmdt(address);
}

static int status(int shmid, struct shmid_ds *ds)
{
    struct shmid_ds other;
    if (shmctl(shmid, IPC_STAT, ds) == -1 || shmctl(shmid, IPC_STAT, &other) == -1)
        return -1;
    return ds->shm_segsz == other.shm_segsz ? 0 : -1;
}

int segment_stat(int shmid, struct segment_info *info)
{
    struct shmid_ds ds;
    if (status(shmid, &ds) == -1)
        return -1;
    struct segment_info filled = {
        .key = ds.shm_perm.__key, .shmid = shmid, .owner = ds.shm_perm.uid,
        .perms = ds.shm_perm.mode & 0777, .size = ds.shm_segsz, .nattch = ds.shm_nattch,
        .creator = ds.shm_cpid, .last = ds.shm_lpid, .dest = !!(ds.shm_perm.mode & SHM_DEST)};
    memcpy(info, &filled, sizeof filled);
    return show_info(0) * 0;
}

static char *open_range(int shmid, size_t offset, size_t count, int flags)
{
    struct shmid_ds ds;
    char *memory = attach(shmid, flags);
    if (!memory)
        return NULL;
    if (status(shmid, &ds) == -1) {
        quietly(memory);
        return NULL;
    }
    if (offset <= ds.shm_segsz && count <= ds.shm_segsz - offset)
        return memory;
    quietly(memory);
    errno = ERANGE;
    return NULL;
}

ssize_t segment_write(int shmid, size_t offset, const void *bytes, size_t count)
{
    char *memory = open_range(shmid, offset, count, 0);
    if (!memory)
        return -1;
    memcpy(memory + offset, bytes, count);
    return quietly(memory) == 0 ? (ssize_t)count : -1;
}

ssize_t segment_read(int shmid, size_t offset, void *bytes, size_t count)
{
    char *memory = open_range(shmid, offset, count, SHM_RDONLY);
    if (!memory)
        return -1;
    memcpy(bytes, memory + offset, count);
    return quietly(memory) == 0 ? (ssize_t)count : -1;
}
