/* goto: labels for every way out, errno saved and put back, as in the kernel. */
#include "create.h"

#include <errno.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

int segment_create(key_t key, size_t size, mode_t perms)
{
    int id = -1, error = EINVAL;

    if (perms & ~0777u)
        goto out;
    id = shmget(key, size, IPC_CREAT | IPC_EXCL | (int)perms);
    if (id == -1) {
        error = errno;
        goto out;
    }
    return id;
out:
    errno = error;
    return -1;
}

int segment_find(key_t key)
{
    if (key == IPC_PRIVATE)
        goto invalid;
    return shmget(key, 0, 0);
invalid:
    errno = EINVAL;
    return -1;
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    bool made;
    int id;

create:
    made = true;
    id = segment_create(key, size, perms);
    if (id != -1)
        goto done;
    if (errno != EEXIST)
        goto fail;
    made = false;
    id = shmget(key, size, 0);
    if (id != -1)
        goto done;
    if (errno == ENOENT)
        goto create;
fail:
    return -1;
done:
    *created = made;
    return id;
}

size_t segment_footprint(size_t size)
{
    size_t mask = (size_t)sysconf(_SC_PAGESIZE) - 1;

    if ((size & mask) == 0)
        return size;
    if ((size | mask) == SIZE_MAX)
        goto overflow;
    return (size | mask) + 1;
overflow:
    errno = EOVERFLOW;
    return 0;
}
