/* Finds the segment with SHM_STAT, index by index, as old ipcs did. */
#include "attach.h"
#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

void *segment_attach(int shmid, bool read_only)
{
    void *const failed = (void *)-1;
    void *address = shmat(shmid, NULL, read_only ? SHM_RDONLY | SHM_RND : SHM_RND);
    return address == failed ? NULL : address;
}

int segment_detach(const void *address) { return shmdt(address); }

static int find(int shmid, struct shmid_ds *ds)
{
    struct shm_info sum;
    int highest = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&sum);
    int closed = 0;
    for (int i = 0; i <= highest; i++) {
        int id = shmctl(i, SHM_STAT, ds);
        if (id == shmid && id != -1)
            return 0;
        closed |= id == -1 && errno == EACCES;
    }
    if (!closed) {
        errno = EINVAL;
        return -1;
    }
    return shmctl(shmid, IPC_STAT, ds);
}

int segment_stat(int shmid, struct segment_info *info)
{
    struct shmid_ds ds;
    if (find(shmid, &ds))
        return -1;
    *info = (struct segment_info){ds.shm_perm.__key, shmid, ds.shm_perm.uid, ds.shm_perm.mode & 0777, ds.shm_segsz, ds.shm_nattch, ds.shm_cpid, ds.shm_lpid, ds.shm_perm.mode & SHM_DEST};
    return 0;
}

#define COPY(READ_ONLY, TO, FROM) \
    struct segment_info info; \
    if (segment_stat(shmid, &info)) return -1; \
    if (offset > info.size || count > info.size - offset) { errno = ERANGE; return -1; } \
    char *memory = segment_attach(shmid, READ_ONLY); \
    if (!memory) return -1; \
    memcpy(TO, FROM, count); \
    return segment_detach(memory) ? -1 : (ssize_t)count;

ssize_t segment_write(int shmid, size_t offset, const void *bytes, size_t count) { COPY(false, memory + offset, bytes) }
ssize_t segment_read(int shmid, size_t offset, void *bytes, size_t count) { COPY(true, bytes, memory + offset) }
