/* Keeps its own threads apart with a mutex; short helpers, comparisons the other way round. */
#include "create.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static int is_permission(mode_t perms)
{
    return (perms & 0777) == perms;
}

int segment_create(key_t key, size_t size, mode_t perms)
{
    int id = -1;

    if (is_permission(perms))
        id = shmget(key, size, IPC_EXCL | IPC_CREAT | (int)perms);
    else
        errno = EINVAL;
    return id;
}

int segment_find(key_t key)
{
    int id = -1;

    if (IPC_PRIVATE != key)
        id = shmget(key, 0, IPC_EXCL);
    else
        errno = EINVAL;
    return id;
}

static int obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    int id;

    do {
        bool made = true;
        id = segment_create(key, size, perms);
        if (-1 == id && EEXIST == errno) {
            made = false;
            id = shmget(key, size, 0);
        }
        if (-1 != id)
            *created = made;
    } while (-1 == id && ENOENT == errno);
    return id;
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    int id, error;

    pthread_mutex_lock(&one_at_a_time);
    id = obtain(key, size, perms, created);
    error = errno;
    pthread_mutex_unlock(&one_at_a_time);
    errno = error;
    return id;
}

size_t segment_footprint(size_t size)
{
    const size_t below = (size_t)sysconf(_SC_PAGE_SIZE) - 1;
    const size_t sum = size + below;

    if (sum < size) {
        errno = EOVERFLOW;
        return 0;
    }
    return sum & ~below;
}
