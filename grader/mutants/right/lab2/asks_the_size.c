/* Finds with size 0, and asks IPC_STAT how large the segment is; states in a switch. */
#include "create.h"

#include <errno.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

enum step { CREATE, FIND, MEASURE };

static int fail(int error)
{
    errno = error;
    return -1;
}

int segment_create(key_t key, size_t size, mode_t perms)
{
    const mode_t all = 0777;

    return perms & ~all ? fail(EINVAL) : shmget(key, size, (int)(perms | IPC_CREAT | IPC_EXCL));
}

int segment_find(key_t key)
{
    return key == IPC_PRIVATE ? fail(EINVAL) : shmget(key, 0, 0);
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    struct shmid_ds ds;
    enum step step = FIND;
    int id = -1;

    for (;;)
        switch (step) {
        case FIND:
            id = shmget(key, 0, 0);
            if (id == -1 && errno != ENOENT)
                return -1;
            step = id == -1 ? CREATE : MEASURE;
            break;
        case CREATE:
            id = segment_create(key, size, perms);
            if (id != -1) {
                *created = true;
                return id;
            }
            if (errno != EEXIST)
                return -1;
            step = FIND;
            break;
        case MEASURE:
            if (shmctl(id, IPC_STAT, &ds) == -1) {
                if (errno != EINVAL && errno != EIDRM)
                    return -1;
                step = FIND;
                break;
            }
            if (ds.shm_segsz < size)
                return fail(EINVAL);
            *created = false;
            return id;
        }
}

size_t segment_footprint(size_t size)
{
    const size_t page = (size_t)getpagesize(), pages = size / page + (size % page != 0);

    if (pages > SIZE_MAX / page) {
        errno = EOVERFLOW;
        return 0;
    }
    return pages * page;
}
