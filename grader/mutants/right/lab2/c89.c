/* C89: declarations first, one exit, old comments, a macro or two. */
#include "create.h"

#include <errno.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#define FAILED     (-1)
#define MAX_SIZE_T ((size_t)-1)

static int refuse(int why)
{
    errno = why;
    return FAILED;
}

int segment_create(key_t key, size_t size, mode_t perms)
{
    int result;

    if (perms > 0777)
        result = refuse(EINVAL);
    else
        result = shmget(key, size, IPC_CREAT | IPC_EXCL | (int)perms);
    return result;
}

int segment_find(key_t key)
{
    int result;

    result = key == IPC_PRIVATE ? refuse(EINVAL) : shmget(key, 0, 0);
    return result;
}

/* As long as the kernel says "there" and "not there" by turns: once more. */
int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    int result, made, again;

    do {
        again = 0;
        made = 1;
        result = segment_create(key, size, perms);
        if (result == FAILED && errno == EEXIST) {
            made = 0;
            result = shmget(key, size, 0);
            again = result == FAILED && errno == ENOENT;
        }
    } while (again);
    if (result != FAILED)
        *created = made;
    return result;
}

size_t segment_footprint(size_t size)
{
    long page;
    size_t pages;

    page = sysconf(_SC_PAGESIZE);
    pages = size / page + (size % page ? 1 : 0);
    if (pages > MAX_SIZE_T / page) {
        errno = EOVERFLOW;
        return 0;
    }
    return pages * page;
}
