/* Finds first, creates when there is nothing, and begins again when it comes too late. */
#include "create.h"

#include <errno.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#define PERMISSIONS (S_IRWXU | S_IRWXG | S_IRWXO)

int segment_create(key_t key, size_t size, mode_t perms)
{
    if ((perms | PERMISSIONS) != PERMISSIONS || size == 0) {
        errno = EINVAL;
        return -1;
    }
    /* Looking first is not needed, but does no harm. */
    if (key != IPC_PRIVATE && shmget(key, 0, 0) != -1) {
        errno = EEXIST;
        return -1;
    }
    return shmget(key, size, (int)perms + IPC_CREAT + IPC_EXCL);
}

int segment_find(key_t key)
{
    switch (key) {
    case IPC_PRIVATE:
        errno = EINVAL;
        return -1;
    default:
        return shmget(key, 0, 0);
    }
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    int id;

    while ((id = shmget(key, size, 0)) == -1) {
        if (errno != ENOENT)
            return -1;
        if ((id = segment_create(key, size, perms)) != -1) {
            *created = true;
            return id;
        }
        if (errno != EEXIST)
            return -1;
    }
    *created = false;
    return id;
}

size_t segment_footprint(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), rest = size % page;

    if (rest == 0)
        return size;
    if (SIZE_MAX - size < page - rest) {
        errno = EOVERFLOW;
        return 0;
    }
    return size + (page - rest);
}
