/* Direct system calls, without the library's shmget. */
#include "create.h"

#include <errno.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

static int get(key_t key, size_t size, int flags)
{
    return (int)syscall(SYS_shmget, key, size, flags);
}

int segment_create(key_t key, size_t size, mode_t perms)
{
    if (perms & ~(mode_t)0777) {
        errno = EINVAL;
        return -1;
    }
    return get(key, size, IPC_CREAT | IPC_EXCL | (int)perms);
}

int segment_find(key_t key)
{
    if (key)
        return get(key, 0, 0);
    errno = EINVAL;
    return -1;
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    for (int id;;) {
        if ((id = segment_create(key, size, perms)) >= 0)
            return *created = 1, id;
        if (errno != EEXIST)
            return -1;
        if ((id = get(key, size, 0)) >= 0)
            return *created = 0, id;
        if (errno != ENOENT)
            return -1;
    }
}

size_t segment_footprint(size_t size)
{
    size_t page = getauxval(AT_PAGESZ), sum;
    if (__builtin_add_overflow(size, page - 1, &sum)) {
        errno = EOVERFLOW;
        return 0;
    }
    return sum - sum % page;
}
