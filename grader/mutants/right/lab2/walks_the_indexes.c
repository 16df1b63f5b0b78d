/* Looks a key up in the kernel's table with SHM_STAT_ANY; shmget only creates. */
#include "create.h"

#include <errno.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

static int walk(key_t key, struct shmid_ds *status)
{
    struct shm_info info;
    int last = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&info);

    for (int index = 0; index <= last; index++) {
        int id = shmctl(index, SHM_STAT_ANY, status);
        if (id != -1 && status->shm_perm.__key == key)
            return id;
    }
    errno = ENOENT;
    return -1;
}

int segment_create(key_t key, size_t size, mode_t perms)
{
    if ((perms & 0777) == perms)
        return shmget(key, size, IPC_CREAT | IPC_EXCL | (int)perms);
    errno = EINVAL;
    return -1;
}

int segment_find(key_t key)
{
    struct shmid_ds status;

    if (key != IPC_PRIVATE)
        return walk(key, &status);
    errno = EINVAL;
    return -1;
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    struct shmid_ds status;
    int id = -1;

    while (id == -1) {
        id = key == IPC_PRIVATE ? -1 : walk(key, &status);
        if (id != -1) {
            if (status.shm_segsz < size) {
                errno = EINVAL;
                return -1;
            }
            *created = false;
        } else if ((id = segment_create(key, size, perms)) != -1) {
            *created = true;
        } else if (errno != EEXIST) {
            return -1;
        }
    }
    return id;
}

size_t segment_footprint(size_t size)
{
    const size_t rest = (size_t)sysconf(_SC_PAGE_SIZE) - 1;

    if (size <= SIZE_MAX - rest)
        return (size + rest) & ~rest;
    errno = EOVERFLOW;
    return 0;
}
